//! Deleting a client: its item becomes a tombstone, which keeps the client's data for as long as it can be restored,
//! unless the deletion is permanent.

use domain::{Action, ClientId, limits::TOMBSTONE_LIFE};

use super::{
    attributes::{self, KEPT, LISTED, LONG_NOTES},
    expression::{Path, UpdateExpression},
    item::{self, listed},
    write::{Attempted, ROUNDS, UPDATE_ITEM, Write, WriteId},
};
use crate::store::{
    ExpectedVersions, Store, StoreError, WriteContext, WriteError,
    call::Retry,
    item::{n, s},
};

impl Store {
    /// Deletes a client, if it has an expected version, and gives the tombstone's. If the deletion is permanent, it
    /// leaves no data, and it also removes what an earlier deletion has kept.
    ///
    /// # Errors
    /// Fails as [`update`](Self::update) does.
    pub async fn delete(
        &self,
        context: &WriteContext,
        id: ClientId,
        expected: &ExpectedVersions,
        permanently: bool,
    ) -> Result<u64, WriteError> {
        let action = if permanently { Action::Erase } else { Action::Delete };
        self.tally.begin_write(action, id, String::new());
        let outcome = self.try_delete(context, id, expected, action).await;
        self.settle(outcome.as_ref().map(|version| Some(*version)).map_err(WriteError::may_have_taken_effect));
        outcome
    }

    async fn try_delete(
        &self,
        context: &WriteContext,
        id: ClientId,
        expected: &ExpectedVersions,
        action: Action,
    ) -> Result<u64, WriteError> {
        let write_id = WriteId::random();
        let keeps_data = action == Action::Delete && self.restore_window.keeps_data();
        let mut state = LISTED;
        for _ in 0..ROUNDS {
            let update = deletion(context, state, keeps_data);
            let write = Write { action, fields: String::new(), update, retry: Retry::Always, write_id: &write_id };
            let found = match self.write(context, id, write, expected).await? {
                Attempted::Done(item) => return Ok(item::version(&item)?),
                Attempted::OtherVersion => return Err(WriteError::UnexpectedVersion),
                Attempted::OtherState(found) => found,
            };
            // Only a permanent deletion has anything to do on a tombstone.
            match [LISTED, KEPT].into_iter().find(|state| found.contains_key(*state)) {
                Some(other) if action == Action::Erase => state = other,
                _ => return Err(WriteError::NotFound),
            }
        }
        Err(StoreError::contended(UPDATE_ITEM).into())
    }
}

/// The update that makes a tombstone of an item in this state.
fn deletion(context: &WriteContext, state: &'static str, keeps_data: bool) -> UpdateExpression {
    let mut update = UpdateExpression::of_item_with(state);
    // So that a repetition does not delete what was brought back since.
    update.require_revivals(0);
    update.set(Path::Item(attributes::DELETED_AT), s(context.at));
    update.set(Path::Item(attributes::EXPIRES_AT), n(context.at.after(TOMBSTONE_LIFE).seconds()));
    if state == LISTED {
        // An idempotency key that made the client is answered from the tombstone.
        update.copy(Path::Listed(listed::CREATED_AT), Path::Item(attributes::CREATED_AT));
    }
    if keeps_data {
        update.copy(Path::Item(LISTED), Path::Item(KEPT));
    } else {
        update.remove(Path::Item(LONG_NOTES));
    }
    update.remove(Path::Item(state));
    update
}
