//! Deleting an organization's clients and API keys for good.

use aws_sdk_dynamodb::operation::{batch_write_item::BatchWriteItemInput, delete_item::DeleteItemInput};
use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use domain::{Clock, OrgId};
use futures_util::{TryStreamExt, stream};

use crate::store::{
    ApiKeyRecord, Store, StoreError,
    api_keys::attributes as api_key,
    call::{Retry, pause},
    clients::{attributes as client, mark},
    item::{Item, s},
};

/// The number of items that are looked up at a time.
const PAGE: i32 = 1000;
/// DynamoDB's limit on one batch of writes.
const BATCH: usize = 25;
/// The number of batches under way at the same time. An organization is one partition, which takes some 1,000 write
/// units a second: more would only be refused.
const PARALLEL: usize = 8;
/// The most attempts at a batch without progress: they take about 16 seconds.
const ATTEMPTS: u32 = 10;

impl Store {
    /// Deletes the record of an API key.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn purge_api_key(&self, record: &ApiKeyRecord) -> Result<(), StoreError> {
        let request = DeleteItemInput::builder().table_name(&self.tables.api_keys);
        let request = request.key(api_key::HASH, s(record.hash.as_str()));
        self.call("DeleteItem api-keys", Retry::Always, request).await?;
        Ok(())
    }

    /// Deletes an organization's clients and tombstones for good, until a strongly consistent read finds
    /// none, and gives their number. `progress` is called with the number so far.
    ///
    /// The change feed does not carry the deletions, but a mark of them: before, so that no replica shows what is
    /// being deleted, and after, so that those which have read meanwhile read again. The mark stays as long as a
    /// tombstone does.
    ///
    /// # Errors
    /// Fails if the table fails for longer than is worth waiting. Repeating the call continues.
    pub async fn purge_clients(
        &self,
        org: &OrgId,
        clock: &Clock,
        progress: impl FnMut(usize),
    ) -> Result<usize, StoreError> {
        self.mark_as_deleted(org, clock).await?;
        let deleted = self.delete_clients(org, progress).await?;
        self.mark_as_deleted(org, clock).await?;
        Ok(deleted)
    }

    async fn delete_clients(&self, org: &OrgId, mut progress: impl FnMut(usize)) -> Result<usize, StoreError> {
        let mut deleted = 0;
        loop {
            // From the start each time: deleted items are gone, and items written meanwhile are found.
            let query = self.query_clients(org).projection_expression("#org, #id");
            let query = query.expression_attribute_names("#id", client::ID).limit(PAGE);
            let (mut keys, _) = self.read_clients(query, None).await?;
            keys.retain(|key| !mark::is_mark(key));
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
        const OPERATION: &str = "BatchWriteItem clients";
        let mut pending: Vec<WriteRequest> = keys.iter().map(|key| delete(key.clone())).collect();
        let mut attempt = 1;
        loop {
            let request = BatchWriteItemInput::builder().request_items(&self.tables.clients, pending.clone());
            match self.call(OPERATION, Retry::Never, request).await {
                Ok(output) => {
                    let rest = output.unprocessed_items.and_then(|mut rest| rest.remove(&self.tables.clients));
                    let rest = rest.unwrap_or_default();
                    if rest.is_empty() {
                        return Ok(());
                    }
                    if rest.len() < pending.len() {
                        attempt = 1;
                    } else if attempt == ATTEMPTS {
                        return Err(StoreError::unprocessed(OPERATION));
                    }
                    pending = rest;
                }
                Err(error) if attempt < ATTEMPTS && (error.is_throttled() || error.may_have_taken_effect()) => {}
                Err(error) => return Err(error),
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
