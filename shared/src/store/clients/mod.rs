//! The table of clients: one client at a time, and an organization's change feed.
//!
//! | file | purpose |
//! |---|---|
//! | `attributes.rs` | the names of an item's attributes |
//! | `item.rs` | from a client to its item and back |
//! | `read.rs` | reading one client, and long notes |
//! | `write.rs` | what all writes share: the author, retries, and how a write recognizes its own effect |
//! | `create.rs`, `put.rs`, `update.rs`, `delete.rs`, `restore.rs` | one kind of write each |
//! | `claim.rs` | claims of idempotency keys |
//! | `token.rs` | changes that are made once, although their requests may be repeated |
//! | `expression.rs` | update expressions |
//! | `feed.rs` | the change feed |
//! | `mark.rs` | the mark that the deletion of an organization leaves in its feed |

pub(super) mod attributes;
pub(super) mod claim;
mod create;
mod delete;
mod expression;
mod feed;
pub(super) mod item;
pub(super) mod mark;
mod put;
mod read;
mod restore;
mod token;
mod update;
mod write;

use domain::{ClientId, OrgId};

use super::item::{Item, s};

pub use create::CreateOutcome;
pub use feed::{Cursor, FeedPage, FeedPosition, FeedStart};
pub use put::PutOutcome;
pub use read::LongNotes;

/// The primary key of a client's item.
fn primary_key(org: &OrgId, id: ClientId) -> Item {
    Item::from([(attributes::ORG.to_owned(), s(org)), (attributes::ID.to_owned(), s(id))])
}
