//! The index of an organization's clients, and how a change is applied to it.

use domain::{Change, ListedClient, Status};

use crate::{
    bits::Bits,
    grams,
    orders::{Key, Order},
    postings::Postings,
    records::{Record, Records, pack},
};

/// The clients of a page, as far as the change feed carries them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// In order.
    pub clients: Vec<ListedClient>,
    /// How many match in all.
    pub total: usize,
}

/// All clients of one organization, ready to be listed.
pub struct Index {
    pub(crate) records: Records,
    /// Slots below `slots` that hold no client.
    pub(crate) free: Vec<u32>,
    pub(crate) slots: u32,
    pub(crate) active: Bits,
    /// One for each key, in the order of [`Key::ALL`].
    pub(crate) orders: [Order; 4],
    pub(crate) postings: Postings,
}

impl Index {
    pub(crate) fn order(&self, key: Key) -> &Order {
        &self.orders[key as usize]
    }

    /// How many clients there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots as usize - self.free.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Heap bytes held, with all slack.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.bytes()
            + self.free.capacity() * size_of::<u32>()
            + self.active.bytes()
            + self.orders.iter().map(Order::bytes).sum::<usize>()
            + self.postings.bytes()
    }

    /// Takes in one change, unless what is here is as new. Changes may come again and out of order, but
    /// a client that is not here has no version to compare with: it starts anew.
    /// Says whether it made a difference.
    pub fn apply(&mut self, change: &Change) -> bool {
        let (id, version) = match change {
            Change::Upsert(feed) => (feed.client.id, feed.client.version),
            Change::Remove { id, version } => (*id, *version),
        };
        let slot = self.order(Key::Id).find(&self.records, id.uuid().as_bytes());
        if slot.is_some_and(|slot| self.records.get(slot).version >= version) {
            return false;
        }
        match (change, slot) {
            (Change::Upsert(feed), slot) => self.replace(slot, Some(&pack(feed))),
            (Change::Remove { .. }, Some(slot)) => self.replace(Some(slot), None),
            (Change::Remove { .. }, None) => return false,
        }
        true
    }

    /// Puts a record into the slot, or takes it out; without a slot, into a free one.
    fn replace(&mut self, slot: Option<u32>, packed: Option<&[u8]>) {
        let old = slot.map(|slot| self.records.get(slot));
        let new = packed.map(Record::parse);
        let old_grams = old.as_ref().map(grams::of_client).unwrap_or_default();
        let new_grams = new.as_ref().map(grams::of_client).unwrap_or_default();
        let stays = |key: Key| match (&old, &new) {
            (Some(old), Some(new)) => old.status == new.status && key.cmp(old, new).is_eq(),
            _ => false,
        };
        let orders = self.orders.iter_mut();
        let mut moved: Vec<_> = orders.filter(|order| !stays(order.key)).collect();

        if let Some(slot) = slot {
            for order in &mut moved {
                order.remove(&self.records, slot);
            }
        }
        let slot = slot.or_else(|| self.free.pop()).unwrap_or_else(|| {
            self.slots += 1;
            self.slots - 1
        });
        self.active.set(slot, new.is_some_and(|new| new.status == Status::Active));
        self.records.set(slot, packed.unwrap_or_default());
        if packed.is_some() {
            for order in &mut moved {
                order.insert(&self.records, &self.active, slot);
            }
        } else {
            self.free.push(slot);
        }
        let gone = old_grams.iter().filter(|gram| new_grams.binary_search(gram).is_err());
        gone.for_each(|&gram| self.postings.remove(gram, slot));
        let come = new_grams.iter().filter(|gram| old_grams.binary_search(gram).is_err());
        come.for_each(|&gram| self.postings.insert(gram, slot));
    }
}
