//! Deleting all that an organization has, for good.

use aws_sdk_dynamodb::types::{DeleteRequest, ReturnConsumedCapacity, WriteRequest};
use futures_util::{TryStreamExt, stream};

use super::super::{
    Store, StoreError,
    item::{Item, s},
    keys::KeyRecord,
    pause,
    schema::{client, key},
};
use crate::identity::OrgId;

/// How many items are looked up at a time.
const PAGE: i32 = 1000;
/// DynamoDB's limit on one batch of writes.
const BATCH: usize = 25;
/// Batches under way at the same time. An organization is one partition, which takes some 1,000 write
/// units a second: more would only be refused.
const PARALLEL: usize = 8;
/// How often a batch of which nothing was done is tried, for some 16 seconds.
const ATTEMPTS: u32 = 10;

impl Store {
    /// Deletes what is known of a key.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn purge_key(&self, record: &KeyRecord) -> Result<(), StoreError> {
        self.db
            .delete_item()
            .table_name(&self.tables.api_keys)
            .key(key::HASH, s(record.hash.as_str()))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("DeleteItem api-keys", &error))?;
        Ok(())
    }

    /// Deletes an organization's clients and tombstones for good, until a strongly consistent read finds
    /// none, and says how many. `progress` hears how many there were so far.
    ///
    /// The change feed does not carry this: replicas keep what they have.
    ///
    /// # Errors
    /// When the table fails for longer than is worth waiting. Repeating goes on with what is left.
    pub async fn purge_clients(&self, org: &OrgId, mut progress: impl FnMut(usize)) -> Result<usize, StoreError> {
        let mut deleted = 0;
        loop {
            // From the start each time: what was deleted is gone, and what was written meanwhile is found.
            let query = self.clients_of(org).projection_expression("#org, #id");
            let query = query.expression_attribute_names("#id", client::ID).limit(PAGE);
            let (keys, _) = self.read_clients(query, None).await?;
            if keys.is_empty() {
                return Ok(deleted);
            }
            let batches = keys.chunks(BATCH).map(|keys| Ok(self.purge_batch(keys)));
            stream::iter(batches).try_buffer_unordered(PARALLEL).try_collect::<()>().await?;
            deleted += keys.len();
            progress(deleted);
        }
    }

    async fn purge_batch(&self, keys: &[Item]) -> Result<(), StoreError> {
        let mut pending: Vec<WriteRequest> = keys.iter().map(|key| delete(key.clone())).collect();
        let mut attempt = 1;
        loop {
            let sent = self
                .db
                .batch_write_item()
                .request_items(&self.tables.clients, pending.clone())
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .interceptor(self.log.clone())
                .send()
                .await;
            match sent {
                Ok(output) => {
                    self.log.wrote(output.consumed_capacity().first());
                    let rest = output.unprocessed_items.and_then(|mut rest| rest.remove(&self.tables.clients));
                    let rest = rest.unwrap_or_default();
                    if rest.is_empty() {
                        return Ok(());
                    }
                    if rest.len() < pending.len() {
                        attempt = 1;
                    } else if attempt == ATTEMPTS {
                        return Err(StoreError::unprocessed("BatchWriteItem clients"));
                    }
                    pending = rest;
                }
                Err(error) => {
                    let error = StoreError::from_sdk("BatchWriteItem clients", &error);
                    if attempt == ATTEMPTS || !(error.is_throttled() || error.may_have_taken_effect()) {
                        return Err(error);
                    }
                }
            }
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }
}

fn delete(key: Item) -> WriteRequest {
    let request = DeleteRequest::builder().set_key(Some(key)).build().expect("the key is set");
    WriteRequest::builder().delete_request(request).build()
}
