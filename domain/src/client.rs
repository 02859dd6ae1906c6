//! A client of an organization, and the kinds of writes to it.

mod input;
mod status;
mod text;

use serde::Serialize;

use crate::{id::ClientId, time::Timestamp};

pub use input::{ClientPatch, NewClient};
pub use status::Status;
pub use text::{Name, Notes, Phone, is_ignorable};

/// A client of an organization. Its JSON is what the API shows: everything but the
/// [`version`](Self::version).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// Its name.
    pub name: Name,
    /// Its phone number, as written.
    pub phone: Option<Phone>,
    /// Its status.
    pub status: Status,
    /// Free text about it.
    pub notes: Option<Notes>,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
    /// The number of writes to it: 1 after its creation, and one more with each change. It is the
    /// client's entity tag.
    #[serde(skip)]
    pub version: u64,
}

/// A kind of write to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes a client.
    Create,
    /// Makes a client, or replaces all fields of the one that is there.
    Put,
    /// Changes some of its fields.
    Update,
    /// Turns it into a tombstone, which may keep its data for a while.
    Delete,
    /// Turns it into a tombstone without data, or removes the data from its tombstone.
    Erase,
    /// Makes a client of its tombstone again.
    Restore,
}

impl Action {
    /// The action's name in the item and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Put => "put",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Erase => "erase",
            Self::Restore => "restore",
        }
    }
}
