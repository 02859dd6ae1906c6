//! The change feed's entries: what an organization's list is made from.

use crate::{client::Client, id::ClientId, time::Timestamp};

/// The latest state of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The client's current content.
    Upsert(ListedClient),
    /// The client was deleted.
    Remove {
        /// The client's identifier.
        id: ClientId,
        /// The version of the tombstone.
        version: u64,
        /// The time of the deletion.
        deleted_at: Timestamp,
    },
}

impl Change {
    /// The client's identifier.
    #[must_use]
    pub fn id(&self) -> ClientId {
        match self {
            Self::Upsert(listed) => listed.client.id,
            Self::Remove { id, .. } => *id,
        }
    }

    /// The client's version, or its tombstone's.
    #[must_use]
    pub fn version(&self) -> u64 {
        match self {
            Self::Upsert(listed) => listed.client.version,
            Self::Remove { version, .. } => *version,
        }
    }

    /// The time of the change, by which the feed is ordered.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Upsert(listed) => listed.client.updated_at,
            Self::Remove { deleted_at, .. } => *deleted_at,
        }
    }
}

/// A client as lists show it, except for long notes, which are read for the page alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClient {
    /// The client. Its notes are absent if they are long.
    pub client: Client,
    /// Whether the client has notes too long for the change feed.
    pub has_long_notes: bool,
}
