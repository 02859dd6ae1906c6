//! Writing the mark of a deleted organization (`clients/mark.rs` says what it is).

use domain::{Clock, OrgId, Timestamp, limits::TOMBSTONE_LIFE};

use super::import::PROMPT;
use crate::store::{
    Store, StoreError,
    call::pause,
    clients::{attributes, mark},
    item::{Item, n, s},
};

/// The most attempts if the table throttles or fails: they take about 16 seconds.
const ATTEMPTS: u32 = 10;

impl Store {
    /// Marks an organization as deleted now, so that replicas and checkpoints forget what they have read so far.
    /// Like an import, it sets the mark's time right before its call.
    ///
    /// # Errors
    /// Fails if the table fails for longer than is worth waiting. The mark may have been set.
    pub async fn mark_as_deleted(&self, org: &OrgId, clock: &Clock) -> Result<(), StoreError> {
        let mut existing: Option<Item> = None;
        let mut attempt = 1;
        loop {
            let began = clock.now();
            let at = match &existing {
                None => began,
                Some(existing) => began.max(mark::time(existing)?.next()),
            };
            let outcome = self.replace(existing.as_ref(), item_of(org, at)).await;
            match outcome {
                Ok(None) if clock.now() <= began.after(PROMPT) => return Ok(()),
                // Answered late, and replicas look back for some seconds only: once more.
                Ok(None) => existing = Some(item_of(org, at)),
                Ok(Some(found)) => existing = Some(found).filter(|found| !found.is_empty()),
                Err(error) if attempt < ATTEMPTS && (error.is_throttled() || error.may_have_taken_effect()) => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn item_of(org: &OrgId, at: Timestamp) -> Item {
    Item::from(
        [
            (attributes::ORG, s(org)),
            (attributes::ID, s(domain::ClientId::RESERVED)),
            (attributes::UPDATED_AT, s(at)),
            (attributes::VERSION, n(at.millis())),
            (attributes::DELETED_AT, s(at)),
            (attributes::EXPIRES_AT, n(at.after(TOMBSTONE_LIFE).seconds())),
        ]
        .map(|(attribute, value)| (attribute.to_owned(), value)),
    )
}
