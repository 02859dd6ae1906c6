//! The keys that clients are sorted by.

use std::{cmp::Ordering, ops::Range};

use crate::{
    params::SortBy,
    records::{Record, Records},
};

/// A sort key. The index keeps one order for each. Ties are broken by identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortKey {
    Id,
    Name,
    Phone,
    CreatedAt,
}

impl SortKey {
    /// Every sort key.
    pub(crate) const ALL: [SortKey; 4] = [SortKey::Id, SortKey::Name, SortKey::Phone, SortKey::CreatedAt];

    /// The sort key of a list. A list by status is one list by identifier for each status.
    pub(crate) fn of(sort_by: SortBy) -> Self {
        match sort_by {
            SortBy::Status => Self::Id,
            SortBy::Name => Self::Name,
            SortBy::Phone => Self::Phone,
            SortBy::CreatedAt => Self::CreatedAt,
        }
    }

    /// Compares two clients. Different clients are never equal.
    pub(crate) fn cmp(self, a: &Record, b: &Record) -> Ordering {
        let by_key = match self {
            Self::Id => Ordering::Equal,
            Self::Name => a.folded_name.cmp(&b.folded_name),
            Self::Phone => (a.phone.is_none(), a.phone).cmp(&(b.phone.is_none(), b.phone)),
            Self::CreatedAt => a.created_at.cmp(&b.created_at),
        };
        by_key.then_with(|| a.id.cmp(b.id))
    }

    /// The first bytes of a client's sort key as an integer. It decides most comparisons.
    pub(crate) fn prefix(self, record: &Record) -> u128 {
        fn pad(bytes: impl Iterator<Item = u8>) -> u128 {
            let mut prefix = [0; 16];
            prefix.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
            u128::from_be_bytes(prefix)
        }
        match self {
            Self::Id => u128::from_be_bytes(*record.id),
            Self::Name => pad(record.folded_name.bytes()),
            // UTF-8 never starts with 0xff: missing phone numbers come last.
            Self::Phone => record.phone.map_or(u128::MAX, |phone| pad(phone.iter().copied())),
            Self::CreatedAt => record.created_at.abs_diff(i64::MIN).into(),
        }
    }

    /// Compares two slots, each with the prefix of its client's sort key before it.
    pub(crate) fn cmp_slots(self, records: &Records, a: &(u128, u32), b: &(u128, u32)) -> Ordering {
        a.0.cmp(&b.0).then_with(|| self.cmp(&records.get(a.1), &records.get(b.1)))
    }

    /// The slots at a range of ranks among the given slots, in order.
    pub(crate) fn select(self, records: &Records, slots: impl Iterator<Item = u32>, ranks: Range<usize>) -> Vec<u32> {
        let mut slots: Vec<(u128, u32)> = slots.map(|slot| (self.prefix(&records.get(slot)), slot)).collect();
        let order = |a: &_, b: &_| self.cmp_slots(records, a, b);
        // Only the page itself is sorted.
        if ranks.end < slots.len() {
            slots.select_nth_unstable_by(ranks.end, order);
            slots.truncate(ranks.end);
        }
        if 0 < ranks.start && ranks.start < slots.len() {
            slots.select_nth_unstable_by(ranks.start, order);
        }
        let page = &mut slots[ranks.start..];
        page.sort_unstable_by(order);
        page.iter().map(|&(_, slot)| slot).collect()
    }
}
