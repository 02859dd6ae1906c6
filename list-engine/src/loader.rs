//! Builds the index of an organization while its change feed is read: packs each client at once, and sorts
//! all of them at the end.

use std::cmp::Reverse;

use domain::{Change, ClientId, Status};

use crate::{
    Index,
    bits::Bits,
    grams,
    orders::Order,
    postings::Builder,
    records::{Record, Records, pack},
    sort_keys::SortKey,
};

/// Builds an index. Its peak memory is less than one and a half times that of the index.
#[derive(Default)]
pub struct Loader {
    records: Records,
    active: Bits,
    postings: Builder,
    /// The client, version and number of each slot. Newer versions sort first.
    pushed: Vec<(ClientId, Reverse<u64>, u32)>,
    removals: Vec<Change>,
}

impl Loader {
    /// Adds an entry of the change feed. Of two entries of one client, the newer version wins.
    pub fn push(&mut self, change: Change) {
        let Change::Upsert(feed) = &change else {
            self.removals.push(change);
            return;
        };
        let slot = self.slots();
        let packed = pack(feed);
        for gram in grams::of_client(&Record::parse(&packed)) {
            self.postings.push(gram, slot);
        }
        self.records.set(slot, &packed);
        self.active.set(slot, feed.client.status == Status::Active);
        self.pushed.push((feed.client.id, Reverse(feed.client.version), slot));
    }

    /// Builds the index.
    #[must_use]
    pub fn finish(self) -> Index {
        let slots = self.slots();
        let Self { mut records, mut active, postings, mut pushed, removals } = self;
        let mut postings = postings.finish();

        let mut live = Bits::with_room(pushed.len());
        let mut free = vec![];
        pushed.sort_unstable();
        for same in pushed.chunk_by(|a, b| a.0 == b.0) {
            live.set(same[0].2, true);
            free.extend(same[1..].iter().map(|older| older.2));
        }
        drop(pushed);
        for &slot in &free {
            for gram in grams::of_client(&records.get(slot)) {
                postings.remove(gram, slot);
            }
            records.set(slot, &[]);
            active.set(slot, false);
        }

        let orders = SortKey::ALL.map(|sort_key| {
            let live = (0..slots).filter(|&slot| live.has(slot));
            let sorted = sort_key.select(&records, live, 0..slots as usize - free.len());
            Order::new(sort_key, &records, &active, &sorted)
        });
        let mut index = Index { records, free, slots, active, orders, postings };
        for removal in &removals {
            index.apply(removal);
        }
        index
    }

    /// The heap memory in use, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.bytes()
            + self.active.bytes()
            + self.postings.bytes()
            + self.pushed.capacity() * size_of::<(ClientId, Reverse<u64>, u32)>()
            + self.removals.capacity() * size_of::<Change>()
    }

    fn slots(&self) -> u32 {
        u32::try_from(self.pushed.len()).expect("one partition of a table never holds so many items")
    }
}
