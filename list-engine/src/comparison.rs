//! The comparison of an index with the whole change feed. It finds and corrects what the index has missed, should it
//! ever miss anything.

use domain::{Change, ClientId, Timestamp};
use uuid::Uuid;

use crate::{Index, bits::Bits, sort_keys::SortKey};

/// A comparison, while the feed is read from its start to its end. Between two entries, the index can be listed and
/// changed.
pub struct Comparison {
    /// Later changes are left out: the index may learn of them later than the feed, or sooner.
    before: Timestamp,
    /// The slots of the clients that the feed has.
    seen: Bits,
    differences: usize,
}

impl Comparison {
    /// Starts a comparison with an index that has every change of a time before `before`.
    #[must_use]
    pub fn new(before: Timestamp) -> Self {
        Self { before, seen: Bits::default(), differences: 0 }
    }

    /// Compares the client of an entry, and corrects the index if it differs.
    pub fn push(&mut self, index: &mut Index, change: &Change) {
        let id = change.id();
        let slot = index.order(SortKey::Id).find(&index.records, id.uuid().as_bytes());
        let known = slot.map(|slot| index.records.get(slot)).map(|record| (record.version, record.updated_at));
        if known.is_some_and(|(_, updated_at)| updated_at >= self.before.millis()) {
            self.see(index, id);
            return;
        }
        match change {
            Change::Upsert(listed) if listed.client.updated_at >= self.before => {}
            Change::Upsert(listed) if known.is_some_and(|(version, _)| version == listed.client.version) => {}
            Change::Remove { .. } if known.is_none() => {}
            Change::Upsert(_) => {
                remove(index, id);
                index.apply(change);
                self.differences += 1;
            }
            Change::Remove { .. } => {
                remove(index, id);
                self.differences += 1;
            }
        }
        self.see(index, id);
    }

    /// Removes the clients that the feed does not have. Returns the number of all differences.
    pub fn finish(self, index: &mut Index) -> usize {
        let is_spurious = |slot: u32, updated_at: i64| updated_at < self.before.millis() && !self.seen.has(slot);
        let spurious: Vec<_> = index
            .records
            .iter()
            .filter(|(slot, record)| is_spurious(*slot, record.updated_at))
            .map(|(_, record)| ClientId::from(Uuid::from_bytes(*record.id)))
            .collect();
        spurious.iter().for_each(|id| remove(index, *id));
        self.differences + spurious.len()
    }

    fn see(&mut self, index: &Index, id: ClientId) {
        if let Some(slot) = index.order(SortKey::Id).find(&index.records, id.uuid().as_bytes()) {
            self.seen.set(slot, true);
        }
    }
}

fn remove(index: &mut Index, id: ClientId) {
    index.apply(&Change::Remove { id, version: u64::MAX, deleted_at: Timestamp::from_millis(0) });
}

#[cfg(test)]
mod tests {
    use domain::{Client, ListedClient, NewClient};

    use super::*;

    const BEFORE: i64 = 1_000;

    fn client(n: u8, version: u64, updated_at: i64) -> Change {
        let created_at = Timestamp::from_millis(0);
        let created = NewClient::named(format!("client {n} {version}").parse().unwrap());
        let client = Client {
            version,
            updated_at: Timestamp::from_millis(updated_at),
            ..created.created(ClientId::from_bits([n; 16]), created_at)
        };
        Change::Upsert(ListedClient { client, has_long_notes: false })
    }

    fn tombstone(n: u8, deleted_at: i64) -> Change {
        let deleted_at = Timestamp::from_millis(deleted_at);
        Change::Remove { id: ClientId::from_bits([n; 16]), version: 2, deleted_at }
    }

    fn index(changes: &[Change]) -> Index {
        let mut index = Index::default();
        changes.iter().for_each(|change| assert!(index.apply(change)));
        index
    }

    /// The differences, and the names of the clients after the comparison with this feed.
    fn compare(index: &mut Index, feed: &[Change]) -> (usize, Vec<String>) {
        let mut comparison = Comparison::new(Timestamp::from_millis(BEFORE));
        feed.iter().for_each(|change| comparison.push(index, change));
        let differences = comparison.finish(index);
        let rows = index.rows(&crate::ListParams { limit: 100, ..crate::ListParams::default() });
        let mut names: Vec<_> = rows.clients.iter().map(|row| row.client.name.as_str().to_owned()).collect();
        names.sort();
        (differences, names)
    }

    #[test]
    fn an_index_that_has_everything_stays_as_it_is() {
        let feed = [client(1, 1, 10), client(2, 5, 20), tombstone(3, 30)];
        assert_eq!(compare(&mut index(&feed[..2]), &feed), (0, vec!["client 1 1".to_owned(), "client 2 5".to_owned()]));
    }

    #[test]
    fn each_difference_is_counted_and_corrected() {
        let feed = [client(1, 1, 10), client(2, 5, 20), client(3, 2, 30), tombstone(4, 40)];
        // It lacks 1, has an old state of 2 and a state of 3 that the table does not have, and has 4 and 5, which are
        // gone.
        let mut index = index(&[client(2, 4, 15), client(3, 7, 25), client(4, 1, 12), client(5, 1, 13)]);
        let names = ["client 1 1", "client 2 5", "client 3 2"].map(str::to_owned).to_vec();
        assert_eq!(compare(&mut index, &feed), (5, names));
    }

    #[test]
    fn later_changes_are_no_differences() {
        let mut index = index(&[client(1, 3, BEFORE), client(2, 1, 10), client(3, 1, BEFORE + 5)]);
        let feed = [client(1, 2, 20), client(2, 2, BEFORE + 1), client(4, 1, BEFORE)];
        let names = ["client 1 3", "client 2 1", "client 3 1"].map(str::to_owned).to_vec();
        assert_eq!(compare(&mut index, &feed), (0, names));
    }
}
