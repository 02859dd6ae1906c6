//! The clients in the order of one sort key, with access by rank: slots in sorted chunks, each of which
//! counts its active clients. To find the 700,000th client, or the 700,000th inactive one, the index adds up
//! the counts of a few thousand chunks. To move a client, it shifts the slots of one chunk.

use std::{cmp::Ordering, ops::Range};

use domain::Status;

use crate::{
    bits::Bits,
    records::{Record, Records},
    sort_keys::SortKey,
};

/// The most slots in a chunk. Near the square root of a million, there are as many chunks to count as
/// slots to shift. Tiny in tests, so that chunks split and join all the time.
const CHUNK: usize = if cfg!(test) { 8 } else { 1024 };

/// All clients in the order of one sort key.
pub(crate) struct Order {
    pub(crate) sort_key: SortKey,
    chunks: Vec<Chunk>,
}

#[derive(Default)]
struct Chunk {
    /// At most the prefix of the first slot's sort key, and at least those of earlier chunks.
    low: u128,
    slots: Vec<u32>,
    active: usize,
}

/// A subset of the clients of an order.
pub(crate) enum Subset<'a> {
    /// Every client.
    All,
    /// The clients with a status.
    Status(Status, &'a Bits),
    /// The clients in a set, and their number.
    Set(&'a Bits, usize),
}

impl Chunk {
    fn new(low: u128, slots: Vec<u32>, active: &Bits) -> Self {
        let active = slots.iter().filter(|&&slot| active.has(slot)).count();
        Self { low, slots, active }
    }
}

impl Order {
    /// The order of no clients.
    pub(crate) fn new(sort_key: SortKey) -> Self {
        Self { sort_key, chunks: vec![Chunk::default()] }
    }

    /// Appends clients that are already sorted and come after all others.
    pub(crate) fn append(&mut self, records: &Records, active: &Bits, sorted: &[u32]) {
        let chunk = |slots: &[u32]| {
            let low = self.sort_key.prefix(&records.get(slots[0]));
            Chunk::new(low, slots.to_vec(), active)
        };
        let chunks = sorted.chunks(CHUNK).map(chunk);
        if chunks.len() > 0 && self.is_empty() {
            self.chunks.clear();
        }
        self.chunks.extend(chunks);
    }

    /// Whether there are no clients.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.iter().all(|chunk| chunk.slots.is_empty())
    }

    /// Whether the first clients of all chunks are in order, by their prefixes.
    pub(crate) fn is_plausible(&self) -> bool {
        self.chunks.is_sorted_by_key(|chunk| chunk.low)
    }

    /// The slots in order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        self.chunks.iter().flat_map(|chunk| &chunk.slots).copied()
    }

    /// Inserts a slot whose record is already stored.
    pub(crate) fn insert(&mut self, records: &Records, active: &Bits, slot: u32) {
        let record = records.get(slot);
        let low = self.sort_key.prefix(&record);
        let (at, place) = self.place(records, low, |other| self.sort_key.cmp(other, &record));
        let chunk = &mut self.chunks[at];
        chunk.low = chunk.low.min(low);
        chunk.slots.reserve_exact(1);
        chunk.slots.insert(place, slot);
        chunk.active += usize::from(active.has(slot));
        if chunk.slots.len() > CHUNK {
            let slots = chunk.slots.split_off(CHUNK / 2);
            chunk.slots.shrink_to_fit();
            let right = Chunk::new(self.sort_key.prefix(&records.get(slots[0])), slots, active);
            chunk.active -= right.active;
            self.chunks.insert(at + 1, right);
        }
    }

    /// Removes a slot whose record is still the one that was inserted.
    pub(crate) fn remove(&mut self, records: &Records, slot: u32) {
        let record = records.get(slot);
        let low = self.sort_key.prefix(&record);
        let (at, place) = self.place(records, low, |other| self.sort_key.cmp(other, &record));
        let chunk = &mut self.chunks[at];
        let removed = chunk.slots.remove(place);
        assert_eq!(removed, slot, "a slot stands where its record sorts");
        chunk.slots.shrink_to(chunk.slots.len() + CHUNK / 16);
        chunk.active -= usize::from(record.status == Status::Active);
        if !chunk.slots.is_empty() {
            self.join_next(at);
            self.join_next(at.saturating_sub(1));
        } else if self.chunks.len() > 1 {
            self.chunks.remove(at);
        }
    }

    /// Joins a chunk with the next if both fit into half a chunk, so that removals leave no trail of tiny
    /// chunks.
    fn join_next(&mut self, at: usize) {
        if let Some([left, right]) = self.chunks.get_mut(at..at + 2)
            && left.slots.len() + right.slots.len() <= CHUNK / 2
        {
            left.slots.append(&mut right.slots);
            left.active += right.active;
            self.chunks.remove(at + 1);
        }
    }

    /// The client with this identifier, in the order by identifier.
    pub(crate) fn find(&self, records: &Records, id: &[u8; 16]) -> Option<u32> {
        debug_assert_eq!(self.sort_key, SortKey::Id);
        let compare = |record: &Record| record.id.cmp(id);
        let (at, place) = self.place(records, u128::from_be_bytes(*id), compare);
        let slot = *self.chunks[at].slots.get(place)?;
        (records.get(slot).id == id).then_some(slot)
    }

    /// The chunk of a client and its position there: before the first client that `compare` does not call
    /// less. `low` is the prefix of the client's sort key.
    fn place(&self, records: &Records, low: u128, compare: impl Fn(&Record) -> Ordering) -> (usize, usize) {
        let starts_before = |chunk: &Chunk| match chunk.low.cmp(&low) {
            Ordering::Equal => {
                let first = chunk.slots.first();
                first.is_some_and(|&first| compare(&records.get(first)).is_le())
            }
            different => different.is_lt(),
        };
        let at = self.chunks.partition_point(starts_before).saturating_sub(1);
        let less = |slot: &u32| compare(&records.get(*slot)).is_lt();
        (at, self.chunks[at].slots.partition_point(less))
    }

    /// The number of clients in a subset.
    pub(crate) fn count(&self, subset: &Subset) -> usize {
        self.chunks.iter().map(|chunk| subset.count(chunk)).sum()
    }

    /// The slots at a range of ranks in a subset, in order.
    pub(crate) fn ranks(&self, subset: &Subset, ranks: Range<usize>) -> Vec<u32> {
        let (first, before) = self.chunk_at(subset, ranks.start);
        let slots = self.chunks[first..].iter().flat_map(|chunk| &chunk.slots).copied();
        slots.filter(|&slot| subset.has(slot)).skip(ranks.start - before).take(ranks.len()).collect()
    }

    /// The chunk that contains a rank in a subset, and the number of the subset's clients before the chunk.
    /// Starts at the nearer end if the clients of a chunk must be counted one by one.
    fn chunk_at(&self, subset: &Subset, rank: usize) -> (usize, usize) {
        if let Subset::Set(_, len) = subset
            && rank > len / 2
        {
            let mut before = *len;
            for (at, chunk) in self.chunks.iter().enumerate().rev() {
                before -= subset.count(chunk);
                if before <= rank {
                    return (at, before);
                }
            }
        }
        let mut before = 0;
        for (at, chunk) in self.chunks.iter().enumerate() {
            let count = subset.count(chunk);
            if rank < before + count {
                return (at, before);
            }
            before += count;
        }
        (self.chunks.len(), before)
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let slots: usize = self.chunks.iter().map(|chunk| chunk.slots.capacity() * size_of::<u32>()).sum();
        slots + self.chunks.capacity() * size_of::<Chunk>()
    }
}

impl Subset<'_> {
    fn has(&self, slot: u32) -> bool {
        match self {
            Subset::All => true,
            Subset::Status(status, active) => active.has(slot) == (*status == Status::Active),
            Subset::Set(set, _) => set.has(slot),
        }
    }

    fn count(&self, chunk: &Chunk) -> usize {
        match self {
            Subset::All => chunk.slots.len(),
            Subset::Status(Status::Active, _) => chunk.active,
            Subset::Status(Status::Inactive, _) => chunk.slots.len() - chunk.active,
            Subset::Set(set, _) => chunk.slots.iter().map(|&slot| usize::from(set.has(slot))).sum(),
        }
    }
}
