//! The slots that a search finds: a list if they are few, bits if they are many.

use crate::bits::Bits;

/// A set of slots.
pub(crate) enum Hits {
    /// Ascending.
    List(Vec<u32>),
    Bits(Bits),
}

impl Hits {
    /// Whether a bit set of `slots` bits is smaller than a list of `len` slots.
    pub(crate) fn are_many(len: usize, slots: usize) -> bool {
        len > slots / 16
    }

    /// The set of these slots, in any order, which may be repeated.
    pub(crate) fn from_unsorted(mut list: Vec<u32>) -> Self {
        list.sort_unstable();
        list.dedup();
        Self::List(list)
    }

    /// The slots that are in both sets.
    pub(crate) fn intersection(self, other: Self, slots: usize) -> Self {
        match (self, other) {
            (Self::List(mut list), Self::Bits(bits)) | (Self::Bits(bits), Self::List(mut list)) => {
                list.retain(|&slot| bits.has(slot));
                Self::List(list)
            }
            (Self::List(mut list), Self::List(other)) => {
                let mut other = other.into_iter().peekable();
                list.retain(|&slot| {
                    while other.next_if(|&before| before < slot).is_some() {}
                    other.peek() == Some(&slot)
                });
                Self::List(list)
            }
            (Self::Bits(mut bits), Self::Bits(other)) => {
                bits.keep(&other, true);
                if Self::are_many(bits.len(), slots) { Self::Bits(bits) } else { Self::List(bits.slots().collect()) }
            }
        }
    }

    /// The slots that are in one of the sets or in both.
    pub(crate) fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::List(mut list), Self::List(mut other)) => {
                list.append(&mut other);
                Self::from_unsorted(list)
            }
            (Self::List(list), Self::Bits(mut bits)) | (Self::Bits(mut bits), Self::List(list)) => {
                list.into_iter().for_each(|slot| bits.set(slot, true));
                Self::Bits(bits)
            }
            (Self::Bits(mut bits), Self::Bits(other)) => {
                bits.add(&other);
                Self::Bits(bits)
            }
        }
    }

    /// The slots as a list, ascending.
    pub(crate) fn into_list(self) -> Vec<u32> {
        match self {
            Self::List(list) => list,
            Self::Bits(bits) => bits.slots().collect(),
        }
    }
}
