//! The change feed: an organization's clients and tombstones in the order of `updatedAt`, read
//! strongly consistently from the local index; and the long notes that it leaves out.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    config::timeout::TimeoutConfig,
    operation::query::builders::QueryFluentBuilder,
    types::{KeysAndAttributes, ReturnConsumedCapacity},
};

use super::{
    CONNECT_TIMEOUT, FIRST_PAUSE, Store, StoreError,
    item::{self, Item, s},
    schema::{BY_UPDATED_AT, client},
};
use crate::{
    client::{Client, Notes},
    identity::{ClientId, OrgId},
    time::Timestamp,
};

/// One entry of the feed: the latest state of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is there, and this is what it is like.
    Upsert(FeedClient),
    /// It was deleted, by the write of this version.
    Remove {
        /// Which client.
        id: ClientId,
        /// The tombstone's version.
        version: u64,
    },
}

/// A client as the feed carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedClient {
    /// The client; its notes are absent where they are long.
    pub client: Client,
    /// It has notes too long for the feed; [`Store::long_notes`] has them.
    pub long_notes: bool,
}

/// Up to 1 MB of the feed.
#[derive(Debug)]
pub struct FeedPage {
    /// The entries, in the order of `updatedAt`.
    pub changes: Vec<Change>,
    /// Where the next page starts; `None` at the end of the feed.
    pub next: Option<Cursor>,
}

/// A place in the feed.
#[derive(Clone, Debug)]
pub struct Cursor(Item);

/// A client's long notes, and the version that they belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongNotes {
    /// The version of the client that was read.
    pub version: u64,
    /// Its notes; `None` where that version has no long ones.
    pub notes: Option<Notes>,
}

impl Store {
    /// One page of the organization's feed: what was stamped at `since` or later (`None`:
    /// everything), from `cursor` on.
    ///
    /// # Errors
    /// When the table fails, or an item in it is malformed.
    pub async fn feed(
        &self,
        org: &OrgId,
        since: Option<Timestamp>,
        cursor: Option<Cursor>,
    ) -> Result<FeedPage, StoreError> {
        let mut query = self.clients_of(org).index_name(BY_UPDATED_AT);
        if let Some(since) = since {
            query = query
                .key_condition_expression("#org = :org AND #updatedAt >= :since")
                .expression_attribute_names("#updatedAt", client::UPDATED_AT)
                .expression_attribute_values(":since", s(since));
        }
        let (items, next) = self.read_clients(query, cursor).await?;
        Ok(FeedPage { changes: items.into_iter().map(change).collect::<Result<_, _>>()?, next })
    }

    /// A strongly consistent query of all that an organization has in the table of clients.
    pub(super) fn clients_of(&self, org: &OrgId) -> QueryFluentBuilder {
        self.db
            .query()
            .table_name(&self.tables.clients)
            .key_condition_expression("#org = :org")
            .expression_attribute_names("#org", client::ORG)
            .expression_attribute_values(":org", s(org))
            .consistent_read(true)
    }

    /// One page of a query of the table of clients, from `cursor` on: its items, and where the next one
    /// starts.
    pub(super) async fn read_clients(
        &self,
        query: QueryFluentBuilder,
        cursor: Option<Cursor>,
    ) -> Result<(Vec<Item>, Option<Cursor>), StoreError> {
        let output = query
            .set_exclusive_start_key(cursor.map(|cursor| cursor.0))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(self.log.clone())
            .config_override(patient())
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("Query clients", &error))?;
        self.log.read(output.consumed_capacity());
        let next = output.last_evaluated_key.filter(|key| !key.is_empty()).map(Cursor);
        Ok((output.items.unwrap_or_default(), next))
    }

    /// The long notes of these clients (at most 100), read strongly consistently. A client that is
    /// gone for good is absent from the answer.
    ///
    /// # Errors
    /// When the table fails, or an item in it is malformed.
    pub async fn long_notes(&self, org: &OrgId, ids: &[ClientId]) -> Result<HashMap<ClientId, LongNotes>, StoreError> {
        // DynamoDB refuses a batch of nothing.
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let names = [client::ID, client::VERSION, client::LONG_NOTES].map(|name| (format!("#{name}"), name.to_owned()));
        let wanted = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(names.each_ref().map(|(placeholder, _)| placeholder.as_str()).join(", "))
            .set_expression_attribute_names(Some(HashMap::from(names)))
            .set_keys(Some(
                ids.iter()
                    .map(|id| Item::from([(client::ORG.to_owned(), s(org)), (client::ID.to_owned(), s(id))]))
                    .collect(),
            ))
            .build()
            .expect("keys are set");
        let mut found = HashMap::new();
        let mut pending = Some(HashMap::from([(self.tables.clients.clone(), wanted)]));
        while let Some(request) = pending.take() {
            let output = self
                .db
                .batch_get_item()
                .set_request_items(Some(request))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .interceptor(self.log.clone())
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("BatchGetItem clients", &error))?;
            self.log.read(output.consumed_capacity().first());
            for item in output.responses.into_iter().flatten().flat_map(|(_, items)| items) {
                let notes = item::text(&item, client::LONG_NOTES).map(|text| Notes::stored(text.to_owned()));
                found.insert(item::parsed(&item, client::ID)?, LongNotes { version: item::version(&item)?, notes });
            }
            // Beyond 16 MB, or throttled in part, the rest comes back to be asked for again; the
            // request's own deadline bounds this loop.
            pending = output.unprocessed_keys.filter(|rest| !rest.is_empty());
            if pending.is_some() {
                tokio::time::sleep(FIRST_PAUSE).await;
            }
        }
        Ok(found)
    }
}

/// A page of 1 MB takes longer than an item: on DynamoDB Local, which searches its index from the start,
/// some seconds in a large organization. Lists have the time.
fn patient() -> aws_sdk_dynamodb::config::Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(Duration::from_secs(6))
        .operation_timeout(Duration::from_secs(13));
    aws_sdk_dynamodb::config::Builder::new().timeout_config(timeouts.build())
}

fn change(item: Item) -> Result<Change, StoreError> {
    if item::is_tombstone(&item) {
        return Ok(Change::Remove { id: item::parsed(&item, client::ID)?, version: item::version(&item)? });
    }
    let long_notes = item.contains_key(client::HAS_LONG_NOTES);
    Ok(Change::Upsert(FeedClient { client: item::client(item)?, long_notes }))
}
