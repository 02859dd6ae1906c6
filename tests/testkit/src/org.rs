//! One organization, written to and read through the store.

use domain::{Caller, Client, ClientId, ClientPatch, NewClient, OrgId, Timestamp};
use list_clients::replicas::{Page, Replicas};
use serde_json::Value;
use shared::{
    App,
    store::{ClientRecord, CreateOutcome, ExpectedVersions, WriteContext},
};

use crate::Lister;

/// An organization, as its user `ann` with the API key `key_1` writes to it. Every operation must succeed.
#[derive(Clone, Debug)]
pub struct Org {
    /// The author of the writes.
    pub caller: Caller,
    /// The tables and the clock.
    pub app: App,
}

impl Org {
    pub(crate) fn new(app: App, id: &str) -> Self {
        let parts = (id.parse(), "ann".parse(), "key_1".parse());
        let (Ok(org), Ok(user), Ok(key_id)) = parts else { unreachable!("{id} is not an identifier") };
        Self { caller: Caller { org, user, key_id }, app }
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &OrgId {
        &self.caller.org
    }

    /// The context of a write now.
    #[must_use]
    pub fn context(&self) -> WriteContext {
        self.context_at(self.app.clock.now())
    }

    /// The context of a write at a time.
    #[must_use]
    pub fn context_at(&self, at: Timestamp) -> WriteContext {
        WriteContext::new(self.caller.clone(), at)
    }

    /// Creates a client from the body of a request.
    ///
    /// # Panics
    /// Panics if it cannot.
    pub async fn create(&self, body: &Value) -> Client {
        let new = NewClient::parse(body.to_string().as_bytes()).expect("a legal client");
        let outcome = self.app.store.create(&self.context(), ClientId::random(), new, None).await;
        match outcome.expect("the table takes the client") {
            CreateOutcome::Created(client) => client,
            other => unreachable!("{other:?}"),
        }
    }

    /// Updates a client.
    ///
    /// # Panics
    /// Panics if it cannot.
    pub async fn update(&self, id: ClientId, patch: &ClientPatch) -> Client {
        let updated = self.app.store.update(&self.context(), id, patch, &ExpectedVersions::ALL).await;
        updated.expect("the client can be updated")
    }

    /// Renames a client.
    ///
    /// # Panics
    /// Panics if it cannot.
    pub async fn rename(&self, id: ClientId, name: &str) -> Client {
        let name = Some(name.parse().expect("a legal name"));
        self.update(id, &ClientPatch { name, ..ClientPatch::default() }).await
    }

    /// Deletes a client.
    ///
    /// # Panics
    /// Panics if it cannot.
    pub async fn delete(&self, id: ClientId) {
        let deleted = self.app.store.delete(&self.context(), id, &ExpectedVersions::ALL, false).await;
        deleted.expect("the client can be deleted");
    }

    /// Restores a deleted client.
    ///
    /// # Panics
    /// Panics if it cannot.
    pub async fn restore(&self, id: ClientId) -> Client {
        let restored = self.app.store.restore(&self.context(), id, &ExpectedVersions::ALL).await;
        restored.expect("the client can be restored")
    }

    /// A client, if there is one with this identifier.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn get(&self, id: ClientId) -> Option<Client> {
        self.app.store.get(&self.caller, id).await.expect("the table answers")
    }

    /// The first 100 clients, as these replicas show them.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn list(&self, replicas: &Replicas) -> Page {
        Lister(replicas.clone()).list(self).await.page
    }

    /// The pages of an export.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn export_pages(&self) -> Vec<Vec<ClientRecord>> {
        let (mut pages, mut next) = (Vec::new(), None);
        loop {
            let page = self.app.store.export(self.id(), next).await.expect("the table answers");
            pages.push(page.clients);
            next = page.next;
            if next.is_none() {
                return pages;
            }
        }
    }

    /// All clients, as an export has them.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn export(&self) -> Vec<ClientRecord> {
        self.export_pages().await.concat()
    }
}
