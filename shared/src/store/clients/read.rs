//! Reading one client, and the long notes that the change feed leaves out.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::{batch_get_item::BatchGetItemInput, get_item::GetItemInput};
use aws_sdk_dynamodb::types::KeysAndAttributes;
use domain::{Caller, Client, ClientId, Notes, OrgId};

use super::{
    attributes::{ID, LONG_NOTES, VERSION},
    item, primary_key,
};
use crate::store::{
    Store, StoreError,
    call::{Retry, pause},
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
        let request = GetItemInput::builder().table_name(&self.tables.clients).consistent_read(true);
        let request = request.set_key(Some(primary_key(&caller.org, id)));
        match self.call("GetItem clients", Retry::Always, request).await?.item {
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
        let names = [ID, VERSION, LONG_NOTES].map(|name| (format!("#{name}"), name.to_owned()));
        let wanted = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(names.each_ref().map(|(placeholder, _)| placeholder.as_str()).join(", "))
            .set_expression_attribute_names(Some(HashMap::from(names)))
            .set_keys(Some(ids.iter().map(|id| primary_key(org, *id)).collect()))
            .build()
            .expect("keys are set");
        let mut found = HashMap::new();
        let mut pending = Some(HashMap::from([(self.tables.clients.clone(), wanted)]));
        while let Some(batch) = pending.take() {
            let request = BatchGetItemInput::builder().set_request_items(Some(batch));
            let output = self.call("BatchGetItem clients", Retry::Always, request).await?;
            for item in output.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let notes = text(&item, LONG_NOTES).map(|text| Notes::from_stored(text.to_owned()));
                found.insert(parsed(&item, ID)?, LongNotes { version: item::version(&item)?, notes });
            }
            // DynamoDB leaves out items beyond 16 MB and throttled ones; they are asked for again. The
            // request's deadline bounds this loop.
            pending = output.unprocessed_keys.filter(|rest| !rest.is_empty());
            if pending.is_some() {
                tokio::time::sleep(pause(1)).await;
            }
        }
        Ok(found)
    }
}
