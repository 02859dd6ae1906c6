//! Checkpoints: an index as bytes for object storage, from which another process restores it.
//!
//! An object is a [`Header`] and the blocks that it lists, one after the other, with nothing between:
//!
//! | blocks | contents of a block | file |
//! |---|---|---|
//! | records | clients, the oldest first (ties by identifier), as columns | `columns.rs` |
//! | order by identifier, by name, by phone | positions of clients among the records, in this order | `positions.rs` |
//!
//! The order by time of creation is that of the records. Postings are not stored: they would double the object,
//! and [`Index::rebuild_postings`](crate::Index::rebuild_postings) makes them from the records.
//!
//! Each block is compressed by itself, has about 1 MB before compression, and is listed in the header with its
//! length and its number of entries. So a reader can find the block of any rank of an order, and then the blocks
//! of these clients' records, without the others.
//!
//! All integers are little-endian. A checksum that is seeded with the object's random identifier protects each
//! block, so blocks of two objects cannot be mixed. The format's version changes with any change to the bytes and
//! with any change to folded names, bare phone numbers or orders, which are stored: see `golden.rs`.

mod block;
mod columns;
mod encoder;
mod header;
mod positions;
mod reader;
mod refused;
mod restore;
#[cfg(test)]
pub(crate) mod tests;

pub use encoder::Encoder;
pub use header::{Entry, Header, Key, Lineage};
pub use refused::Refused;
pub use restore::Restore;

/// The version of the format. Objects of different versions have different keys.
pub const FORMAT: u32 = 1;
