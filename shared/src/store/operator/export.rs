//! Reading an organization's clients with all that the table knows about them.
//!
//! An export reads the table and not the change feed: a client that is written meanwhile moves in the
//! feed, but keeps its place in the table. Each page is read strongly consistently, so the pages together
//! hold every client that existed before the first and is not deleted meanwhile, once, as it was when its
//! page was read.

use domain::{Client, KeyId, OrgId, UserId};

use crate::store::{
    Store, StoreError,
    clients::{Cursor, attributes, claim, item},
    item::{Item, parsed},
};

/// A client with its authors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// The client, with its long notes.
    pub client: Client,
    /// The user who created it.
    pub created_by: UserId,
    /// The API key it was created with.
    pub created_with: KeyId,
    /// The user who last changed it.
    pub updated_by: UserId,
    /// The API key it was last changed with.
    pub updated_with: KeyId,
}

impl ClientRecord {
    /// The record in an item that is not a tombstone.
    pub(super) fn of(item: Item) -> Result<Self, StoreError> {
        Ok(Self {
            created_by: parsed(&item, attributes::CREATED_BY)?,
            created_with: parsed(&item, attributes::CREATED_WITH)?,
            updated_by: parsed(&item, attributes::UPDATED_BY)?,
            updated_with: parsed(&item, attributes::UPDATED_WITH)?,
            client: item::client(item)?,
        })
    }
}

/// A page of an organization's clients: those in up to 1 MB of its items.
#[derive(Debug)]
pub struct ClientPage {
    /// The clients, in the order of their identifiers.
    pub clients: Vec<ClientRecord>,
    /// The start of the next page; `None` at the end.
    pub next: Option<Cursor>,
}

impl Store {
    /// One page of the organization's clients, from `cursor` on.
    ///
    /// # Errors
    /// Fails if the table does, or if an item is malformed.
    pub async fn export(&self, org: &OrgId, cursor: Option<Cursor>) -> Result<ClientPage, StoreError> {
        let (items, next) = self.read_clients(self.query_clients(org), cursor).await?;
        let mut clients = Vec::new();
        for item in items.into_iter().filter(|item| !claim::is_claim(item)) {
            if !item::is_tombstone(&item)? {
                clients.push(ClientRecord::of(item)?);
            }
        }
        Ok(ClientPage { clients, next })
    }
}
