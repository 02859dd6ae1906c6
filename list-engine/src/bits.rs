//! A set of slots as one bit each.

/// A growing bit set.
#[derive(Clone, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// An empty set with room for the slots below `slots`.
    pub(crate) fn with_room(slots: usize) -> Self {
        Self { words: vec![0; slots.div_ceil(64)] }
    }

    /// Adds or removes a slot.
    #[inline]
    pub(crate) fn set(&mut self, slot: u32, present: bool) {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if present {
            self.words[word] |= bit;
        } else {
            self.words[word] &= !bit;
        }
    }

    /// Whether the set contains a slot.
    #[inline]
    pub(crate) fn has(&self, slot: u32) -> bool {
        self.words.get(slot as usize / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// The number of slots in the set.
    pub(crate) fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The slots in the set, ascending.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        self.words.iter().zip(0..).flat_map(|(&word, at)| {
            // Each step clears the lowest bit that is set.
            let rests = std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)));
            rests.take_while(|&rest| rest != 0).map(move |rest| at * 64 + rest.trailing_zeros())
        })
    }

    /// Adds the slots that are in `other`, which must not have more room.
    pub(crate) fn add(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Removes the slots that are not in `other` or, if `present` is false, those that are.
    pub(crate) fn keep(&mut self, other: &Bits, present: bool) {
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        for (word, other) in self.words.iter_mut().zip(others) {
            *word &= if present { other } else { !other };
        }
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}
