//! The mark that the deletion of an organization leaves in its change feed, so that replicas and checkpoints forget
//! what they had: the deletion itself leaves no tombstones.
//!
//! The mark has a reserved identifier and the attributes of a tombstone, so a version that does not know it ignores
//! it. Its `version` is the time of the deletion in milliseconds. A counter would not do: the mark expires, and the
//! next deletion would count from the start again.

use domain::{ClientId, Timestamp};

use super::item;
use crate::store::{
    StoreError,
    item::{ID, Item, text},
};

/// Takes the mark out of a page of the feed. Returns the time of the deletion.
pub(super) fn take(items: &mut Vec<Item>) -> Result<Option<Timestamp>, StoreError> {
    let Some(at) = items.iter().position(is_mark) else { return Ok(None) };
    time(&items.remove(at)).map(Some)
}

/// The time of the deletion.
pub(crate) fn time(mark: &Item) -> Result<Timestamp, StoreError> {
    let millis = item::version(mark)?;
    Ok(Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
}

/// Whether the item is the mark.
pub(crate) fn is_mark(item: &Item) -> bool {
    text(item, ID) == Some(&ClientId::RESERVED.to_string())
}
