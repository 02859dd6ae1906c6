//! A checker of recorded writes and lists. A list must show every write that was answered before the list
//! began, must not show anything that was never written, and must not go back behind an earlier list.

use std::{collections::HashMap, time::Instant};

use domain::ClientId;

/// What a write does to its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It leaves this token in the client's name.
    Shows(String),
    /// It deletes the client.
    Deletes,
    /// It brings the client back as it was, and was not answered. An answered restoration [`Shows`](Self::Shows) the
    /// client's token.
    Restores,
}

/// A write.
#[derive(Clone, Debug)]
pub struct Write {
    /// The client.
    pub id: ClientId,
    /// What it does.
    pub effect: Effect,
    /// The version that the write made, if its answer said so.
    pub version: Option<u64>,
    /// The time of the request.
    pub start: Instant,
    /// The time of the successful answer; `None` if the outcome is unknown.
    pub end: Option<Instant>,
}

impl Write {
    fn shows(&self, token: &str) -> bool {
        matches!(&self.effect, Effect::Shows(shown) if shown == token)
    }

    /// Whether the write may have made this version.
    fn may_be(&self, version: u64) -> bool {
        self.version.is_none_or(|made| made == version)
    }
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
    found.extend(by_client.iter().flat_map(|(id, writes)| disorder(*id, writes)));
    found.extend(backward_steps(lists));
    found
}

/// Finds versions of a client that two writes made, and writes that made an older version than one that was answered
/// before they began.
fn disorder(id: ClientId, writes: &[&Write]) -> Vec<String> {
    let mut found = Vec::new();
    let mut makers: HashMap<u64, usize> = HashMap::new();
    for version in writes.iter().filter_map(|write| write.version) {
        *makers.entry(version).or_default() += 1;
    }
    let twice = makers.into_iter().filter(|(_, makers)| *makers > 1);
    found.extend(twice.map(|(version, _)| format!("client {id}: two writes made version {version}")));
    for write in writes {
        let Some(version) = write.version else { continue };
        let earlier = writes.iter().filter(|earlier| earlier.end.is_some_and(|end| end < write.start));
        if let Some(newer) = earlier.filter_map(|earlier| earlier.version).max().filter(|newest| *newest > version) {
            found.push(format!("client {id}: version {version} was made after version {newer} was answered"));
        }
    }
    found
}

/// Succeeds if a client's writes explain what a list shows of the client.
fn explain(list: &List, shown: Option<&(u64, String)>, writes: &[&Write]) -> Result<(), String> {
    let answered_before = |write: &&&Write| write.end.is_some_and(|end| end < list.start);
    let newest_answered = writes.iter().filter(answered_before).filter_map(|write| write.version).max();
    let begun: Vec<&Write> = writes.iter().filter(|write| write.start <= list.end).copied().collect();
    let Some((version, token)) = shown else {
        // A deletion is the newest write that was answered, or one that may have come after it.
        let may_be_last =
            |write: &&Write| write.version.is_none_or(|made| newest_answered.is_none_or(|newest| made >= newest));
        let may_be_deleted = begun.iter().filter(|write| write.effect == Effect::Deletes).any(may_be_last);
        return match newest_answered {
            Some(newest) if !may_be_deleted => Err(format!("is missing after version {newest} was answered")),
            _ => Ok(()),
        };
    };
    if !writes.iter().any(|write| write.shows(token)) {
        return Err(format!("shows {token:?}, which was never written"));
    }
    if !begun.iter().any(|write| write.shows(token)) {
        return Err(format!("shows {token:?} before it was written"));
    }
    let is_written = begun.iter().any(|write| write.shows(token) && write.may_be(*version));
    let is_restored = begun.iter().any(|write| write.effect == Effect::Restores)
        && begun.iter().any(|write| write.shows(token) && write.version.is_none_or(|made| made < *version));
    if !is_written && !is_restored {
        return Err(format!("shows {token:?} as version {version}, which no write made of it"));
    }
    match newest_answered.filter(|newest| newest > version) {
        Some(newest) => Err(format!("shows version {version} after version {newest} was answered")),
        None => Ok(()),
    }
}

/// What the lists that have ended say about a client.
#[derive(Clone, Copy)]
struct Known {
    /// The least version that later lists may show.
    least: u64,
    /// The time at which that was known.
    since: Instant,
    /// Whether the client was gone then.
    is_gone: bool,
}

/// Finds lists that began after another had ended and show an older version than it did, or a version from before the
/// client was gone.
fn backward_steps(lists: &[List]) -> Vec<String> {
    let mut by_start: Vec<&List> = lists.iter().collect();
    by_start.sort_by_key(|list| list.start);
    let mut by_end = by_start.clone();
    by_end.sort_by_key(|list| list.end);
    let mut ended = by_end.into_iter().peekable();
    let mut known: HashMap<ClientId, Known> = HashMap::new();
    let mut found = Vec::new();
    for list in by_start {
        while let Some(earlier) = ended.next_if(|earlier| earlier.end < list.start) {
            for (id, (version, _)) in &earlier.shown {
                let shown = Known { least: *version, since: earlier.end, is_gone: false };
                let known = known.entry(*id).or_insert(shown);
                if *version > known.least || (known.is_gone && *version == known.least) {
                    *known = shown;
                }
            }
            for (id, known) in &mut known {
                if !known.is_gone && known.since < earlier.start && !earlier.shown.contains_key(id) {
                    // The deletion made the next version, and what brings the client back makes the one after it.
                    *known = Known { least: known.least + 2, since: earlier.end, is_gone: true };
                }
            }
        }
        for (id, (version, _)) in &list.shown {
            if let Some(Known { least, .. }) = known.get(id).filter(|known| known.least > *version) {
                found.push(format!("client {id}: version {version}, but earlier lists leave {least} or later"));
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

        /// A write that shows a token, or deletes.
        fn write(&self, token: Option<&str>, version: u64, start: u64, end: Option<u64>) -> Write {
            let effect = token.map_or(Effect::Deletes, |token| Effect::Shows(token.to_owned()));
            self.make(effect, version, start, end)
        }

        fn make(&self, effect: Effect, version: u64, start: u64, end: Option<u64>) -> Write {
            let version = end.map(|_| version);
            Write { id: self.id, effect, version, start: self.at(start), end: end.map(|end| self.at(end)) }
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

    /// A client that is deleted, restored, deleted, and put.
    fn lives(s: &Story) -> Vec<Write> {
        vec![
            s.write(Some("a"), 1, 0, Some(10)),
            s.write(None, 2, 20, Some(30)),
            s.write(Some("a"), 3, 40, Some(50)),
            s.write(None, 4, 60, Some(70)),
            s.write(Some("b"), 5, 80, Some(90)),
        ]
    }

    #[test]
    fn a_client_that_comes_back_is_lawful() {
        let s = story();
        let lists = [
            s.list(Some((1, "a")), 12, 15),
            s.list(None, 25, 28),
            s.list(None, 32, 35),
            s.list(Some((3, "a")), 45, 48),
            s.list(None, 72, 75),
            s.list(Some((5, "b")), 92, 95),
        ];
        assert_eq!(violations(&lives(&s), &lists), Vec::<String>::new());

        // A restoration that nobody was told of.
        let writes =
            [s.write(Some("a"), 1, 0, Some(10)), s.write(None, 2, 20, Some(30)), s.make(Effect::Restores, 0, 40, None)];
        let lists = [s.list(None, 41, 42), s.list(Some((3, "a")), 43, 45)];
        assert_eq!(violations(&writes, &lists), Vec::<String>::new());
        // It is no excuse for what was there before the deletion.
        assert_eq!(violations(&writes, &[s.list(Some((1, "a")), 43, 45)]).len(), 1);
    }

    #[test]
    fn every_violation_planted_into_a_client_that_comes_back_is_found() {
        let s = story();
        let planted = [
            // The state before the deletion, and one that was never made.
            vec![s.list(Some((1, "a")), 32, 35)],
            vec![s.list(Some((2, "a")), 42, 45)],
            // Missing although it is back.
            vec![s.list(None, 52, 55)],
            vec![s.list(None, 92, 95)],
            // Back, and then as before.
            vec![s.list(Some((3, "a")), 52, 55), s.list(Some((3, "a")), 72, 75)],
            // Gone, and then as before it was gone, while the deletion is under way.
            vec![
                s.list(Some((3, "a")), 61, 62),
                s.list(None, 63, 64),
                s.list(None, 65, 66),
                s.list(Some((3, "a")), 67, 68),
            ],
        ];
        for lists in planted {
            assert_eq!(violations(&lives(&s), &lists).len(), 1, "{lists:?}");
        }
        // Versions that start again.
        for version in [1, 3, 4] {
            let mut writes = lives(&s);
            writes[4].version = Some(version);
            assert!(!violations(&writes, &[]).is_empty(), "{version}");
        }
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
