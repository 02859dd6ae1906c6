//! Builds the index of an organization while its change feed is read: packs each client at once, and sorts
//! all of them at the end.

use std::cmp::Reverse;

use domain::{Change, ClientId, Status};

use crate::{
    Finish, Index,
    bits::Bits,
    grams,
    index::Built,
    postings::Builder,
    rebuild::Rebuild,
    records::{Record, Records, pack},
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

    /// Builds the index with its postings.
    #[must_use]
    pub fn finish(self) -> Index {
        let mut finish = self.finish_in_steps();
        let mut index =
            std::iter::repeat_with(|| finish.step()).flatten().next().expect("the last step gives an index");
        while !index.rebuild_postings() {}
        index
    }

    /// Starts to build the index in steps, between which the caller can stop at its deadline.
    #[must_use]
    pub fn finish_in_steps(self) -> Finish {
        let slots = self.slots();
        let Self { mut records, mut active, postings, mut pushed, removals } = self;
        let mut rebuild = Rebuild::collected(postings, slots);
        let mut free = vec![];
        pushed.sort_unstable();
        for same in pushed.chunk_by(|a, b| a.0 == b.0) {
            free.extend(same[1..].iter().map(|older| older.2));
        }
        for &slot in &free {
            rebuild.note(slot, records.packed(slot));
            records.set(slot, &[]);
            active.set(slot, false);
        }
        let postings = Built::Partly(rebuild);
        Finish::new(Index { records, active, free, slots, postings, ..Index::default() }, removals)
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
