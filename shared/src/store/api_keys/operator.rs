//! Creating, finding, revoking and expiring API keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use domain::{ApiKey, Caller, KeyId, OrgId, Timestamp, UserId};

use super::{ApiKeyRecord, attributes, record};
use crate::store::{
    Store, StoreError,
    call::{Conditional, Retry},
    item::{Item, s},
    tables::BY_ORG,
};

/// A new API key.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// The organization whose data the key opens.
    pub org: OrgId,
    /// The user who owns the key.
    pub user: UserId,
    /// The name that people give it.
    pub name: String,
    /// The time of its expiry.
    pub expires_at: Timestamp,
}

impl Store {
    /// Stores an API key, and gives its record. If the key is there already, it stays as it is.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn create_api_key(
        &self,
        api_key: &ApiKey,
        new: NewApiKey,
        now: Timestamp,
    ) -> Result<ApiKeyRecord, StoreError> {
        const OPERATION: &str = "PutItem api-keys";
        let record = ApiKeyRecord {
            hash: api_key.hash(),
            caller: Caller { org: new.org, user: new.user, key_id: KeyId::random() },
            name: new.name,
            hint: api_key.hint(),
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let request = self
            .db
            .put_item()
            .table_name(&self.tables.api_keys)
            .item(attributes::HASH, s(record.hash.as_str()))
            .item(attributes::KEY_ID, s(&record.caller.key_id))
            .item(attributes::NAME, s(&record.name))
            .item(attributes::HINT, s(&record.hint))
            .item(attributes::ORG, s(&record.caller.org))
            .item(attributes::USER, s(&record.caller.user))
            .item(attributes::CREATED_AT, s(record.created_at))
            .item(attributes::EXPIRES_AT, s(record.expires_at))
            .condition_expression("attribute_not_exists(#hash)")
            .expression_attribute_names("#hash", attributes::HASH);
        match self.call_if(OPERATION, Retry::Always, request).await? {
            Conditional::Done(_) => Ok(record),
            Conditional::Failed { .. } => {
                self.find_api_key(&record.hash).await?.ok_or(StoreError::outcome_unknown(OPERATION))
            }
        }
    }

    /// The organization's API keys in the order of their creation. The index they come from can lag
    /// behind by a moment.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn list_api_keys(&self, org: &OrgId) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut records = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .db
                .query()
                .table_name(&self.tables.api_keys)
                .index_name(BY_ORG)
                .key_condition_expression("#org = :org")
                .expression_attribute_names("#org", attributes::ORG)
                .expression_attribute_values(":org", s(org))
                .set_exclusive_start_key(start);
            let output = self.call("Query api-keys", Retry::Always, request).await?;
            start = collect(&mut records, output.items, output.last_evaluated_key)?;
            if start.is_none() {
                break;
            }
        }
        records.sort_by(|a, b| (a.created_at, &a.caller.key_id).cmp(&(b.created_at, &b.caller.key_id)));
        Ok(records)
    }

    /// The API key with this identifier. It reads the whole table strongly consistently, because an
    /// operator who revokes a leaked key must find it, however new it is.
    ///
    /// # Errors
    /// Fails if the table does, or if the item is malformed.
    pub async fn find_api_key_by_id(&self, id: &KeyId) -> Result<Option<ApiKeyRecord>, StoreError> {
        Ok(self.scan_api_keys(attributes::KEY_ID, s(id)).await?.pop())
    }

    /// All API keys of an organization. It reads the whole table strongly consistently, because the
    /// index of [`Store::list_api_keys`] can lag behind, and a key that is missed keeps opening the
    /// organization.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn all_api_keys(&self, org: &OrgId) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.scan_api_keys(attributes::ORG, s(org)).await
    }

    async fn scan_api_keys(&self, attribute: &str, value: AttributeValue) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut records = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .db
                .scan()
                .table_name(&self.tables.api_keys)
                .consistent_read(true)
                .select(Select::AllAttributes)
                .filter_expression("#attribute = :value")
                .expression_attribute_names("#attribute", attribute)
                .expression_attribute_values(":value", value.clone())
                .set_exclusive_start_key(start);
            let output = self.call("Scan api-keys", Retry::Always, request).await?;
            start = collect(&mut records, output.items, output.last_evaluated_key)?;
            if start.is_none() {
                return Ok(records);
            }
        }
    }

    /// Revokes an API key for good, from the next request on. A key that was revoked before keeps its
    /// first date.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn revoke_api_key(&self, record: &ApiKeyRecord, now: Timestamp) -> Result<(), StoreError> {
        let update = "SET #date = if_not_exists(#date, :date)";
        self.set_api_key_date(record, update, attributes::REVOKED_AT, now).await
    }

    /// Changes the time of an API key's expiry.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn expire_api_key(&self, record: &ApiKeyRecord, at: Timestamp) -> Result<(), StoreError> {
        self.set_api_key_date(record, "SET #date = :date", attributes::EXPIRES_AT, at).await
    }

    async fn set_api_key_date(
        &self,
        record: &ApiKeyRecord,
        update: &str,
        attribute: &str,
        date: Timestamp,
    ) -> Result<(), StoreError> {
        let request = self
            .db
            .update_item()
            .table_name(&self.tables.api_keys)
            .key(attributes::HASH, s(record.hash.as_str()))
            .update_expression(update)
            .condition_expression("attribute_exists(#hash)")
            .expression_attribute_names("#hash", attributes::HASH)
            .expression_attribute_names("#date", attribute)
            .expression_attribute_values(":date", s(date));
        self.call("UpdateItem api-keys", Retry::Always, request).await?;
        Ok(())
    }
}

/// Adds a page's records, and gives the start of the next page.
fn collect(
    records: &mut Vec<ApiKeyRecord>,
    items: Option<Vec<Item>>,
    next: Option<HashMap<String, AttributeValue>>,
) -> Result<Option<Item>, StoreError> {
    for item in items.unwrap_or_default() {
        records.push(record(&item)?);
    }
    Ok(next.filter(|next| !next.is_empty()))
}
