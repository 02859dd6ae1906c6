//! The change feed: an organization's clients and tombstones in the order of `updatedAt`, read strongly
//! consistently from the local secondary index.

use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::query::builders::QueryInputBuilder;
use domain::{Change, ClientId, OrgId, Timestamp};

use super::{
    attributes::{ID, ORG, UPDATED_AT},
    item, mark, primary_key,
};
use crate::store::{
    Store, StoreError,
    call::Retry,
    item::{Item, parsed, s},
    tables::BY_UPDATED_AT,
};

/// A page of the feed: up to 1 MB of its entries.
#[derive(Debug)]
pub struct FeedPage {
    /// The entries, in the order of `updatedAt`.
    pub changes: Vec<Change>,
    /// The time at which the organization was last deleted, if the page has the mark of that.
    pub mark: Option<Timestamp>,
    /// The start of the next page; `None` at the end of the feed.
    pub next: Option<Cursor>,
}

/// A position in a query's results.
#[derive(Clone, Debug)]
pub struct Cursor(Item);

/// The position of an entry in the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    /// The entry's `updatedAt`.
    pub at: Timestamp,
    /// The client's identifier.
    pub id: ClientId,
}

/// A place to read the feed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedStart {
    /// The first entry.
    Beginning,
    /// The entries of a time.
    At(Timestamp),
    /// The entry after a position, whether that still has an entry or not.
    After(FeedPosition),
}

impl Cursor {
    /// The cursor after an entry of the organization's feed.
    fn after(org: &OrgId, position: FeedPosition) -> Self {
        let mut key = primary_key(org, position.id);
        key.insert(UPDATED_AT.to_owned(), s(position.at));
        Self(key)
    }

    /// The position in the feed after which the cursor goes on.
    ///
    /// # Errors
    /// Fails if it is not a cursor of the feed.
    pub fn position(&self) -> Result<FeedPosition, StoreError> {
        Ok(FeedPosition { at: parsed(&self.0, UPDATED_AT)?, id: parsed(&self.0, ID)? })
    }
}

impl Store {
    /// One page of the organization's feed, from `cursor` on. If `since` is given, the feed starts with
    /// the entries of that time.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn feed(
        &self,
        org: &OrgId,
        since: Option<Timestamp>,
        cursor: Option<Cursor>,
    ) -> Result<FeedPage, StoreError> {
        self.feed_page(org, since, cursor, None).await
    }

    /// The entries of the organization's feed from `start` on: `most` of them, or one page if that is fewer.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn feed_from(&self, org: &OrgId, start: FeedStart, most: u16) -> Result<FeedPage, StoreError> {
        let (since, cursor) = match start {
            FeedStart::Beginning => (None, None),
            FeedStart::At(since) => (Some(since), None),
            FeedStart::After(position) => (None, Some(Cursor::after(org, position))),
        };
        self.feed_page(org, since, cursor, Some(most.into())).await
    }

    async fn feed_page(
        &self,
        org: &OrgId,
        since: Option<Timestamp>,
        cursor: Option<Cursor>,
        most: Option<i32>,
    ) -> Result<FeedPage, StoreError> {
        let mut query = self.query_clients(org).index_name(BY_UPDATED_AT);
        if let Some(since) = since {
            query = query
                .key_condition_expression("#org = :org AND #updatedAt >= :since")
                .expression_attribute_names("#updatedAt", UPDATED_AT)
                .expression_attribute_values(":since", s(since));
        }
        let (mut items, next) = self.read_clients(query.set_limit(most), cursor).await?;
        let mark = mark::take(&mut items)?;
        Ok(FeedPage { changes: items.into_iter().map(item::change).collect::<Result<_, _>>()?, mark, next })
    }

    /// A strongly consistent query of all items that an organization has in the table of clients.
    pub(in crate::store) fn query_clients(&self, org: &OrgId) -> QueryInputBuilder {
        QueryInput::builder()
            .table_name(&self.tables.clients)
            .key_condition_expression("#org = :org")
            .expression_attribute_names("#org", ORG)
            .expression_attribute_values(":org", s(org))
            .consistent_read(true)
    }

    /// One page of a query of the table of clients, from `cursor` on: its items, and the start of the
    /// next page.
    pub(in crate::store) async fn read_clients(
        &self,
        query: QueryInputBuilder,
        cursor: Option<Cursor>,
    ) -> Result<(Vec<Item>, Option<Cursor>), StoreError> {
        let query = query.set_exclusive_start_key(cursor.map(|cursor| cursor.0));
        let output = self.call("Query clients", Retry::Always, query).await?;
        let next = output.last_evaluated_key.filter(|key| !key.is_empty()).map(Cursor);
        Ok((output.items.unwrap_or_default(), next))
    }
}
