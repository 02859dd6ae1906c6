//! The table of API keys, whose partition key is the hash of the API key.
//!
//! `usage.rs` has what instances note about the use of keys. `operator.rs` has what only the operator's tool does:
//! create, find, revoke and expire keys. `quotas.rs` has the limits that it sets for single organizations.

#[cfg(feature = "operator")]
mod operator;
#[cfg(feature = "operator")]
mod quotas;
mod usage;

use domain::{Caller, KeyHash, Timestamp};

use super::{
    Store, StoreError,
    item::{Item, parsed, parsed_option, required, s},
};
use crate::rate_limit::{Counted, Entry, Quotas};

#[cfg(feature = "operator")]
pub use operator::{ExpireOutcome, NewApiKey};
pub use usage::LastUse;

pub(super) const UPDATE_ITEM: &str = "UpdateItem api-keys";

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
    pub(crate) const USAGE: &str = "usage";
    pub(crate) const LIMITS: &str = "limits";
    /// Those that the index by organization has besides its keys: all but the usage, which is written often.
    #[cfg(feature = "operator")]
    pub(crate) const INDEXED: [&str; 8] = [CREATED_AT, EXPIRES_AT, HINT, LAST_USED_AT, LIMITS, NAME, REVOKED_AT, USER];
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
    /// The organization's own limits.
    pub quotas: Quotas,
    /// The requests that instances admitted, as far as they noted them.
    pub usage: Vec<Entry>,
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

    /// The caller, whose requests are counted.
    #[must_use]
    pub fn counted(&self) -> Counted<'_> {
        Counted { key: &self.hash, org: &self.caller.org, quotas: self.quotas, usage: &self.usage }
    }

    /// The hash of the key.
    #[must_use]
    pub fn hash(&self) -> &KeyHash {
        &self.hash
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
        quotas: usage::quotas(item),
        usage: usage::usage(item),
    })
}
