//! Reading an organization's clients with all that is known of them.
//!
//! From the table and not from the change feed: there a client that is written meanwhile moves, here
//! it keeps its place. Each page is read strongly consistently, so the pages together hold every client
//! that was there before the first and is not deleted meanwhile, once, as it was when its page was read.

use super::super::{
    Store, StoreError,
    feed::Cursor,
    item::{self, Item},
    schema::client,
};
use crate::{
    client::Client,
    identity::{KeyId, OrgId, UserId},
};

/// A client, and who made and last changed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// The client, long notes included.
    pub client: Client,
    /// Who made it.
    pub created_by: UserId,
    /// The key it was made with.
    pub created_with: KeyId,
    /// Who last changed it.
    pub updated_by: UserId,
    /// The key it was last changed with.
    pub updated_with: KeyId,
}

impl ClientRecord {
    /// The record in an item that is no tombstone.
    pub(super) fn of(item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            created_by: item::parsed(&item, client::CREATED_BY)?,
            created_with: item::parsed(&item, client::CREATED_WITH)?,
            updated_by: item::parsed(&item, client::UPDATED_BY)?,
            updated_with: item::parsed(&item, client::UPDATED_WITH)?,
            client: item::client(item)?,
        })
    }
}

/// Up to 1 MB of an organization's clients.
#[derive(Debug)]
pub struct ClientPage {
    /// The living ones, in the order of their identifiers.
    pub clients: Vec<ClientRecord>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

impl Store {
    /// One page of the organization's living clients, from `cursor` on.
    ///
    /// # Errors
    /// When the table fails, or an item in it is malformed.
    pub async fn export(&self, org: &OrgId, cursor: Option<Cursor>) -> Result<ClientPage, StoreError> {
        let (items, next) = self.read_clients(self.clients_of(org), cursor).await?;
        let living = items.into_iter().filter(|item| !item::is_tombstone(item));
        Ok(ClientPage { clients: living.map(ClientRecord::of).collect::<Result<_, _>>()?, next })
    }
}
