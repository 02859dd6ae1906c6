//! Claims: an idempotency key of a batch is claimed for the batch's operations before the first of them. A claim is an
//! item beside the organization's clients, which neither the change feed nor any client's identifier reaches.

use domain::limits::BATCH_KEY_LIFE;

use super::attributes;
use crate::store::{
    Store, StoreError, WriteContext,
    call::Conditional,
    item::{Item, n, s, text},
};

/// The start of a claim's sort key. No client's identifier has it.
const PREFIX: &str = "batch#";

/// Whether the item is a claim. The change feed has none.
#[cfg(feature = "operator")]
pub(crate) fn is_claim(item: &Item) -> bool {
    text(item, attributes::ID).is_some_and(|id| id.starts_with(PREFIX))
}

impl Store {
    /// Claims a key, by its `name`, for a request. Gives whether the key belongs to the request: nobody claimed it
    /// before, or somebody did for a request with the same hash.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn claim(&self, context: &WriteContext, name: &str, request_hash: &str) -> Result<bool, StoreError> {
        let claim = [
            (attributes::ORG, s(&context.caller.org)),
            (attributes::ID, s(format!("{PREFIX}{name}"))),
            (attributes::REQUEST_HASH, s(request_hash)),
            (attributes::EXPIRES_AT, n(context.at.after(BATCH_KEY_LIFE).seconds())),
        ];
        let claim = claim.into_iter().map(|(attribute, value)| (attribute.to_owned(), value)).collect();
        // A repeated attempt finds the first one's claim.
        Ok(match self.put_item(claim, &Item::new()).await? {
            Conditional::Done(_) => true,
            Conditional::Failed { item, .. } => text(&item, attributes::REQUEST_HASH) == Some(request_hash),
        })
    }
}
