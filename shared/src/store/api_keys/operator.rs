//! Creating, finding, listing, revoking and expiring API keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::{
    put_item::PutItemInput, query::QueryInput, scan::ScanInput, update_item::UpdateItemInput,
};
use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemInputBuilder,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, Select},
};
use domain::{ApiKey, Caller, KeyId, OrgId, Timestamp, UserId};

use super::{ApiKeyRecord, UPDATE_ITEM, attributes, record};
use crate::{
    rate_limit::Quotas,
    store::{
        Store, StoreError,
        call::{Conditional, Retry},
        item::{Item, parsed, s},
        tables::BY_ORG,
    },
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

/// The outcome of changing the time of an API key's expiry.
#[derive(Clone, Debug)]
pub enum ExpireOutcome {
    /// The key expires at the given time.
    Set,
    /// The key was revoked or its expiry was changed since it was read, and stays as it is: this is its
    /// record now.
    Changed(Box<ApiKeyRecord>),
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
        let mut record = ApiKeyRecord {
            hash: api_key.hash(),
            caller: Caller { org: new.org, user: new.user, key_id: KeyId::random() },
            name: new.name,
            hint: api_key.hint(),
            created_at: now,
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
            quotas: Quotas::default(),
            usage: Vec::new(),
        };
        let request = PutItemInput::builder()
            .table_name(&self.tables.api_keys)
            .item(attributes::HASH, s(record.hash.as_str()))
            .item(attributes::KEY_ID, s(&record.caller.key_id))
            .item(attributes::NAME, s(&record.name))
            .item(attributes::HINT, s(&record.hint))
            .item(attributes::ORG, s(&record.caller.org))
            .item(attributes::USER, s(&record.caller.user))
            .item(attributes::CREATED_AT, s(record.created_at))
            .item(attributes::EXPIRES_AT, s(record.expires_at))
            // An entry can be set only in a map that is there.
            .item(attributes::USAGE, AttributeValue::M(HashMap::new()))
            .condition_expression("attribute_not_exists(#hash)")
            .expression_attribute_names("#hash", attributes::HASH);
        if let Conditional::Failed { .. } = self.call_if(OPERATION, Retry::Always, request).await? {
            let found = self.find_api_key(&record.hash).await?;
            record = found.ok_or(StoreError::outcome_unknown(OPERATION))?;
        }
        self.take_organization_quotas(&mut record).await?;
        Ok(record)
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
            let request = QueryInput::builder()
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

    /// Gives the API keys of all organizations to `visit`, those of one organization one after the other, and stops
    /// after `most`. Returns whether these were all. The index that they come from can lag behind by a moment.
    /// Reading it takes a read unit for some 25 keys, and nothing of the table of clients.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn visit_api_keys(&self, most: usize, mut visit: impl FnMut(ApiKeyRecord)) -> Result<bool, StoreError> {
        let (mut left, mut start) = (most, None);
        loop {
            let request = ScanInput::builder()
                .table_name(&self.tables.api_keys)
                .index_name(BY_ORG)
                .limit(i32::try_from(left).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start);
            let output = self.call("Scan api-keys", Retry::Always, request).await?;
            let mut keys = Vec::new();
            start = collect(&mut keys, output.items, output.last_evaluated_key)?;
            left = left.saturating_sub(keys.len());
            keys.into_iter().for_each(&mut visit);
            if start.is_none() || left == 0 {
                return Ok(start.is_none());
            }
        }
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
            let request = ScanInput::builder()
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

    /// Revokes an API key for good, from the next request on, and gives the time of its revocation. A key
    /// that was revoked before keeps its first time.
    ///
    /// # Errors
    /// Fails if the table does, or if there is no such key.
    pub async fn revoke_api_key(&self, record: &ApiKeyRecord, now: Timestamp) -> Result<Timestamp, StoreError> {
        let request = self
            .update_api_key(record)
            .update_expression("SET #revoked = if_not_exists(#revoked, :now)")
            .condition_expression("attribute_exists(#hash)")
            .expression_attribute_names("#hash", attributes::HASH)
            .expression_attribute_names("#revoked", attributes::REVOKED_AT)
            .expression_attribute_values(":now", s(now))
            .return_values(ReturnValue::AllNew);
        let output = self.call(UPDATE_ITEM, Retry::Always, request).await?;
        parsed(&output.attributes.unwrap_or_default(), attributes::REVOKED_AT)
    }

    /// Changes the time of an API key's expiry, unless the key was revoked or its expiry was changed since
    /// `record` was read.
    ///
    /// # Errors
    /// Fails if the table does, or if there is no such key.
    pub async fn expire_api_key(&self, record: &ApiKeyRecord, at: Timestamp) -> Result<ExpireOutcome, StoreError> {
        let request = self
            .update_api_key(record)
            .update_expression("SET #expires = :at")
            .condition_expression("#expires = :read AND attribute_not_exists(#revoked)")
            .expression_attribute_names("#expires", attributes::EXPIRES_AT)
            .expression_attribute_names("#revoked", attributes::REVOKED_AT)
            .expression_attribute_values(":at", s(at))
            .expression_attribute_values(":read", s(record.expires_at))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let current = match self.call_if(UPDATE_ITEM, Retry::Always, request).await? {
            Conditional::Done(_) => return Ok(ExpireOutcome::Set),
            Conditional::Failed { item, .. } if item.is_empty() => {
                return Err(StoreError::condition_failed(UPDATE_ITEM));
            }
            Conditional::Failed { item, .. } => super::record(&item)?,
        };
        // An earlier attempt of ours whose answer was lost, or another writer with the same expiry.
        let is_set = current.expires_at == at && current.revoked_at.is_none();
        Ok(if is_set { ExpireOutcome::Set } else { ExpireOutcome::Changed(Box::new(current)) })
    }

    fn update_api_key(&self, record: &ApiKeyRecord) -> UpdateItemInputBuilder {
        let request = UpdateItemInput::builder().table_name(&self.tables.api_keys);
        request.key(attributes::HASH, s(record.hash.as_str()))
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
