//! Reading one client, and the long notes that the change feed leaves out.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::{Caller, Client, ClientId, Notes, OrgId};

use super::{
    attributes::{DELETED_AT, ID, LONG_NOTES, VERSION},
    item, primary_key,
};
use crate::store::{
    Store, StoreError,
    item::{parsed, text},
};

/// A client's long notes, and the version they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongNotes {
    /// The version that was read.
    pub version: u64,
    /// The notes; `None` if this version has no long ones.
    pub notes: Option<Notes>,
}

impl Store {
    /// The client, read strongly consistently. A tombstone is `None`, as an absent client is.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn get(&self, caller: &Caller, id: ClientId) -> Result<Option<Client>, StoreError> {
        match self.read_item(&self.tables.clients, primary_key(&caller.org, id)).await? {
            Some(found) if !item::is_tombstone(&found)? => item::client(found).map(Some),
            _ => Ok(None),
        }
    }

    /// The long notes of these clients (at most 100), read strongly consistently. Clients without an
    /// item are missing from the answer.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn long_notes(&self, org: &OrgId, ids: &[ClientId]) -> Result<HashMap<ClientId, LongNotes>, StoreError> {
        // DynamoDB refuses an empty batch.
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let names = [ID, VERSION, LONG_NOTES, DELETED_AT].map(|name| (format!("#{name}"), name.to_owned()));
        let wanted = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(names.each_ref().map(|(placeholder, _)| placeholder.as_str()).join(", "))
            .set_expression_attribute_names(Some(HashMap::from(names)))
            .set_keys(Some(ids.iter().map(|id| primary_key(org, *id)).collect()))
            .build()
            .expect("keys are set");
        let wanted = HashMap::from([(self.tables.clients.clone(), wanted)]);
        let found = self.read_batch(wanted).await?.into_values().flatten();
        found
            .map(|item| {
                // A tombstone may keep them.
                let notes = text(&item, LONG_NOTES).filter(|_| !item.contains_key(DELETED_AT));
                let notes = notes.map(|text| Notes::from_stored(text.to_owned()));
                Ok((parsed(&item, ID)?, LongNotes { version: item::version(&item)?, notes }))
            })
            .collect()
    }
}
