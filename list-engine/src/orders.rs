//! The clients in one sort order, with access by rank: slots in sorted chunks, each of which knows how
//! many of its clients are active. To find the 700,000th client, or the 700,000th inactive one, is to
//! add up the counts of a few thousand chunks; to move a client shifts one chunk.

use std::{cmp::Ordering, ops::Range};

use domain::Status;

use crate::{
    bits::Bits,
    records::{Record, Records},
};

/// Near the square root of a million: as many chunks to count as slots in a chunk to shift. Tiny in
/// tests, so that chunks split and join all the time.
const CHUNK: usize = if cfg!(test) { 8 } else { 1024 };

/// What an order sorts by. Ties are always by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Id,
    Name,
    Phone,
    CreatedAt,
}

impl Key {
    /// Every key.
    pub(crate) const ALL: [Key; 4] = [Key::Id, Key::Name, Key::Phone, Key::CreatedAt];

    /// Compares two clients. No two have the same place.
    pub(crate) fn cmp(self, a: &Record, b: &Record) -> Ordering {
        let by_key = match self {
            Key::Id => Ordering::Equal,
            Key::Name => a.folded_name.cmp(&b.folded_name),
            Key::Phone => (a.phone.is_none(), a.phone).cmp(&(b.phone.is_none(), b.phone)),
            Key::CreatedAt => a.created_at.cmp(&b.created_at),
        };
        by_key.then_with(|| a.id.cmp(b.id))
    }

    /// The start of a client's key as an integer, which decides most comparisons without its record.
    fn prefix(self, record: &Record) -> u128 {
        fn pad(bytes: impl Iterator<Item = u8>) -> u128 {
            let mut prefix = [0; 16];
            prefix.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
            u128::from_be_bytes(prefix)
        }
        match self {
            Key::Id => u128::from_be_bytes(*record.id),
            Key::Name => pad(record.folded_name.bytes()),
            // No UTF-8 starts with 0xff: missing phones come last.
            Key::Phone => record.phone.map_or(u128::MAX, |phone| pad(phone.iter().copied())),
            Key::CreatedAt => record.created_at.abs_diff(i64::MIN).into(),
        }
    }

    /// The slots at the ranks of `range`, of the given slots, in order.
    pub(crate) fn select(self, records: &Records, slots: impl Iterator<Item = u32>, range: Range<usize>) -> Vec<u32> {
        let mut keyed: Vec<(u128, u32)> = slots.map(|slot| (self.prefix(&records.get(slot)), slot)).collect();
        let order = |a: &(u128, u32), b: &(u128, u32)| {
            a.0.cmp(&b.0).then_with(|| self.cmp(&records.get(a.1), &records.get(b.1)))
        };
        // Only the page itself needs sorting.
        if range.end < keyed.len() {
            keyed.select_nth_unstable_by(range.end, order);
            keyed.truncate(range.end);
        }
        if 0 < range.start && range.start < keyed.len() {
            keyed.select_nth_unstable_by(range.start, order);
        }
        let page = &mut keyed[range.start..];
        page.sort_unstable_by(order);
        page.iter().map(|&(_, slot)| slot).collect()
    }
}

/// All clients in the order of one key.
pub(crate) struct Order {
    pub(crate) key: Key,
    chunks: Vec<Chunk>,
}

#[derive(Default)]
struct Chunk {
    /// What the first slot's key starts with, or less; but not less than the keys of earlier chunks.
    low: u128,
    slots: Vec<u32>,
    active: usize,
}

/// Which clients of an order to count and to take.
pub(crate) enum Among<'a> {
    /// All of them.
    All,
    /// Those with a status.
    Status(Status, &'a Bits),
    /// Those in a set of this many.
    Set(&'a Bits, usize),
}

impl Chunk {
    fn new(low: u128, slots: Vec<u32>, active: &Bits) -> Self {
        let active = slots.iter().filter(|&&slot| active.has(slot)).count();
        Self { low, slots, active }
    }
}

impl Order {
    /// The order of clients that are sorted already.
    pub(crate) fn new(key: Key, records: &Records, active: &Bits, sorted: &[u32]) -> Self {
        let chunk = |slots: &[u32]| {
            let low = key.prefix(&records.get(slots[0]));
            Chunk::new(low, slots.to_vec(), active)
        };
        let mut chunks: Vec<Chunk> = sorted.chunks(CHUNK).map(chunk).collect();
        if chunks.is_empty() {
            chunks.push(Chunk::default());
        }
        Self { key, chunks }
    }

    /// Takes in a slot whose record is in place.
    pub(crate) fn insert(&mut self, records: &Records, active: &Bits, slot: u32) {
        let record = records.get(slot);
        let low = self.key.prefix(&record);
        let (at, place) = self.place(records, low, |other| self.key.cmp(other, &record));
        let chunk = &mut self.chunks[at];
        chunk.low = chunk.low.min(low);
        chunk.slots.reserve_exact(1);
        chunk.slots.insert(place, slot);
        chunk.active += usize::from(active.has(slot));
        if chunk.slots.len() > CHUNK {
            let slots = chunk.slots.split_off(CHUNK / 2);
            chunk.slots.shrink_to_fit();
            let right = Chunk::new(self.key.prefix(&records.get(slots[0])), slots, active);
            chunk.active -= right.active;
            self.chunks.insert(at + 1, right);
        }
    }

    /// Lets go of a slot whose record is still as it was inserted.
    pub(crate) fn remove(&mut self, records: &Records, slot: u32) {
        let record = records.get(slot);
        let low = self.key.prefix(&record);
        let (at, place) = self.place(records, low, |other| self.key.cmp(other, &record));
        let chunk = &mut self.chunks[at];
        let removed = chunk.slots.remove(place);
        debug_assert_eq!(removed, slot, "a slot stands where its record sorts");
        chunk.slots.shrink_to(chunk.slots.len() + CHUNK / 16);
        chunk.active -= usize::from(record.status == Status::Active);
        if !chunk.slots.is_empty() {
            self.join_next(at);
            self.join_next(at.saturating_sub(1));
        } else if self.chunks.len() > 1 {
            self.chunks.remove(at);
        }
    }

    /// Joins a chunk with the next, if together they leave room, so that removals leave no trail of
    /// tiny chunks.
    fn join_next(&mut self, at: usize) {
        if let Some([left, right]) = self.chunks.get_mut(at..at + 2)
            && left.slots.len() + right.slots.len() <= CHUNK / 2
        {
            left.slots.append(&mut right.slots);
            left.active += right.active;
            self.chunks.remove(at + 1);
        }
    }

    /// The client with this id, in the order by id.
    pub(crate) fn find(&self, records: &Records, id: &[u8; 16]) -> Option<u32> {
        debug_assert_eq!(self.key, Key::Id);
        let compare = |record: &Record| record.id.cmp(id);
        let (at, place) = self.place(records, u128::from_be_bytes(*id), compare);
        let slot = *self.chunks[at].slots.get(place)?;
        (records.get(slot).id == id).then_some(slot)
    }

    /// The chunk where a client belongs and its place there: before the first client that `compare`
    /// does not find less. `low` is what its key starts with.
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

    /// How many clients are among `among`.
    pub(crate) fn count(&self, among: &Among) -> usize {
        self.chunks.iter().map(|chunk| among.count(chunk)).sum()
    }

    /// The slots at the ranks of `range`, of those among `among`, in order.
    pub(crate) fn ranks(&self, among: &Among, range: Range<usize>) -> Vec<u32> {
        let (first, before) = self.chunk_at(among, range.start);
        let slots = self.chunks[first..].iter().flat_map(|chunk| &chunk.slots).copied();
        slots.filter(|&slot| among.has(slot)).skip(range.start - before).take(range.len()).collect()
    }

    /// The chunk that has this rank, and how many are before it; from the nearer end, where counting is
    /// more than to look a number up.
    fn chunk_at(&self, among: &Among, rank: usize) -> (usize, usize) {
        if let Among::Set(_, len) = among
            && rank > len / 2
        {
            let mut before = *len;
            for (at, chunk) in self.chunks.iter().enumerate().rev() {
                before -= among.count(chunk);
                if before <= rank {
                    return (at, before);
                }
            }
        }
        let mut before = 0;
        for (at, chunk) in self.chunks.iter().enumerate() {
            let count = among.count(chunk);
            if rank < before + count {
                return (at, before);
            }
            before += count;
        }
        (self.chunks.len(), before)
    }

    /// Heap bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let slots: usize = self.chunks.iter().map(|chunk| chunk.slots.capacity() * size_of::<u32>()).sum();
        slots + self.chunks.capacity() * size_of::<Chunk>()
    }
}

impl Among<'_> {
    fn has(&self, slot: u32) -> bool {
        match self {
            Among::All => true,
            Among::Status(status, active) => active.has(slot) == (*status == Status::Active),
            Among::Set(set, _) => set.has(slot),
        }
    }

    fn count(&self, chunk: &Chunk) -> usize {
        match self {
            Among::All => chunk.slots.len(),
            Among::Status(Status::Active, _) => chunk.active,
            Among::Status(Status::Inactive, _) => chunk.slots.len() - chunk.active,
            Among::Set(set, _) => chunk.slots.iter().map(|&slot| usize::from(set.has(slot))).sum(),
        }
    }
}
