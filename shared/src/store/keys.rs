//! The table of API keys: by hash for the pipeline, by organization for the operator.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};

use super::{
    Store, StoreError,
    item::{self, Item, s},
    schema::{BY_ORG, key},
};
use crate::{
    identity::{Caller, KeyId, OrgId, UserId},
    key::{ApiKey, KeyHash},
    time::Timestamp,
};

/// What a key is made with.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The organization it opens.
    pub org: OrgId,
    /// The user who owns it.
    pub user: UserId,
    /// What people call it.
    pub name: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What the table knows of a key: everything but the key.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    pub(super) hash: KeyHash,
    /// On whose behalf it acts, and its public name.
    pub caller: Caller,
    /// What people call it.
    pub name: String,
    /// Its first characters.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// Whether a key opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It does.
    Active,
    /// Its end has passed.
    Expired,
    /// It was revoked by hand.
    Revoked,
}

impl KeyRecord {
    /// The key's state at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if self.expires_at <= now {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }
}

impl Store {
    /// What is known of the key with this hash, read strongly consistently.
    ///
    /// # Errors
    /// When the table fails, or the item is malformed.
    pub async fn find_key(&self, hash: &KeyHash) -> Result<Option<KeyRecord>, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.tables.api_keys)
            .key(key::HASH, s(hash.as_str()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(self.log.clone())
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem api-keys", &error))?;
        self.log.read(output.consumed_capacity());
        output.item.map(|item| record(&item)).transpose()
    }

    /// Stores a key. One that is already there stays as it is.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn create_key(&self, api_key: &ApiKey, new: NewKey, now: Timestamp) -> Result<KeyRecord, StoreError> {
        let record = KeyRecord {
            hash: api_key.hash(),
            caller: Caller { org: new.org, user: new.user, key: KeyId::random() },
            name: new.name,
            hint: api_key.hint(),
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let stored = self
            .db
            .put_item()
            .table_name(&self.tables.api_keys)
            .item(key::HASH, s(record.hash.as_str()))
            .item(key::ID, s(&record.caller.key))
            .item(key::NAME, s(&record.name))
            .item(key::HINT, s(&record.hint))
            .item(key::ORG, s(&record.caller.org))
            .item(key::USER, s(&record.caller.user))
            .item(key::CREATED_AT, s(record.created_at))
            .item(key::EXPIRES_AT, s(record.expires_at))
            .condition_expression("attribute_not_exists(#hash)")
            .expression_attribute_names("#hash", key::HASH)
            .send()
            .await;
        match stored {
            Ok(_) => Ok(record),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                self.find_key(&record.hash).await?.ok_or(StoreError::outcome_unknown("PutItem api-keys"))
            }
            Err(error) => Err(StoreError::from_sdk("PutItem api-keys", &error)),
        }
    }

    /// Notes that a key is in use, unless that was noted since `unless_since`.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn touch_key(
        &self,
        record: &KeyRecord,
        now: Timestamp,
        unless_since: Timestamp,
    ) -> Result<(), StoreError> {
        let touched = self
            .db
            .update_item()
            .table_name(&self.tables.api_keys)
            .key(key::HASH, s(record.hash.as_str()))
            .update_expression("SET #used = :now")
            .condition_expression("attribute_exists(#hash) AND (attribute_not_exists(#used) OR #used < :since)")
            .expression_attribute_names("#hash", key::HASH)
            .expression_attribute_names("#used", key::LAST_USED_AT)
            .expression_attribute_values(":now", s(now))
            .expression_attribute_values(":since", s(unless_since))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(self.log.clone())
            .send()
            .await;
        match touched {
            Ok(output) => {
                self.log.wrote(output.consumed_capacity());
                Ok(())
            }
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => Ok(()),
            Err(error) => Err(StoreError::from_sdk("UpdateItem api-keys", &error)),
        }
    }

    /// The organization's keys, in the order of their creation. From an index that can lag behind
    /// by a moment.
    ///
    /// # Errors
    /// When the table fails, or an item is malformed.
    pub async fn keys_of(&self, org: &OrgId) -> Result<Vec<KeyRecord>, StoreError> {
        let mut records = Vec::new();
        let mut pages = self
            .db
            .query()
            .table_name(&self.tables.api_keys)
            .index_name(BY_ORG)
            .key_condition_expression("#org = :org")
            .expression_attribute_names("#org", key::ORG)
            .expression_attribute_values(":org", s(org))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            records.push(record(&item.map_err(|error| StoreError::from_sdk("Query api-keys", &error))?)?);
        }
        records.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.caller.key.cmp(&b.caller.key)));
        Ok(records)
    }

    /// The key with this public identifier. Reads the whole table, strongly consistently: an
    /// operator who revokes a leaked key must find it, however new it is.
    ///
    /// # Errors
    /// When the table fails, or the item is malformed.
    pub async fn find_key_by_id(&self, id: &KeyId) -> Result<Option<KeyRecord>, StoreError> {
        Ok(self.keys_with(key::ID, s(id)).await?.pop())
    }

    /// All keys of an organization. Reads the whole table, strongly consistently: the index of
    /// [`Store::keys_of`] can lag behind, and a key that is missed goes on opening the organization.
    ///
    /// # Errors
    /// When the table fails, or an item is malformed.
    pub async fn all_keys_of(&self, org: &OrgId) -> Result<Vec<KeyRecord>, StoreError> {
        self.keys_with(key::ORG, s(org)).await
    }

    async fn keys_with(&self, attribute: &str, value: AttributeValue) -> Result<Vec<KeyRecord>, StoreError> {
        let mut pages = self
            .db
            .scan()
            .table_name(&self.tables.api_keys)
            .consistent_read(true)
            .select(Select::AllAttributes)
            .filter_expression("#attribute = :value")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", value)
            .into_paginator()
            .items()
            .send();
        let mut records = Vec::new();
        while let Some(item) = pages.next().await {
            records.push(record(&item.map_err(|error| StoreError::from_sdk("Scan api-keys", &error))?)?);
        }
        Ok(records)
    }

    /// Revokes a key, for good and from the next request on. A key that was revoked before keeps
    /// its first date.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn revoke_key(&self, record: &KeyRecord, now: Timestamp) -> Result<(), StoreError> {
        self.set_key_date(record, "SET #date = if_not_exists(#date, :date)", key::REVOKED_AT, now).await
    }

    /// Moves a key's end.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn expire_key(&self, record: &KeyRecord, at: Timestamp) -> Result<(), StoreError> {
        self.set_key_date(record, "SET #date = :date", key::EXPIRES_AT, at).await
    }

    async fn set_key_date(
        &self,
        record: &KeyRecord,
        update: &str,
        attribute: &str,
        date: Timestamp,
    ) -> Result<(), StoreError> {
        self.db
            .update_item()
            .table_name(&self.tables.api_keys)
            .key(key::HASH, s(record.hash.as_str()))
            .update_expression(update)
            .condition_expression("attribute_exists(#hash)")
            .expression_attribute_names("#hash", key::HASH)
            .expression_attribute_names("#date", attribute)
            .expression_attribute_values(":date", AttributeValue::S(date.to_string()))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("UpdateItem api-keys", &error))?;
        Ok(())
    }
}

fn record(item: &Item) -> Result<KeyRecord, StoreError> {
    Ok(KeyRecord {
        hash: KeyHash::stored(item::required(item, key::HASH)?),
        caller: Caller {
            org: item::parsed(item, key::ORG)?,
            user: item::parsed(item, key::USER)?,
            key: item::parsed(item, key::ID)?,
        },
        name: item::required(item, key::NAME)?.to_owned(),
        hint: item::required(item, key::HINT)?.to_owned(),
        created_at: item::parsed(item, key::CREATED_AT)?,
        expires_at: item::parsed(item, key::EXPIRES_AT)?,
        revoked_at: item::parsed_option(item, key::REVOKED_AT)?,
        last_used_at: item::parsed_option(item, key::LAST_USED_AT)?,
    })
}
