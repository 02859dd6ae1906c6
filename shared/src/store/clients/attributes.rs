//! The names of the attributes of a client's item.

/// The partition key: the organization.
pub(crate) const ORG: &str = "orgId";
/// The sort key: the client's identifier.
pub(crate) use crate::store::item::ID;
/// The time of the last write; the sort key of the change feed.
pub(crate) const UPDATED_AT: &str = "updatedAt";
/// The number of writes.
pub(crate) const VERSION: &str = "version";
/// The map of all that a list shows; `item.rs` names its attributes. A client has it, a tombstone does
/// not. It is one attribute because the projection of a local index can never be changed: a new field
/// needs no new table.
pub(crate) const LISTED: &str = "listed";
/// The map of a deleted client that can be restored, on its tombstone: what [`LISTED`] was.
pub(crate) const KEPT: &str = "kept";
/// Notes too long for the change feed. A tombstone with [`KEPT`] has them too.
pub(crate) const LONG_NOTES: &str = "longNotes";
pub(crate) const CREATED_BY: &str = "createdBy";
pub(crate) const CREATED_WITH: &str = "createdWith";
pub(crate) const UPDATED_BY: &str = "updatedBy";
pub(crate) const UPDATED_WITH: &str = "updatedWith";
/// The last write: `create`, `put`, `update name,phone`, `delete`, `erase`, `restore`, `import`.
pub(crate) const LAST_CHANGE: &str = "lastChange";
/// A random identifier of the last write, by which a repeated write recognizes its own effect.
pub(crate) const WRITE_ID: &str = "writeId";
/// The number of times that the client was brought back after a deletion. Absent if it never was. A write that
/// depends on the client's state as deleted or living takes effect once between two of them.
pub(crate) const REVIVALS: &str = "revivals";
/// The writes under an idempotency key that took effect, in one set for each day of the writers' clocks, modulo three.
/// A write empties the set of the day before yesterday, so an entry lives for one to three days.
pub(crate) const APPLIED: [&str; 3] = ["applied0", "applied1", "applied2"];
/// The hash of the request that came with an `Idempotency-Key`.
pub(crate) const REQUEST_HASH: &str = "requestHash";
/// The time of the creation, on a tombstone. A client has it in [`LISTED`].
pub(crate) const CREATED_AT: &str = "createdAt";
/// The time of the deletion, on a tombstone.
pub(crate) const DELETED_AT: &str = "deletedAt";
/// The end of a tombstone's life, in seconds since the Unix epoch: the table's time to live.
pub(crate) const EXPIRES_AT: &str = "expiresAt";

/// The attributes that the change feed carries besides the keys.
#[cfg(feature = "operator")]
pub(crate) const PROJECTED: [&str; 2] = [LISTED, VERSION];
/// The longest notes that the change feed and the replicas carry, in bytes of UTF-8.
pub(crate) const SHORT_NOTES_BYTES: usize = 256;
