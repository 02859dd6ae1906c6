//! Writing a client as it was exported, beside whatever else writes to the organization.
//!
//! Warm replicas follow the change feed, and `docs/consistency.md` says what they rely on. An import
//! therefore stamps each write with the present, right before its call, and never with the exported
//! time; it takes over a later stamp that the client has; and its version is above both the exported
//! one and the one it replaces.

use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use uuid::Uuid;

use super::super::{
    Store, StoreError,
    clients::once,
    item::{self, Item, n, s},
    pause,
    schema::client,
};
use super::ClientRecord;
use crate::{
    client::Client,
    identity::{OrgId, UserId},
    time::{Clock, Timestamp},
};

/// What stands in a key's place as an imported client's `updatedWith`, and for what was done to it. No key is called so: their
/// names begin with `key_`.
pub const IMPORTED_WITH: &str = "import";

/// How often one write is tried in all where the table throttles or fails: for some 16 seconds.
const ATTEMPTS: u32 = 10;
/// A write that is answered later than this after its stamp is stamped and written again: the
/// machine may have slept in between, and replicas look back for a few seconds only. An attempt is given
/// up before that, so this is rare.
const PROMPT: Duration = Duration::from_secs(2);

/// What an import does with each client.
#[derive(Clone, Debug)]
pub struct Import {
    /// The organization to write to.
    pub org: OrgId,
    /// On whose behalf.
    pub user: UserId,
    /// Whether clients that are there are replaced, and deleted ones brought back to life.
    pub overwrite: bool,
    /// When the import began: what was written since is named where it is overwritten.
    pub began: Timestamp,
    /// The writer's clock.
    pub clock: Clock,
}

/// What became of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It was not there, and is now.
    Created,
    /// It was there with another content.
    Replaced {
        /// That content had been written since the import began.
        newer: bool,
    },
    /// It was deleted, and is there again.
    Revived {
        /// It had been deleted since the import began.
        newer: bool,
    },
    /// It was there with this very content, and was not touched.
    Unchanged,
    /// It was there with another content, and was not touched.
    Kept,
    /// It was deleted, and was not touched.
    StaysDeleted,
}

impl Store {
    /// Writes one exported client. Repeating it does no harm: what is as exported is left alone.
    ///
    /// # Errors
    /// When the table fails for longer than is worth waiting, or holds a malformed item.
    pub async fn import(&self, import: &Import, record: &ClientRecord) -> Result<Imported, StoreError> {
        let write_id = Uuid::new_v4().to_string();
        let mut outcome = Imported::Created;
        let mut newer = false;
        // What is there, as far as we know: each write is conditional on it.
        let mut there: Option<Item> = None;
        let mut written = false;
        let mut attempt = 1;
        loop {
            let at = import.clock.now();
            let item = imported(import, record, there.as_ref(), at, &write_id)?;
            let found = match self.replace(there.as_ref(), item.clone()).await {
                Ok(None) if import.clock.now() <= at.after(PROMPT) => return Ok(outcome),
                Ok(None) => {
                    written = true;
                    there = Some(item);
                    continue;
                }
                Ok(Some(found)) => found,
                Err(error) if attempt < ATTEMPTS && (error.is_throttled() || error.may_have_taken_effect()) => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if item::text(&found, client::WRITE_ID) == Some(&write_id) {
                // A try whose answer was lost took effect.
                let stamp: Timestamp = item::parsed(&found, client::UPDATED_AT)?;
                if import.clock.now() <= stamp.after(PROMPT) {
                    return Ok(outcome);
                }
                written = true;
                there = Some(found);
                continue;
            }
            if written {
                // Ours took effect and was written over since, by a write with a stamp of its own.
                return Ok(outcome);
            }
            if found.is_empty() {
                there = None;
                outcome = Imported::Created;
                continue;
            }
            newer |= there.is_some() || item::parsed::<Timestamp>(&found, client::UPDATED_AT)? >= import.began;
            outcome = if item::is_tombstone(&found) {
                if !import.overwrite {
                    return Ok(Imported::StaysDeleted);
                }
                Imported::Revived { newer }
            } else {
                let same = is_same(record, &ClientRecord::of(found.clone())?);
                if same && (!import.overwrite || item::version(&found)? >= record.client.version) {
                    return Ok(Imported::Unchanged);
                }
                if !import.overwrite {
                    return Ok(Imported::Kept);
                }
                Imported::Replaced { newer }
            };
            there = Some(found);
        }
    }

    /// Puts an item where `there` is what is there now. Otherwise gives what is, empty for nothing.
    async fn replace(&self, there: Option<&Item>, item: Item) -> Result<Option<Item>, StoreError> {
        let mut call = self.db.put_item().table_name(&self.tables.clients).set_item(Some(item));
        call = match there {
            None => {
                call.condition_expression("attribute_not_exists(#id)").expression_attribute_names("#id", client::ID)
            }
            // The version alone would not do: after a deletion for good it counts from the start again.
            Some(there) => call
                .condition_expression("#version = :version AND #updatedAt = :updatedAt")
                .expression_attribute_names("#version", client::VERSION)
                .expression_attribute_names("#updatedAt", client::UPDATED_AT)
                .expression_attribute_values(":version", n(item::version(there)?))
                .expression_attribute_values(":updatedAt", s(item::required(there, client::UPDATED_AT)?)),
        };
        let put = call
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(self.log.clone())
            // The SDK would repeat the call with the stamp of its first try.
            .config_override(once())
            .send()
            .await;
        match put {
            Ok(output) => {
                self.log.wrote(output.consumed_capacity());
                Ok(None)
            }
            Err(error) => {
                use aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException as Failed;
                match error.as_service_error() {
                    Some(Failed(failed)) => Ok(Some(failed.item().cloned().unwrap_or_default())),
                    _ => Err(StoreError::from_sdk("PutItem clients", &error)),
                }
            }
        }
    }
}

/// Whether two records hold the same client: everything but its last change.
fn is_same(a: &ClientRecord, b: &ClientRecord) -> bool {
    let content = |record: &ClientRecord| {
        let mut record = record.clone();
        record.client.version = 0;
        record.client.updated_at = record.client.created_at;
        (record.client, record.created_by, record.created_with)
    };
    content(a) == content(b)
}

/// The item that stands for a record from `at` on, where `there` was before.
fn imported(
    import: &Import,
    record: &ClientRecord,
    there: Option<&Item>,
    at: Timestamp,
    write_id: &str,
) -> Result<Item, StoreError> {
    let ClientRecord { client: exported, created_by, created_with, .. } = record;
    let (mut version, mut updated_at) = (exported.version, at);
    if let Some(there) = there {
        version = version.max(item::version(there)?);
        updated_at = updated_at.max(item::parsed(there, client::UPDATED_AT)?);
    }
    let client = Client { updated_at, version: version.saturating_add(1), ..exported.clone() };
    let mut item = item::of(&import.org, &client);
    let mut put = |attribute: &str, value| item.insert(attribute.to_owned(), value);
    put(client::CREATED_BY, s(created_by));
    put(client::CREATED_WITH, s(created_with));
    put(client::UPDATED_BY, s(&import.user));
    put(client::UPDATED_WITH, s(IMPORTED_WITH));
    put(client::LAST_CHANGE, s(IMPORTED_WITH));
    put(client::WRITE_ID, s(write_id));
    // A client that is replaced goes on answering for the idempotency key that made it.
    if let Some(hash) = there.and_then(|there| item::text(there, client::REQUEST_HASH)) {
        put(client::REQUEST_HASH, s(hash));
    }
    Ok(item)
}
