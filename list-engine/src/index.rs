//! The index of an organization's clients, and how it applies a change.

use domain::{Change, ClientId, ListedClient, Status, Timestamp};
use uuid::Uuid;

use crate::{
    bits::Bits,
    checkpoint::Entry,
    grams,
    orders::Order,
    postings::Postings,
    rebuild::Rebuild,
    records::{Record, Records, pack},
    sort_keys::SortKey,
};

/// A page of clients, with what the change feed holds of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The clients, in order.
    pub clients: Vec<ListedClient>,
    /// The number of matches on all pages.
    pub total: usize,
}

/// All clients of one organization, ready to be listed.
pub struct Index {
    pub(crate) records: Records,
    /// The slots below `slots` that hold no client.
    pub(crate) free: Vec<u32>,
    pub(crate) slots: u32,
    pub(crate) active: Bits,
    /// One for each sort key, in the order of [`SortKey::ALL`].
    pub(crate) orders: [Order; SortKey::ALL.len()],
    pub(crate) postings: Built,
}

/// The postings, or as much of them as is built.
pub(crate) enum Built {
    /// All of them.
    Postings(Postings),
    /// Not all of them: searches look at every client.
    Partly(Rebuild),
}

impl Default for Index {
    /// The index of no clients.
    fn default() -> Self {
        Self {
            records: Records::default(),
            free: vec![],
            slots: 0,
            active: Bits::default(),
            orders: SortKey::ALL.map(Order::new),
            postings: Built::Postings(Postings::default()),
        }
    }
}

impl Index {
    pub(crate) fn order(&self, sort_key: SortKey) -> &Order {
        &self.orders[sort_key as usize]
    }

    /// The number of clients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots as usize - self.free.len()
    }

    /// Whether there are no clients.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The client with the latest change; `None` if there are no clients.
    #[must_use]
    pub fn newest(&self) -> Option<Entry> {
        let newest = self.records.iter().map(|(_, record)| record).max_by_key(|record| record.updated_at)?;
        let id = ClientId::from(Uuid::from_bytes(*newest.id));
        Some(Entry { id, updated_at: Timestamp::from_millis(newest.updated_at) })
    }

    /// The heap memory in use, in bytes, including unused capacity.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.records.bytes()
            + self.free.capacity() * size_of::<u32>()
            + self.active.bytes()
            + self.orders.iter().map(Order::bytes).sum::<usize>()
            + match &self.postings {
                Built::Postings(postings) => postings.bytes(),
                Built::Partly(rebuild) => rebuild.bytes(),
            }
    }

    /// Whether the postings are complete. Without them, searches look at every client, and find the same.
    #[must_use]
    pub fn has_postings(&self) -> bool {
        matches!(self.postings, Built::Postings(_))
    }

    /// Builds the next part of the postings, in some 20 milliseconds. Returns whether they are complete. The
    /// index can be listed and changed between the parts.
    pub fn rebuild_postings(&mut self) -> bool {
        if let Built::Partly(rebuild) = &mut self.postings
            && let Some(postings) = rebuild.step(&self.records, self.slots)
        {
            self.postings = Built::Postings(postings);
        }
        self.has_postings()
    }

    /// Applies a change if its version is newer than the client's. Changes may be repeated and out of order.
    /// A client that is not in the index has no version to compare with: it is inserted.
    ///
    /// Returns whether the index changed.
    pub fn apply(&mut self, change: &Change) -> bool {
        let (id, version) = (change.id(), change.version());
        let slot = self.order(SortKey::Id).find(&self.records, id.uuid().as_bytes());
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

    /// Replaces the record in a slot, or empties the slot if there is no record. Takes a free slot if none
    /// is given.
    fn replace(&mut self, slot: Option<u32>, packed: Option<&[u8]>) {
        let old = slot.map(|slot| self.records.get(slot));
        let new = packed.map(Record::parse);
        let grams = |record: &Option<Record>| record.as_ref().map(grams::of_client).unwrap_or_default();
        let (old_grams, new_grams) = match &self.postings {
            Built::Postings(_) => (grams(&old), grams(&new)),
            Built::Partly(_) => Default::default(),
        };
        let stays = |order: &Order| match (&old, &new) {
            (Some(old), Some(new)) => old.status == new.status && order.sort_key.cmp(old, new).is_eq(),
            _ => false,
        };
        let orders = self.orders.iter_mut();
        let mut moved: Vec<_> = orders.filter(|order| !stays(order)).collect();

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
        match &mut self.postings {
            Built::Postings(postings) => postings.replace(slot, &old_grams, &new_grams),
            Built::Partly(rebuild) => rebuild.note(slot, self.records.packed(slot)),
        }
        self.records.set(slot, packed.unwrap_or_default());
        if packed.is_some() {
            for order in &mut moved {
                order.insert(&self.records, &self.active, slot);
            }
        } else {
            self.free.push(slot);
        }
    }
}
