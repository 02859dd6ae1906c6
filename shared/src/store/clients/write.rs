//! Create, update and delete: each is one conditional write.
//!
//! A write whose answer is lost may have taken effect, so it is repeated only if the repetition
//! recognizes the effect of the first attempt: each write leaves a random `writeId` in the item, and a
//! repeated write that finds its own has succeeded.

use aws_sdk_dynamodb::operation::{put_item::PutItemInput, update_item::UpdateItemInput};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{Action, Client, ClientId, ClientPatch, NewClient, limits::TOMBSTONE_LIFE};
use uuid::Uuid;

use super::{
    attributes,
    expression::{Path, UpdateExpression},
    item::{self, listed},
    primary_key,
};
use crate::store::{
    ExpectedVersions, Store, StoreError, WriteContext, WriteError,
    call::{Conditional, Retry},
    item::{Item, n, required, s, text},
};

/// The outcome of a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// The client was created.
    Created(Client),
    /// The same request created this client before. It is given as it was then.
    Replayed(Client),
    /// Another request used the identifier before.
    Conflict,
}

impl Store {
    /// Creates a client. If `request_hash` is given and a client with this identifier was created with
    /// the same hash before, the create is the replay of that request.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn create(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: NewClient,
        request_hash: Option<&str>,
    ) -> Result<CreateOutcome, StoreError> {
        self.tally.begin_write(Action::Create, id, String::new());
        let outcome = self.put(context, id, new, request_hash).await;
        match &outcome {
            Ok(CreateOutcome::Created(client)) => self.tally.end_write(client.version),
            Err(error) if error.may_have_taken_effect() => {}
            Ok(CreateOutcome::Replayed(_) | CreateOutcome::Conflict) | Err(_) => self.tally.cancel_write(),
        }
        outcome
    }

    async fn put(
        &self,
        context: &WriteContext,
        id: ClientId,
        new: NewClient,
        request_hash: Option<&str>,
    ) -> Result<CreateOutcome, StoreError> {
        let write_id = Uuid::new_v4().to_string();
        let WriteContext { caller, at } = context;
        let created = new.created(id, *at);
        let mut attributes = item::of(&caller.org, &created);
        let mut put = |attribute: &str, value| attributes.insert(attribute.to_owned(), value);
        put(attributes::CREATED_BY, s(&caller.user));
        put(attributes::CREATED_WITH, s(&caller.key_id));
        put(attributes::UPDATED_BY, s(&caller.user));
        put(attributes::UPDATED_WITH, s(&caller.key_id));
        put(attributes::LAST_CHANGE, s(Action::Create.as_str()));
        put(attributes::WRITE_ID, s(&write_id));
        if let Some(hash) = request_hash {
            put(attributes::REQUEST_HASH, s(hash));
        }
        let request = PutItemInput::builder()
            .table_name(&self.tables.clients)
            .set_item(Some(attributes))
            .condition_expression("attribute_not_exists(#id)")
            .expression_attribute_names("#id", attributes::ID)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let (existing, repeated) = match self.call_if("PutItem clients", Retry::Always, request).await? {
            Conditional::Done(_) => return Ok(CreateOutcome::Created(created)),
            Conditional::Failed { item, repeated } => (item, repeated),
        };
        // Without a hash the identifier is random: an item that a repeated attempt finds is the first
        // attempt's, even if its `writeId` is gone because the client was changed since.
        if text(&existing, attributes::WRITE_ID) == Some(&write_id) || (repeated && request_hash.is_none()) {
            return Ok(CreateOutcome::Created(created));
        }
        // Equal hashes mean equal bodies, so the client as it was created then is known from this body,
        // whatever became of it since.
        if request_hash.is_some() && text(&existing, attributes::REQUEST_HASH) == request_hash {
            let at = item::created_at(&existing)?;
            return Ok(CreateOutcome::Replayed(Client { created_at: at, updated_at: at, ..created }));
        }
        Ok(CreateOutcome::Conflict)
    }

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
        let mut update = UpdateExpression::new();
        for (path, value) in item::assignments(patch) {
            match value {
                Some(value) => update.set(path, value),
                None => update.remove(path),
            }
        }
        let retry = if expected.allow_one_at_most() { Retry::Always } else { Retry::IfWithoutEffect };
        let write = Write { action: Action::Update, fields: patch.fields(), update, retry };
        let item = self.write(context, id, write, expected).await?;
        Ok(item::client(item)?)
    }

    /// Deletes a client, if it has an expected version: turns it into a tombstone.
    ///
    /// # Errors
    /// Fails as [`update`](Self::update) does.
    pub async fn delete(
        &self,
        context: &WriteContext,
        id: ClientId,
        expected: &ExpectedVersions,
    ) -> Result<(), WriteError> {
        let mut update = UpdateExpression::new();
        update.set(Path::Item(attributes::DELETED_AT), s(context.at));
        update.set(Path::Item(attributes::EXPIRES_AT), n(context.at.after(TOMBSTONE_LIFE).seconds()));
        // An idempotency key that made the client is answered from the tombstone.
        update.copy(Path::Listed(listed::CREATED_AT), Path::Item(attributes::CREATED_AT));
        update.remove(Path::Item(attributes::LISTED));
        update.remove(Path::Item(attributes::LONG_NOTES));
        // A second delete finds a tombstone and changes nothing.
        let write = Write { action: Action::Delete, fields: String::new(), update, retry: Retry::Always };
        self.write(context, id, write, expected).await?;
        Ok(())
    }

    /// Makes a write to a living client, notes it in the tally, and gives the item after it.
    async fn write(
        &self,
        context: &WriteContext,
        id: ClientId,
        write: Write,
        expected: &ExpectedVersions,
    ) -> Result<Item, WriteError> {
        self.tally.begin_write(write.action, id, write.fields.clone());
        let outcome = self.try_write(context, id, write, expected).await;
        match &outcome {
            Ok(item) => self.tally.end_write(item::version(item)?),
            Err(WriteError::Store(error)) if error.may_have_taken_effect() => {}
            Err(_) => self.tally.cancel_write(),
        }
        outcome
    }

    /// Tries a write until its outcome is known or its attempts are used up.
    ///
    /// The timestamps of a client never go back, whatever its writers' clocks say. Otherwise a client
    /// could move in the change feed from ahead of a reader to behind it, and the reader would miss it.
    async fn try_write(
        &self,
        context: &WriteContext,
        id: ClientId,
        write: Write,
        expected: &ExpectedVersions,
    ) -> Result<Item, WriteError> {
        const OPERATION: &str = "UpdateItem clients";
        let Write { action, fields, mut update, retry } = write;
        let write_id = Uuid::new_v4().to_string();
        let WriteContext { caller, at } = context;
        update.set(Path::Item(attributes::UPDATED_BY), s(&caller.user));
        update.set(Path::Item(attributes::UPDATED_WITH), s(&caller.key_id));
        update.set(Path::Item(attributes::LAST_CHANGE), s(format!("{} {fields}", action.as_str()).trim_end()));
        update.set(Path::Item(attributes::WRITE_ID), s(&write_id));
        update.set(Path::Item(attributes::UPDATED_AT), s(at));
        if let Some(any_of) = &expected.any_of {
            update.require_version(any_of);
        }
        update.exclude_versions(&expected.none_of);
        let mut repeated = false;
        loop {
            let request = UpdateItemInput::builder()
                .table_name(&self.tables.clients)
                .set_key(Some(primary_key(&caller.org, id)))
                .update_expression(update.update())
                .condition_expression(update.condition())
                .set_expression_attribute_names(Some(update.names()))
                .set_expression_attribute_values(Some(update.values()))
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let item = match self.call_if(OPERATION, retry, request).await? {
                Conditional::Done(output) => return Ok(output.attributes.unwrap_or_default()),
                Conditional::Failed { item, repeated: again } => {
                    repeated |= again;
                    item
                }
            };
            if text(&item, attributes::WRITE_ID) == Some(&write_id) {
                return Ok(item);
            }
            if item.is_empty() {
                return Err(WriteError::NotFound);
            }
            let version = item::version(&item)?;
            // If an earlier attempt made the version after the expected one, and another write the next,
            // then our `writeId` is gone, and nobody can tell whether ours took effect.
            if repeated && expected.are_before(version) {
                return Err(StoreError::outcome_unknown(OPERATION).into());
            }
            if item::is_tombstone(&item)? {
                return Err(WriteError::NotFound);
            }
            if !expected.allow(version) {
                return Err(WriteError::UnexpectedVersion);
            }
            // The last writer's clock was ahead of ours, or its call overtook ours: take over its
            // timestamp.
            update.set_value(attributes::UPDATED_AT, s(required(&item, attributes::UPDATED_AT)?));
        }
    }
}

/// A write to a living client.
struct Write {
    action: Action,
    /// The names of the fields that it sets, for the log.
    fields: String,
    update: UpdateExpression,
    retry: Retry,
}
