//! Changing some fields of a client.

use domain::{Action, Client, ClientId, ClientPatch};

use super::{
    attributes::LISTED,
    expression::UpdateExpression,
    item,
    write::{Attempted, Write, WriteId},
};
use crate::store::{ExpectedVersions, Store, WriteContext, WriteError, call::Retry};

impl Store {
    /// Changes a client in one atomic write, if it has an expected version.
    ///
    /// # Errors
    /// Fails if there is no such client, if it does not have an expected version, or if the table fails.
    pub async fn update(
        &self,
        context: &WriteContext,
        id: ClientId,
        patch: &ClientPatch,
        expected: &ExpectedVersions,
    ) -> Result<Client, WriteError> {
        self.tally.begin_write(Action::Update, id, patch.fields());
        let write_id = WriteId::random();
        let write = Write::patching(patch, &write_id, expected);
        let outcome = match self.write(context, id, write, expected).await {
            Ok(Attempted::Done(item)) => item::client(item).map_err(WriteError::from),
            Ok(Attempted::OtherState(_)) => Err(WriteError::NotFound),
            Ok(Attempted::OtherVersion) => Err(WriteError::UnexpectedVersion),
            Err(error) => Err(error),
        };
        self.settle(outcome.as_ref().map(|client| Some(client.version)).map_err(WriteError::may_have_taken_effect));
        outcome
    }
}

impl<'a> Write<'a> {
    /// The change of a living client by a patch.
    pub(super) fn patching(patch: &ClientPatch, write_id: &'a WriteId, expected: &ExpectedVersions) -> Self {
        let mut update = UpdateExpression::of_item_with(LISTED);
        for (path, value) in item::assignments(patch) {
            match value {
                Some(value) => update.set(path, value),
                None => update.remove(path),
            }
        }
        let retry = if expected.allow_one_at_most() { Retry::Always } else { Retry::IfWithoutEffect };
        Self { action: Action::Update, fields: patch.fields(), update, retry, write_id }
    }
}
