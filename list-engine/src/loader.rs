//! Building the index of an organization while its feed is read: packed at once, sorted at the end.

use std::cmp::Reverse;

use domain::{Change, ClientId, Status};

use crate::{
    Index,
    bits::Bits,
    grams,
    orders::{Key, Order},
    postings::Builder,
    records::{Record, Records, pack},
};

/// An index in the making. Takes less than half as much memory again as the index it makes.
#[derive(Default)]
pub struct Loader {
    records: Records,
    active: Bits,
    postings: Builder,
    /// What is in each slot, newer versions of one client first.
    seen: Vec<(ClientId, Reverse<u64>, u32)>,
    removals: Vec<Change>,
}

impl Loader {
    /// Takes in an entry of the feed. A client may come again: the newer version wins.
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
        self.seen.push((feed.client.id, Reverse(feed.client.version), slot));
    }

    /// The index of all that was pushed.
    #[must_use]
    pub fn finish(self) -> Index {
        let slots = self.slots();
        let Self { mut records, mut active, postings, mut seen, removals } = self;
        let mut postings = postings.finish();

        let mut live = Bits::with_room(seen.len());
        let mut free = vec![];
        seen.sort_unstable();
        for same in seen.chunk_by(|a, b| a.0 == b.0) {
            live.set(same[0].2, true);
            free.extend(same[1..].iter().map(|older| older.2));
        }
        drop(seen);
        for &slot in &free {
            for gram in grams::of_client(&records.get(slot)) {
                postings.remove(gram, slot);
            }
            records.set(slot, &[]);
            active.set(slot, false);
        }

        let orders = Key::ALL.map(|key| {
            let live = (0..slots).filter(|&slot| live.has(slot));
            let sorted = key.select(&records, live, 0..slots as usize - free.len());
            Order::new(key, &records, &active, &sorted)
        });
        let mut index = Index { records, free, slots, active, orders, postings };
        for removal in &removals {
            index.apply(removal);
        }
        index
    }

    /// Heap bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.bytes()
            + self.active.bytes()
            + self.postings.bytes()
            + self.seen.capacity() * size_of::<(ClientId, Reverse<u64>, u32)>()
            + self.removals.capacity() * size_of::<Change>()
    }

    fn slots(&self) -> u32 {
        u32::try_from(self.seen.len()).expect("no partition of a table holds so many items")
    }
}
