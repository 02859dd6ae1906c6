//! Sorts the clients by one key, in steps of bounded time: a quicksort that can stop after each partition.

use crate::{bits::Bits, orders::Order, records::Records, sort_keys::SortKey};

/// The most clients that are sorted in one step. Tiny in tests, so that there are many steps.
const STEP: usize = if cfg!(test) { 16 } else { 32 * 1024 };

/// An order that is being built.
pub(crate) struct Sorter {
    order: Order,
    /// The slots with the prefixes of their clients' sort keys.
    slots: Vec<(u128, u32)>,
    /// The number of slots that are sorted, from the start on.
    sorted: usize,
    /// The ends of the parts after the sorted one, the next last. No slot sorts before one of an earlier part.
    parts: Vec<usize>,
}

impl Sorter {
    /// Starts to sort all clients, of which there are `len`.
    pub(crate) fn new(sort_key: SortKey, records: &Records, len: usize) -> Self {
        let mut slots = Vec::with_capacity(len);
        slots.extend(records.iter().map(|(slot, record)| (sort_key.prefix(&record), slot)));
        let parts = vec![slots.len()];
        Self { order: Order::new(sort_key), slots, sorted: 0, parts }
    }

    /// Halves or sorts the next part. Returns whether all is sorted.
    pub(crate) fn step(&mut self, records: &Records, active: &Bits) -> bool {
        let Some(&end) = self.parts.last() else { return true };
        let part = &mut self.slots[self.sorted..end];
        let sort_key = self.order.sort_key;
        let cmp = |a: &_, b: &_| sort_key.cmp_slots(records, a, b);
        if part.len() > STEP {
            let middle = part.len() / 2;
            part.select_nth_unstable_by(middle, cmp);
            self.parts.push(self.sorted + middle);
        } else {
            part.sort_unstable_by(cmp);
            let sorted: Vec<u32> = part.iter().map(|&(_, slot)| slot).collect();
            self.order.append(records, active, &sorted);
            self.sorted = end;
            self.parts.pop();
        }
        self.parts.is_empty()
    }

    /// The order, once all is sorted.
    pub(crate) fn finish(self) -> Order {
        debug_assert!(self.parts.is_empty());
        self.order
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.order.bytes() + self.slots.capacity() * size_of::<(u128, u32)>()
    }
}
