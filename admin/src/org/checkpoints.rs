//! The checkpoints of an organization, for its deletion.

use anyhow::{Context, Result};
use domain::OrgId;
use list_engine::checkpoint::Key;
use shared::{objects::Objects, store::Store};

/// Where an organization's checkpoints are.
pub(crate) struct Checkpoints {
    objects: Objects,
    keys: Vec<String>,
}

impl Checkpoints {
    /// The checkpoints of an organization on the store's table. `None` if the table has no identifier: then there are
    /// none.
    ///
    /// # Errors
    /// Fails if the table does not tell its identifier.
    pub(crate) async fn of(org: &OrgId, store: &Store, objects: Objects) -> Result<Option<Self>> {
        let table =
            store.clients_table_id().await.context("could not identify the table, to which checkpoints belong")?;
        Ok(table.map(|table| Self { objects, keys: Key { table, organization: org.sha256() }.all_keys() }))
    }

    /// Deletes them. It is safe to repeat.
    ///
    /// # Errors
    /// Fails if the storage does. Some may be deleted.
    pub(crate) async fn delete(&self) -> Result<()> {
        for key in &self.keys {
            self.objects.delete(key).await.context("could not delete the organization's checkpoints")?;
        }
        Ok(())
    }
}
