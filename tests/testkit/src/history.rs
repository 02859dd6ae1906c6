//! A checker of recorded writes and lists. A list must show every write that was answered before the list
//! began, must not show anything that was never written, and must not go back behind an earlier list.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use domain::ClientId;

/// A write, with the token that it left in the client's name.
#[derive(Clone, Debug)]
pub struct Write {
    /// The client.
    pub id: ClientId,
    /// The token; `None` for a deletion.
    pub token: Option<String>,
    /// The version that the write made, if its answer said so.
    pub version: Option<u64>,
    /// The time of the request.
    pub start: Instant,
    /// The time of the successful answer; `None` if the outcome is unknown.
    pub end: Option<Instant>,
}

/// A list of all clients.
#[derive(Clone, Debug)]
pub struct List {
    /// The time of the request.
    pub start: Instant,
    /// The time of the answer.
    pub end: Instant,
    /// The version of each client shown, and the token in its name.
    pub shown: HashMap<ClientId, (u64, String)>,
}

/// Describes every violation of the promise.
#[must_use]
pub fn violations(writes: &[Write], lists: &[List]) -> Vec<String> {
    let mut by_client: HashMap<ClientId, Vec<&Write>> = HashMap::new();
    for write in writes {
        by_client.entry(write.id).or_default().push(write);
    }
    let mut found = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        for (id, writes) in &by_client {
            if let Err(reason) = explain(list, list.shown.get(id), writes) {
                found.push(format!("list {at}, client {id}: {reason}"));
            }
        }
        found.extend(
            list.shown
                .keys()
                .filter(|id| !by_client.contains_key(id))
                .map(|id| format!("list {at}: {id} was never written")),
        );
    }
    found.extend(backward_steps(lists));
    found
}

/// Succeeds if a client's writes explain what a list shows of the client.
fn explain(list: &List, shown: Option<&(u64, String)>, writes: &[&Write]) -> Result<(), String> {
    let answered_before = |write: &&&Write| write.end.is_some_and(|end| end < list.start);
    let newest_answered = writes.iter().filter(answered_before).filter_map(|write| write.version).max();
    let deleted_before = writes.iter().filter(answered_before).any(|write| write.token.is_none());
    match shown {
        Some((version, token)) => {
            let Some(write) = writes.iter().find(|write| write.token.as_ref() == Some(token)) else {
                return Err(format!("shows {token:?}, which was never written"));
            };
            if write.start > list.end {
                return Err(format!("shows {token:?} before it was written"));
            }
            if write.version.is_some_and(|made| made != *version) {
                return Err(format!("shows {token:?} as version {version}, but it made {:?}", write.version));
            }
            if deleted_before {
                return Err(format!("shows {token:?} after its deletion was answered"));
            }
            match newest_answered.filter(|newest| newest > version) {
                Some(newest) => Err(format!("shows version {version} after version {newest} was answered")),
                None => Ok(()),
            }
        }
        None => {
            let may_be_deleted = writes.iter().any(|write| write.token.is_none() && write.start < list.end);
            match newest_answered {
                Some(newest) if !may_be_deleted => Err(format!("is missing after version {newest} was answered")),
                _ => Ok(()),
            }
        }
    }
}

/// Finds lists that began after another had ended and show an older version than it did, or a client that
/// was gone already.
fn backward_steps(lists: &[List]) -> Vec<String> {
    let mut by_start: Vec<&List> = lists.iter().collect();
    by_start.sort_by_key(|list| list.start);
    let mut by_end = by_start.clone();
    by_end.sort_by_key(|list| list.end);
    let mut ended = by_end.into_iter().peekable();
    let mut newest: HashMap<ClientId, u64> = HashMap::new();
    // The time at which each client was first shown, and the clients that were gone again in a later list.
    let mut shown_at: HashMap<ClientId, Instant> = HashMap::new();
    let mut gone: HashSet<ClientId> = HashSet::new();
    let mut found = Vec::new();
    for list in by_start {
        while let Some(earlier) = ended.next_if(|earlier| earlier.end < list.start) {
            for (id, (version, _)) in &earlier.shown {
                let seen = newest.entry(*id).or_default();
                *seen = (*seen).max(*version);
                shown_at.entry(*id).or_insert(earlier.end);
            }
            let absent = shown_at.iter().filter(|(id, at)| **at < earlier.start && !earlier.shown.contains_key(id));
            gone.extend(absent.map(|(id, _)| *id));
        }
        found.extend(list.shown.keys().filter(|id| gone.contains(id)).map(|id| format!("client {id}: back again")));
        for (id, (version, _)) in &list.shown {
            if newest.get(id).is_some_and(|seen| seen > version) {
                found.push(format!("client {id}: version {version} after an earlier list had shown {}", newest[id]));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Story {
        zero: Instant,
        id: ClientId,
    }

    impl Story {
        fn at(&self, millis: u64) -> Instant {
            self.zero + Duration::from_millis(millis)
        }

        fn write(&self, token: Option<&str>, version: u64, start: u64, end: Option<u64>) -> Write {
            let version = end.map(|_| version);
            Write {
                id: self.id,
                token: token.map(str::to_owned),
                version,
                start: self.at(start),
                end: end.map(|end| self.at(end)),
            }
        }

        fn list(&self, shown: Option<(u64, &str)>, start: u64, end: u64) -> List {
            let shown = shown.map(|(version, token)| (self.id, (version, token.to_owned())));
            List { start: self.at(start), end: self.at(end), shown: shown.into_iter().collect() }
        }
    }

    fn story() -> Story {
        Story { zero: Instant::now(), id: ClientId::random() }
    }

    #[test]
    fn a_lawful_history_passes() {
        let s = story();
        let writes = [
            s.write(Some("a"), 1, 0, Some(10)),
            s.write(Some("b"), 2, 20, Some(30)),
            s.write(Some("lost"), 3, 40, None),
            s.write(None, 4, 80, Some(90)),
        ];
        let lists = [
            s.list(None, 0, 5),
            s.list(Some((1, "a")), 12, 25),
            s.list(Some((2, "b")), 32, 45),
            s.list(Some((3, "lost")), 50, 60),
            s.list(None, 85, 88),
            s.list(None, 95, 99),
        ];
        assert_eq!(violations(&writes, &lists), Vec::<String>::new());
    }

    #[test]
    fn every_planted_violation_is_found() {
        let s = story();
        let writes =
            [s.write(Some("a"), 1, 0, Some(10)), s.write(Some("b"), 2, 20, Some(30)), s.write(None, 3, 60, Some(70))];
        let planted = [
            vec![s.list(None, 12, 15)],
            vec![s.list(Some((1, "a")), 32, 35)],
            vec![s.list(Some((2, "b")), 12, 15)],
            vec![s.list(Some((2, "b")), 72, 75)],
            vec![s.list(Some((2, "a")), 12, 15)],
            vec![s.list(Some((1, "never")), 12, 15)],
            vec![s.list(Some((2, "b")), 21, 23), s.list(Some((1, "a")), 24, 26)],
            vec![s.list(Some((2, "b")), 32, 35), s.list(None, 61, 63), s.list(Some((2, "b")), 64, 66)],
        ];
        for lists in planted {
            assert_eq!(violations(&writes, &lists).len(), 1, "{lists:?}");
        }
    }
}
