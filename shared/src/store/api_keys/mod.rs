//! The table of API keys, whose partition key is the hash of the API key.
//!
//! `operator.rs` has what only the operator's tool does with it: create, find, revoke and expire.

#[cfg(feature = "operator")]
mod operator;

use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use domain::{Caller, KeyHash, Timestamp};

use super::{
    Store, StoreError,
    call::{Conditional, Retry},
    item::{Item, parsed, parsed_option, required, s},
};

#[cfg(feature = "operator")]
pub use operator::{ExpireOutcome, NewApiKey};

/// The names of the attributes of an API key's item.
pub(super) mod attributes {
    pub(crate) const HASH: &str = "keyHash";
    pub(crate) const KEY_ID: &str = "keyId";
    pub(crate) const NAME: &str = "name";
    pub(crate) const HINT: &str = "hint";
    pub(crate) const ORG: &str = "orgId";
    pub(crate) const USER: &str = "userId";
    pub(crate) const CREATED_AT: &str = "createdAt";
    pub(crate) const EXPIRES_AT: &str = "expiresAt";
    pub(crate) const REVOKED_AT: &str = "revokedAt";
    pub(crate) const LAST_USED_AT: &str = "lastUsedAt";
}

/// An API key as the table knows it: all but the key itself.
#[derive(Clone, Debug)]
pub struct ApiKeyRecord {
    pub(super) hash: KeyHash,
    /// The caller that the key stands for.
    pub caller: Caller,
    /// The name that people gave it.
    pub name: String,
    /// Its first characters.
    pub hint: String,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The time of its expiry.
    pub expires_at: Timestamp,
    /// The time of its revocation.
    pub revoked_at: Option<Timestamp>,
    /// The time of its last use, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// The state of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyState {
    /// It is accepted.
    Active,
    /// Its expiry has passed.
    Expired,
    /// It was revoked.
    Revoked,
}

impl ApiKeyRecord {
    /// The key's state at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> ApiKeyState {
        if self.revoked_at.is_some() {
            ApiKeyState::Revoked
        } else if self.expires_at <= now {
            ApiKeyState::Expired
        } else {
            ApiKeyState::Active
        }
    }
}

impl Store {
    /// The record of the API key with this hash, read strongly consistently.
    ///
    /// # Errors
    /// Fails if the table does, or if the item is malformed.
    pub async fn find_api_key(&self, hash: &KeyHash) -> Result<Option<ApiKeyRecord>, StoreError> {
        let key = Item::from([(attributes::HASH.to_owned(), s(hash.as_str()))]);
        let found = self.read_item(&self.tables.api_keys, key).await?;
        found.map(|item| record(&item)).transpose()
    }

    /// Notes the use of an API key, unless a use since `unless_since` is noted already.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn note_api_key_use(
        &self,
        record: &ApiKeyRecord,
        now: Timestamp,
        unless_since: Timestamp,
    ) -> Result<(), StoreError> {
        let request = UpdateItemInput::builder()
            .table_name(&self.tables.api_keys)
            .key(attributes::HASH, s(record.hash.as_str()))
            .update_expression("SET #used = :now")
            .condition_expression("attribute_exists(#hash) AND (attribute_not_exists(#used) OR #used < :since)")
            .expression_attribute_names("#hash", attributes::HASH)
            .expression_attribute_names("#used", attributes::LAST_USED_AT)
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":since", s(unless_since));
        // The next request tries again.
        match self.call_if("UpdateItem api-keys", Retry::Never, request).await? {
            Conditional::Done(_) | Conditional::Failed { .. } => Ok(()),
        }
    }
}

fn record(item: &Item) -> Result<ApiKeyRecord, StoreError> {
    Ok(ApiKeyRecord {
        hash: KeyHash::from_stored(required(item, attributes::HASH)?),
        caller: Caller {
            org: parsed(item, attributes::ORG)?,
            user: parsed(item, attributes::USER)?,
            key_id: parsed(item, attributes::KEY_ID)?,
        },
        name: required(item, attributes::NAME)?.to_owned(),
        hint: required(item, attributes::HINT)?.to_owned(),
        created_at: parsed(item, attributes::CREATED_AT)?,
        expires_at: parsed(item, attributes::EXPIRES_AT)?,
        revoked_at: parsed_option(item, attributes::REVOKED_AT)?,
        last_used_at: parsed_option(item, attributes::LAST_USED_AT)?,
    })
}
