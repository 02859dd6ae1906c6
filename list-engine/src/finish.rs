//! The last part of a load: sorts the clients and applies the removals, in steps.

use domain::Change;

use crate::{Index, sort_keys::SortKey, sorter::Sorter};

/// The removals that are applied in one step. Tiny in tests, so that there are many steps.
const REMOVALS: usize = if cfg!(test) { 1 } else { 2 * 1024 };

/// The last part of a load. It can stop between two steps.
pub struct Finish {
    index: Index,
    sort_keys: std::slice::Iter<'static, SortKey>,
    sorter: Option<Sorter>,
    removals: Vec<Change>,
}

impl Finish {
    /// Starts with an index that has no orders yet.
    pub(crate) fn new(index: Index, removals: Vec<Change>) -> Self {
        Self { index, sort_keys: SortKey::ALL.iter(), sorter: None, removals }
    }

    /// Takes the next step, which is at most a tenth of a second for a million clients. The last step returns the
    /// index, whose postings are not complete: see [`Index::rebuild_postings`].
    #[must_use]
    pub fn step(&mut self) -> Option<Index> {
        let index = &mut self.index;
        if let Some(sorter) = &mut self.sorter {
            if sorter.step(&index.records, &index.active) {
                let order = self.sorter.take()?.finish();
                let sort_key = order.sort_key;
                index.orders[sort_key as usize] = order;
            }
        } else if let Some(&sort_key) = self.sort_keys.next() {
            self.sorter = Some(Sorter::new(sort_key, &index.records, index.len()));
        } else {
            for removal in self.removals.drain(self.removals.len().saturating_sub(REMOVALS)..) {
                index.apply(&removal);
            }
            return self.removals.is_empty().then(|| std::mem::take(index));
        }
        None
    }

    /// The heap memory in use, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let sorter = self.sorter.as_ref().map_or(0, Sorter::bytes);
        self.index.bytes() + sorter + self.removals.capacity() * size_of::<Change>()
    }
}
