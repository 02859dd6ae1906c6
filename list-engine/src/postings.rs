//! The postings: which slots have which grams, as one sorted, compressed set of (gram, slot) pairs.
//!
//! A pair is one integer: the gram in the high bits, the slot in the low bits. The set is cut into chunks of
//! a few hundred bytes. A chunk has a base and stores the difference from each pair to the next, which mostly
//! takes one byte. The pairs of one gram, or of all grams with the same first bytes, are a range of the set.

use std::{collections::BTreeMap, ops::Range};

use hashbrown::HashMap;

use crate::{grams::Gram, varint};

/// The most bytes in a chunk. Smaller chunks are faster to change, larger ones cost less memory. Tiny in
/// tests, so that chunks split and join all the time.
const CHUNK: usize = if cfg!(test) { 24 } else { 320 };

/// The bytes of lists that are joined in one step. Tiny in tests, so that there are many steps.
const STEP: usize = if cfg!(test) { 64 } else { 512 * 1024 };

/// The set of pairs.
pub(crate) struct Postings {
    /// The differences of each chunk by its base. No pair is below the base of its chunk. One chunk always
    /// has base 0.
    chunks: BTreeMap<u64, Box<[u8]>>,
}

fn pair(gram: Gram, slot: u32) -> u64 {
    u64::from(gram) << 32 | u64::from(slot)
}

/// The position of a pair in a chunk.
struct Place {
    /// The bytes of the first difference that reaches or passes the pair.
    at: Range<usize>,
    /// The pairs before and after that difference.
    before: u64,
    after: Option<u64>,
}

impl Place {
    fn find(base: u64, bytes: &[u8], pair: u64) -> Self {
        let mut end = 0;
        let mut before = base;
        while end < bytes.len() {
            let start = end;
            let after = before + varint::read(bytes, &mut end);
            if after >= pair {
                return Self { at: start..end, before, after: Some(after) };
            }
            before = after;
        }
        Self { at: end..end, before, after: None }
    }
}

fn splice(bytes: &mut Box<[u8]>, at: Range<usize>, differences: &[u64]) {
    let mut new = Vec::with_capacity(20);
    differences.iter().for_each(|&difference| varint::write(&mut new, difference));
    *bytes = [&bytes[..at.start], &new, &bytes[at.end..]].concat().into();
}

impl Default for Postings {
    fn default() -> Self {
        Self { chunks: BTreeMap::from([(0, Box::default())]) }
    }
}

impl Postings {
    /// Replaces the grams of a slot, which are ascending.
    pub(crate) fn replace(&mut self, slot: u32, old: &[Gram], new: &[Gram]) {
        let removed = old.iter().filter(|gram| new.binary_search(gram).is_err());
        removed.for_each(|&gram| self.remove(gram, slot));
        let added = new.iter().filter(|gram| old.binary_search(gram).is_err());
        added.for_each(|&gram| self.insert(gram, slot));
    }

    /// Adds a pair.
    pub(crate) fn insert(&mut self, gram: Gram, slot: u32) {
        let pair = pair(gram, slot);
        let (&base, bytes) = self.chunks.range_mut(..=pair).next_back().expect("one chunk has base 0");
        let place = Place::find(base, bytes, pair);
        match place.after {
            Some(after) if after == pair => return,
            Some(after) => splice(bytes, place.at, &[pair - place.before, after - pair]),
            None => splice(bytes, place.at, &[pair - place.before]),
        }
        if bytes.len() > CHUNK {
            let mut split = 0;
            let mut before = base;
            while split < CHUNK / 2 {
                before += varint::read(bytes, &mut split);
            }
            let mut rest = split;
            let first = before + varint::read(bytes, &mut rest);
            let mut right = bytes[split..].into();
            splice(&mut right, 0..rest - split, &[0]);
            *bytes = bytes[..split].into();
            self.chunks.insert(first, right);
        }
    }

    /// Removes a pair.
    pub(crate) fn remove(&mut self, gram: Gram, slot: u32) {
        let pair = pair(gram, slot);
        let (&base, bytes) = self.chunks.range_mut(..=pair).next_back().expect("one chunk has base 0");
        let place = Place::find(base, bytes, pair);
        if place.after != Some(pair) {
            return;
        }
        if place.at.end == bytes.len() {
            splice(bytes, place.at, &[]);
        } else {
            let mut end = place.at.end;
            let next = pair + varint::read(bytes, &mut end);
            splice(bytes, place.at.start..end, &[next - place.before]);
        }
        if bytes.is_empty() && base != 0 {
            self.chunks.remove(&base);
        } else if bytes.len() < CHUNK / 4 {
            self.join_next(base);
            if let Some((&left, _)) = self.chunks.range(..base).next_back() {
                self.join_next(left);
            }
        }
    }

    /// Joins a chunk with the next if both leave room in one, so that removals leave no trail of tiny
    /// chunks.
    fn join_next(&mut self, base: u64) {
        let left = &self.chunks[&base];
        let Some((&next, right)) = self.chunks.range(base + 1..).next() else {
            return;
        };
        if left.len() + right.len() > CHUNK * 3 / 4 {
            return;
        }
        let last = Place::find(base, left, u64::MAX).before;
        let mut rest = 0;
        let first = next + varint::read(right, &mut rest);
        let mut joined = left.to_vec();
        varint::write(&mut joined, first - last);
        joined.extend_from_slice(&right[rest..]);
        self.chunks.remove(&next);
        self.chunks.insert(base, joined.into());
    }

    /// Calls `found` with the slot of every pair whose gram is in the range. The slots of each gram are
    /// ascending.
    pub(crate) fn each(&self, grams: &Range<Gram>, mut found: impl FnMut(u32)) {
        let (from, to) = (pair(grams.start, 0), pair(grams.end, 0));
        for (&base, bytes) in self.chunks_of(from, to) {
            let mut pair = base;
            let mut at = 0;
            while at < bytes.len() {
                pair += varint::read(bytes, &mut at);
                if pair >= to {
                    return;
                }
                if pair >= from {
                    found(pair as u32);
                }
            }
        }
    }

    /// A rough number of pairs whose gram is in the range, and hardly ever too low.
    pub(crate) fn estimate(&self, grams: &Range<Gram>) -> usize {
        self.chunks_of(pair(grams.start, 0), pair(grams.end, 0)).count() * CHUNK
    }

    fn chunks_of(&self, from: u64, to: u64) -> impl Iterator<Item = (&u64, &Box<[u8]>)> {
        let (&first, _) = self.chunks.range(..=from).next_back().expect("one chunk has base 0");
        self.chunks.range(first..to)
    }

    /// The heap memory in use, in bytes. The memory of the map's nodes is estimated: a node has room for
    /// eleven entries and is two thirds full on average.
    pub(crate) fn bytes(&self) -> usize {
        let differences: usize = self.chunks.values().map(|bytes| bytes.len()).sum();
        differences + self.chunks.len() * (size_of::<u64>() + size_of::<Box<[u8]>>()) * 3 / 2
    }
}

/// Builds the set from clients in the order of their slots. It compresses pairs as they come: uncompressed,
/// those of a large organization would take ten times the memory.
#[derive(Default)]
pub(crate) struct Builder {
    lists: HashMap<Gram, List>,
}

#[derive(Default)]
struct List {
    last: Option<u32>,
    differences: Vec<u8>,
}

impl Builder {
    /// Adds a pair whose slot is not below any earlier slot.
    pub(crate) fn push(&mut self, gram: Gram, slot: u32) {
        let list = self.lists.entry(gram).or_default();
        varint::write(&mut list.differences, u64::from(slot - list.last.unwrap_or(0)));
        list.last = Some(slot);
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let differences: usize = self.lists.values().map(|list| list.differences.capacity()).sum();
        differences + self.lists.capacity() * size_of::<(Gram, List)>()
    }

    /// Starts to build the set.
    pub(crate) fn compress(self) -> Compressor {
        let mut lists: Vec<_> = self.lists.into_iter().collect();
        lists.sort_unstable_by_key(|(gram, _)| *gram);
        Compressor { lists: lists.into_iter(), chunks: vec![], chunk: vec![], base: 0, last: 0 }
    }
}

/// Joins the lists of a builder into one set, in steps.
pub(crate) struct Compressor {
    lists: std::vec::IntoIter<(Gram, List)>,
    chunks: Vec<(u64, Box<[u8]>)>,
    /// The last chunk, its base and its last pair.
    chunk: Vec<u8>,
    base: u64,
    last: u64,
}

impl Compressor {
    /// Joins a few lists. Returns the set if there are no more.
    pub(crate) fn step(&mut self) -> Option<Postings> {
        let mut joined = 0;
        while joined < STEP {
            let Some((gram, list)) = self.lists.next() else {
                self.end_chunk();
                return Some(Postings { chunks: std::mem::take(&mut self.chunks).into_iter().collect() });
            };
            joined += list.differences.len();
            self.join(gram, &list);
        }
        None
    }

    fn join(&mut self, gram: Gram, list: &List) {
        let mut at = 0;
        let mut pair = pair(gram, 0);
        while at < list.differences.len() {
            pair += varint::read(&list.differences, &mut at);
            // Leaves room for the first changes.
            if self.chunk.len() > CHUNK * 7 / 8 {
                self.end_chunk();
                (self.base, self.last) = (pair, pair);
            }
            varint::write(&mut self.chunk, pair - self.last);
            self.last = pair;
        }
    }

    fn end_chunk(&mut self) {
        self.chunks.push((self.base, self.chunk.as_slice().into()));
        self.chunk.clear();
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let lists: usize = self.lists.as_slice().iter().map(|(_, list)| list.differences.capacity()).sum();
        let chunks: usize = self.chunks.iter().map(|(_, chunk)| chunk.len()).sum();
        lists
            + self.lists.len() * size_of::<(Gram, List)>()
            + chunks
            + self.chunks.capacity() * size_of::<(u64, Box<[u8]>)>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn it_holds_what_a_sorted_set_holds() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut expected = BTreeSet::new();
        let mut builder = Builder::default();
        for slot in (0..40_000).step_by(7) {
            for gram in [0, 3, 0x61_61_61] {
                builder.push(gram, slot);
                expected.insert((gram, slot));
            }
        }
        let mut compressor = builder.compress();
        let mut postings = std::iter::repeat_with(|| compressor.step()).flatten().next().expect("it ends");
        for round in 0..60 {
            for _ in 0..4_000 {
                let gram = [0, 1, 3, 0x61_61_61, 0xff_ff_ff][rng.random_range(0..5)];
                let bits = rng.random_range(1..21);
                let slot = rng.random_range(0..1 << bits);
                if rng.random_bool(if round % 20 < 10 { 0.7 } else { 0.2 }) {
                    postings.insert(gram, slot);
                    expected.insert((gram, slot));
                } else {
                    postings.remove(gram, slot);
                    expected.remove(&(gram, slot));
                    if let Some(&(gram, slot)) = expected.range((gram, slot)..).next() {
                        postings.remove(gram, slot);
                        expected.remove(&(gram, slot));
                    }
                }
            }
            for grams in [0..1, 1..2, 2..3, 0..4, 0x61_61_61..0x61_61_62, 0..1 << 24, 5..9] {
                let mut found = vec![];
                postings.each(&grams, |slot| found.push(slot));
                let slots: Vec<u32> = expected.range((grams.start, 0)..(grams.end, 0)).map(|pair| pair.1).collect();
                assert_eq!(found, slots);
                assert!(postings.estimate(&grams) + CHUNK >= found.len());
            }
        }
        for (gram, slot) in expected {
            postings.remove(gram, slot);
        }
        assert!(postings.chunks.len() < 3, "empty chunks remain");
        assert!(postings.chunks.values().all(|bytes| bytes.is_empty()));
    }
}
