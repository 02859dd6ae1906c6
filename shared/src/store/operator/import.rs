//! Writing an exported client back, or one from another system, beside all other writes to the organization.
//!
//! Warm replicas follow the change feed, and `docs/consistency.md` says what they rely on. So an import
//! gives each write the current time right before its call, and never the exported time; it takes over
//! a later timestamp of the client; and its version is above both the exported one and the one that it
//! replaces.

use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::{Client, ClientId, Clock, KeyId, NewClient, OrgId, Timestamp, UserId};
use uuid::Uuid;

use super::ClientRecord;
use crate::store::{
    Store, StoreError,
    call::{Conditional, Retry, pause},
    clients::{attributes, item},
    item::{Item, n, parsed, required, s, text},
};

/// The `updatedWith` and `lastChange` of an imported client. It is not the identifier of an API key:
/// those begin with `key_`.
pub const IMPORTED_WITH: &str = "import";

/// The most attempts at one write if the table throttles or fails: they take about 16 seconds.
const ATTEMPTS: u32 = 10;
/// A write that is answered later than this after its timestamp is written again with a new one: the
/// machine may have slept in between, and replicas look back for a few seconds only. An attempt times
/// out before that, so this is rare.
pub(super) const PROMPT: Duration = Duration::from_secs(2);

/// The settings of an import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The organization to import into.
    pub org: OrgId,
    /// The user whom the writes are attributed to.
    pub user: UserId,
    /// Whether existing clients are replaced, and deleted ones restored.
    pub overwrite: bool,
    /// The start of the import. Overwriting a later write is reported.
    pub began: Timestamp,
    /// The writer's clock.
    pub clock: Clock,
}

/// The outcome of importing one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It did not exist, and was created.
    Created,
    /// It existed with other content, which was replaced.
    Replaced {
        /// Whether that content was written after the import began.
        newer: bool,
    },
    /// It was deleted, and was restored.
    Restored {
        /// Whether it was deleted after the import began.
        newer: bool,
    },
    /// It existed with this content, and was not touched.
    Unchanged,
    /// It existed with other content, and was not touched.
    Kept,
    /// It was deleted, and was not touched.
    StaysDeleted,
}

impl Store {
    /// Writes one exported client. Repeating it does no harm: a client that is as exported is left alone.
    ///
    /// # Errors
    /// Fails if the table fails for longer than is worth waiting, or if an item is malformed.
    pub async fn import(&self, import: &Import, record: &ClientRecord) -> Result<ImportOutcome, StoreError> {
        self.import_record(import, Imported::Exported(record.clone())).await
    }

    /// Writes one client that comes from another system. Its identifier must depend on its source, so that repeating
    /// the import does no harm: a client that has these fields is left alone. One that is replaced keeps the user and
    /// the time of its creation.
    ///
    /// # Errors
    /// Fails if the table fails for longer than is worth waiting, or if an item is malformed.
    pub async fn import_new(&self, import: &Import, id: ClientId, new: NewClient) -> Result<ImportOutcome, StoreError> {
        let user = import.user.clone();
        let key: KeyId = IMPORTED_WITH.parse().expect("a short word is an identifier");
        let mut client = new.created(id, import.clock.now());
        // The write makes it 1.
        client.version = 0;
        let record = ClientRecord {
            client,
            created_by: user.clone(),
            created_with: key.clone(),
            updated_by: user,
            updated_with: key,
        };
        self.import_record(import, Imported::New(record)).await
    }

    async fn import_record(&self, import: &Import, imported: Imported) -> Result<ImportOutcome, StoreError> {
        let (mut record, is_new) = match imported {
            Imported::Exported(record) => (record, false),
            Imported::New(record) => (record, true),
        };
        let write_id = Uuid::new_v4().to_string();
        let mut outcome = ImportOutcome::Created;
        let mut newer = false;
        // The existing item, as far as we know. Each write is conditional on it.
        let mut existing: Option<Item> = None;
        let mut written = false;
        let mut attempt = 1;
        loop {
            let at = import.clock.now();
            let item = item_of(import, &record, existing.as_ref(), at, &write_id)?;
            let found = match self.replace(existing.as_ref(), item.clone()).await {
                Ok(None) if import.clock.now() <= at.after(PROMPT) => return Ok(outcome),
                Ok(None) => {
                    written = true;
                    existing = Some(item);
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
            if text(&found, attributes::WRITE_ID) == Some(&write_id) {
                // An attempt whose answer was lost took effect.
                let written_at: Timestamp = parsed(&found, attributes::UPDATED_AT)?;
                if import.clock.now() <= written_at.after(PROMPT) {
                    return Ok(outcome);
                }
                written = true;
                existing = Some(found);
                continue;
            }
            if written {
                // Ours took effect and was overwritten since, by a write with its own timestamp.
                return Ok(outcome);
            }
            if found.is_empty() {
                existing = None;
                outcome = ImportOutcome::Created;
                continue;
            }
            newer |= existing.is_some() || parsed::<Timestamp>(&found, attributes::UPDATED_AT)? >= import.began;
            outcome = if item::is_tombstone(&found)? {
                if !import.overwrite {
                    return Ok(ImportOutcome::StaysDeleted);
                }
                ImportOutcome::Restored { newer }
            } else {
                let there = ClientRecord::of(found.clone())?;
                if is_new {
                    record.client.created_at = there.client.created_at;
                    record.created_by = there.created_by.clone();
                    record.created_with = there.created_with.clone();
                }
                let same = is_same(&record, &there);
                if same && (!import.overwrite || item::version(&found)? >= record.client.version) {
                    return Ok(ImportOutcome::Unchanged);
                }
                if !import.overwrite {
                    return Ok(ImportOutcome::Kept);
                }
                ImportOutcome::Replaced { newer }
            };
            existing = Some(found);
        }
    }

    /// Puts an item if `existing` is still the existing one. Otherwise gives the one that is, empty if
    /// there is none.
    pub(super) async fn replace(&self, existing: Option<&Item>, item: Item) -> Result<Option<Item>, StoreError> {
        let mut request = PutItemInput::builder().table_name(&self.tables.clients).set_item(Some(item));
        request = match existing {
            None => request
                .condition_expression("attribute_not_exists(#id)")
                .expression_attribute_names("#id", attributes::ID),
            // The version alone is not enough: after a purge it counts from the start again.
            Some(existing) => request
                .condition_expression("#version = :version AND #updatedAt = :updatedAt")
                .expression_attribute_names("#version", attributes::VERSION)
                .expression_attribute_names("#updatedAt", attributes::UPDATED_AT)
                .expression_attribute_values(":version", n(item::version(existing)?))
                .expression_attribute_values(":updatedAt", s(required(existing, attributes::UPDATED_AT)?)),
        };
        let request = request.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // A retry would repeat the timestamp of the first attempt.
        match self.call_if("PutItem clients", Retry::Never, request).await? {
            Conditional::Done(_) => Ok(None),
            Conditional::Failed { item, .. } => Ok(Some(item)),
        }
    }
}

/// A record and its origin.
enum Imported {
    /// An export, with the user and the time of the client's creation.
    Exported(ClientRecord),
    /// Another system. The client is created now.
    New(ClientRecord),
}

/// Whether two records hold the same client, apart from its last change.
fn is_same(a: &ClientRecord, b: &ClientRecord) -> bool {
    let content = |record: &ClientRecord| {
        let mut record = record.clone();
        record.client.version = 0;
        record.client.updated_at = record.client.created_at;
        (record.client, record.created_by, record.created_with)
    };
    content(a) == content(b)
}

/// The item of a record that is imported at `at` and replaces `existing`.
fn item_of(
    import: &Import,
    record: &ClientRecord,
    existing: Option<&Item>,
    at: Timestamp,
    write_id: &str,
) -> Result<Item, StoreError> {
    let ClientRecord { client: exported, created_by, created_with, .. } = record;
    let (mut version, mut updated_at) = (exported.version, at);
    if let Some(existing) = existing {
        version = version.max(item::version(existing)?);
        updated_at = updated_at.max(parsed(existing, attributes::UPDATED_AT)?);
    }
    let client = Client { updated_at, version: version.saturating_add(1), ..exported.clone() };
    let mut item = item::of(&import.org, &client);
    let mut put = |attribute: &str, value| item.insert(attribute.to_owned(), value);
    put(attributes::CREATED_BY, s(created_by));
    put(attributes::CREATED_WITH, s(created_with));
    put(attributes::UPDATED_BY, s(&import.user));
    put(attributes::UPDATED_WITH, s(IMPORTED_WITH));
    put(attributes::LAST_CHANGE, s(IMPORTED_WITH));
    put(attributes::WRITE_ID, s(write_id));
    let Some(existing) = existing else { return Ok(item) };
    // A client that is replaced keeps answering for the idempotency keys of the writes to it.
    for attribute in [attributes::REQUEST_HASH].into_iter().chain(attributes::APPLIED) {
        if let Some(value) = existing.get(attribute) {
            put(attribute, value.clone());
        }
    }
    let revivals = item::revivals(existing)? + u64::from(item::is_tombstone(existing)?);
    if revivals > 0 {
        put(attributes::REVIVALS, n(revivals));
    }
    Ok(item)
}
