//! The change feed's entries: what an organization's list is made from.

use crate::{client::Client, id::ClientId};

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
    },
}

/// A client as lists show it, except for long notes, which are read for the page alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClient {
    /// The client. Its notes are absent if they are long.
    pub client: Client,
    /// Whether the client has notes too long for the change feed.
    pub has_long_notes: bool,
}
