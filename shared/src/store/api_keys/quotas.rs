//! An organization's own limits: on its item, and copied onto the items of its keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemInput, get_item::GetItemInput, update_item::UpdateItemInput},
    types::{AttributeValue, ReturnValue},
};
use domain::OrgId;

use super::{
    ApiKeyRecord, UPDATE_ITEM, attributes,
    usage::{KEY_LIMIT, ORGANIZATION_LIMIT, organization, quotas},
};
use crate::{
    rate_limit::Quotas,
    store::{
        Store, StoreError,
        call::{Conditional, Retry},
        item::{n, s},
    },
};

impl Store {
    /// An organization's own limits.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn organization_quotas(&self, org: &OrgId) -> Result<Quotas, StoreError> {
        let request = GetItemInput::builder().table_name(&self.tables.api_keys).consistent_read(true);
        let request = request.key(attributes::HASH, s(organization(org)));
        let item = self.call("GetItem api-keys", Retry::Always, request).await?.item;
        Ok(item.map(|item| quotas(&item)).unwrap_or_default())
    }

    /// Sets an organization's own limits, from the next request on, and gives the number of its keys. Repeating the
    /// call continues if it failed on the way.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn set_organization_quotas(&self, org: &OrgId, quotas: Quotas) -> Result<usize, StoreError> {
        // The organization's item goes first. A key that is created meanwhile is either found below, or takes its
        // limits from that item.
        self.set_quotas(&organization(org), quotas, None).await?;
        let keys = self.all_api_keys(org).await?;
        for key in &keys {
            self.set_quotas(key.hash.as_str(), quotas, Some("attribute_exists(#hash)")).await?;
        }
        Ok(keys.len())
    }

    /// Gives a new key the limits of its organization, whose item is created if it is missing.
    pub(super) async fn take_organization_quotas(&self, key: &mut ApiKeyRecord) -> Result<(), StoreError> {
        let request = UpdateItemInput::builder()
            .table_name(&self.tables.api_keys)
            .key(attributes::HASH, s(organization(&key.caller.org)))
            .update_expression("SET #usage = if_not_exists(#usage, :none)")
            .expression_attribute_names("#usage", attributes::USAGE)
            .expression_attribute_values(":none", AttributeValue::M(HashMap::new()))
            .return_values(ReturnValue::AllNew);
        let item = self.call(UPDATE_ITEM, Retry::Always, request).await?.attributes.unwrap_or_default();
        let quotas = quotas(&item);
        if quotas != key.quotas {
            self.set_quotas(key.hash.as_str(), quotas, Some("attribute_exists(#hash)")).await?;
            key.quotas = quotas;
        }
        Ok(())
    }

    /// Deletes an organization's item.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn purge_organization(&self, org: &OrgId) -> Result<(), StoreError> {
        let request = DeleteItemInput::builder().table_name(&self.tables.api_keys);
        let request = request.key(attributes::HASH, s(organization(org)));
        self.call("DeleteItem api-keys", Retry::Always, request).await?;
        Ok(())
    }

    async fn set_quotas(&self, hash: &str, quotas: Quotas, condition: Option<&str>) -> Result<(), StoreError> {
        let limits = [(KEY_LIMIT, quotas.key), (ORGANIZATION_LIMIT, quotas.organization)];
        let limits = limits.into_iter().filter_map(|(name, limit)| Some((name.to_owned(), n(limit?)))).collect();
        let request = UpdateItemInput::builder()
            .table_name(&self.tables.api_keys)
            .key(attributes::HASH, s(hash))
            .update_expression("SET #limits = :limits, #usage = if_not_exists(#usage, :none)")
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_names(
                condition.map(|_| HashMap::from([("#hash".to_owned(), attributes::HASH.to_owned())])),
            )
            .expression_attribute_names("#limits", attributes::LIMITS)
            .expression_attribute_names("#usage", attributes::USAGE)
            .expression_attribute_values(":limits", AttributeValue::M(limits))
            .expression_attribute_values(":none", AttributeValue::M(HashMap::new()));
        // A key that is deleted meanwhile needs no limits.
        match self.call_if(UPDATE_ITEM, Retry::Always, request).await? {
            Conditional::Done(_) | Conditional::Failed { .. } => Ok(()),
        }
    }
}
