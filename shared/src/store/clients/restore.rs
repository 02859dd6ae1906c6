//! Restoring a deleted client from its tombstone.

use domain::{Action, Client, ClientId};

use super::{
    attributes::{self, KEPT, LISTED},
    expression::{Path, UpdateExpression},
    item,
    write::{Attempted, Write, WriteId},
};
use crate::store::{ExpectedVersions, Store, WriteContext, WriteError, call::Retry};

impl Store {
    /// Brings a deleted client back as it was, if its tombstone has an expected version. A client that lives is given
    /// as it is.
    ///
    /// # Errors
    /// Fails if there is no such client, if it was deleted too long ago or for good, if it does not have an expected
    /// version, or if the table fails.
    pub async fn restore(
        &self,
        context: &WriteContext,
        id: ClientId,
        expected: &ExpectedVersions,
    ) -> Result<Client, WriteError> {
        self.tally.begin_write(Action::Restore, id, String::new());
        let outcome = self.try_restore(context, id, expected).await;
        self.settle(match &outcome {
            Ok((client, restored)) => Ok(restored.then_some(client.version)),
            Err(error) => Err(error.may_have_taken_effect()),
        });
        outcome.map(|(client, _)| client)
    }

    /// Gives the client, and whether it was restored.
    async fn try_restore(
        &self,
        context: &WriteContext,
        id: ClientId,
        expected: &ExpectedVersions,
    ) -> Result<(Client, bool), WriteError> {
        let mut update = UpdateExpression::of_item_with(KEPT);
        update.require_deleted_since(self.restore_window.start(context.at));
        // So that a repetition does not restore what was deleted again since.
        update.require_revivals(0);
        update.count(attributes::REVIVALS);
        update.copy(Path::Item(KEPT), Path::Item(LISTED));
        for attribute in [KEPT, attributes::CREATED_AT, attributes::DELETED_AT, attributes::EXPIRES_AT] {
            update.remove(Path::Item(attribute));
        }
        let write_id = WriteId::random();
        let (action, fields) = (Action::Restore, String::new());
        let write = Write { action, fields, update, retry: Retry::Always, write_id: &write_id };
        match self.write(context, id, write, expected).await? {
            Attempted::Done(item) => Ok((item::client(item)?, true)),
            Attempted::OtherState(found) if found.contains_key(LISTED) => {
                let client = item::client(found)?;
                if expected.allow(client.version) { Ok((client, false)) } else { Err(WriteError::UnexpectedVersion) }
            }
            Attempted::OtherState(_) => Err(WriteError::NotFound),
            Attempted::OtherVersion => Err(WriteError::UnexpectedVersion),
        }
    }
}
