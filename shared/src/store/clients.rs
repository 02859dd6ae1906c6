//! One client at a time: create, get, update, delete. Every write is one conditional call.
//!
//! A write whose answer is lost may have taken effect, so it is repeated only where the repetition
//! recognizes the effect of the first try: each write leaves its `writeId` in the item, and a
//! repeated write that finds its own mark has succeeded.

use std::{collections::HashMap, future::Future};

use aws_sdk_dynamodb::{
    config::{http::HttpResponse, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use uuid::Uuid;

use super::{
    Store, StoreError,
    item::{self, Item, n, s},
    pause,
    schema::client,
};
use crate::{
    client::{Action, Client, ClientPatch, NewClient},
    identity::{Caller, ClientId},
    limits::TOMBSTONE_LIFE,
    time::Timestamp,
};

/// How often a write is tried in all.
const ATTEMPTS: u32 = 3;

/// Who writes, and when.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// On whose behalf; its organization is the one written to.
    pub caller: Caller,
    /// The writer's clock.
    pub at: Timestamp,
}

/// What a create came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// A new client.
    New(Client),
    /// The client that the same request made before, as it was then.
    Replayed(Client),
    /// The identifier was made by another request.
    Conflict,
}

/// Why an update or a delete changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such client.
    #[error("no such client")]
    NotFound,
    /// It has none of the expected versions.
    #[error("not an expected version")]
    Stale,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The client, read strongly consistently.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn get(&self, caller: &Caller, id: ClientId) -> Result<Option<Client>, StoreError> {
        let output = self
            .db
            .get_item()
            .table_name(&self.tables.clients)
            .set_key(Some(key(caller, id)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(self.log.clone())
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem clients", &error))?;
        self.log.read(output.consumed_capacity());
        match output.item {
            Some(found) if !item::is_tombstone(&found) => item::client(found).map(Some),
            _ => Ok(None),
        }
    }

    /// Creates a client. With a `request_hash`, a client that is already there under this
    /// identifier is the earlier effect of the same request, if the hash is the same.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn create(
        &self,
        stamp: &Stamp,
        id: ClientId,
        new: NewClient,
        request_hash: Option<&str>,
    ) -> Result<Created, StoreError> {
        self.log.write_begins(Action::Create, id, String::new());
        let outcome = self.put(stamp, id, new, request_hash).await;
        match &outcome {
            Ok(Created::New(client)) => self.log.write_made(client.version),
            Err(error) if error.may_have_taken_effect() => {}
            Ok(Created::Replayed(_) | Created::Conflict) | Err(_) => self.log.write_changed_nothing(),
        }
        outcome
    }

    async fn put(
        &self,
        stamp: &Stamp,
        id: ClientId,
        new: NewClient,
        request_hash: Option<&str>,
    ) -> Result<Created, StoreError> {
        let write_id = Uuid::new_v4().to_string();
        let made = new.created(id, stamp.at);
        let mut attributes = item::of(&stamp.caller.org, &made);
        let mut put = |attribute: &str, value| attributes.insert(attribute.to_owned(), value);
        put(client::CREATED_BY, s(&stamp.caller.user));
        put(client::CREATED_WITH, s(&stamp.caller.key));
        put(client::UPDATED_BY, s(&stamp.caller.user));
        put(client::UPDATED_WITH, s(&stamp.caller.key));
        put(client::LAST_CHANGE, s(Action::Create.as_str()));
        put(client::WRITE_ID, s(&write_id));
        if let Some(hash) = request_hash {
            put(client::REQUEST_HASH, s(hash));
        }
        let call = || {
            self.db
                .put_item()
                .table_name(&self.tables.clients)
                .set_item(Some(attributes.clone()))
                .condition_expression("attribute_not_exists(#id)")
                .expression_attribute_names("#id", client::ID)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .customize()
                .interceptor(self.log.clone())
                .config_override(once())
                .send()
        };
        let (there, repeated) = match settle("PutItem clients", true, call).await? {
            Settled::Done(output) => {
                self.log.wrote(output.consumed_capacity());
                return Ok(Created::New(made));
            }
            Settled::Refused { item, repeated } => (item, repeated),
        };
        // Without a hash the identifier is random: what a repeated try finds there is the first try's,
        // even if its mark is gone because the client was changed since.
        if item::text(&there, client::WRITE_ID) == Some(&write_id) || (repeated && request_hash.is_none()) {
            return Ok(Created::New(made));
        }
        // Equal hashes are equal bodies, so what was created then is known from the body now,
        // whatever has become of the client since.
        if request_hash.is_some() && item::text(&there, client::REQUEST_HASH) == request_hash {
            let at = item::parsed(&there, client::CREATED_AT)?;
            return Ok(Created::Replayed(Client { created_at: at, updated_at: at, ..made }));
        }
        Ok(Created::Conflict)
    }

    /// Changes a client in one atomic write. `versions` are the ones it may have; `None`: any.
    ///
    /// # Errors
    /// When there is no such client, when it has none of `versions`, or when the table fails.
    pub async fn update(
        &self,
        stamp: &Stamp,
        id: ClientId,
        patch: &ClientPatch,
        versions: Option<&[u64]>,
    ) -> Result<Client, Refused> {
        let mut change = UpdateExpression::new(Action::Update, patch.fields());
        if let Some(name) = &patch.name {
            change.set(client::NAME, s(name.as_str()));
        }
        if let Some(status) = patch.status {
            change.set(client::STATUS, s(status));
        }
        match &patch.phone {
            Some(Some(phone)) => change.set(client::PHONE, s(phone.as_str())),
            Some(None) => change.remove(client::PHONE),
            None => {}
        }
        if let Some(notes) = &patch.notes {
            let attributes = notes.as_ref().map(item::notes).unwrap_or_default();
            for absent in item::NOTES_ATTRIBUTES.iter().filter(|name| !attributes.iter().any(|(set, _)| set == *name)) {
                change.remove(absent);
            }
            for (attribute, value) in attributes {
                change.set(attribute, value);
            }
        }
        let item = self.change(stamp, id, change, versions).await?;
        Ok(item::client(item)?)
    }

    /// Deletes a client: turns it into a tombstone. `versions` as for an update.
    ///
    /// # Errors
    /// As for an update.
    pub async fn delete(&self, stamp: &Stamp, id: ClientId, versions: Option<&[u64]>) -> Result<(), Refused> {
        let mut change = UpdateExpression::new(Action::Delete, String::new());
        change.set(client::DELETED_AT, s(stamp.at));
        change.set(client::EXPIRES_AT, n(stamp.at.after(TOMBSTONE_LIFE).seconds()));
        for attribute in [client::NAME, client::PHONE, client::STATUS] {
            change.remove(attribute);
        }
        for attribute in item::NOTES_ATTRIBUTES {
            change.remove(attribute);
        }
        // A second delete finds a tombstone, so repeating this one blindly cannot do harm.
        change.repeatable = true;
        self.change(stamp, id, change, versions).await?;
        Ok(())
    }

    /// Applies a change to a living client and gives the item as it is then.
    async fn change(
        &self,
        stamp: &Stamp,
        id: ClientId,
        change: UpdateExpression,
        versions: Option<&[u64]>,
    ) -> Result<Item, Refused> {
        self.log.write_begins(change.action, id, change.fields.clone());
        let outcome = self.try_change(stamp, id, change, versions).await;
        match &outcome {
            Ok(item) => self.log.write_made(item::version(item)?),
            Err(Refused::Store(error)) if error.may_have_taken_effect() => {}
            Err(_) => self.log.write_changed_nothing(),
        }
        outcome
    }

    /// Tries to, until the outcome is known or the tries are used up.
    ///
    /// The stamps of one client never go back, whatever its writers' clocks: a reader of the change
    /// feed could otherwise miss the client while it moves from before the reader to behind it.
    async fn try_change(
        &self,
        stamp: &Stamp,
        id: ClientId,
        mut change: UpdateExpression,
        versions: Option<&[u64]>,
    ) -> Result<Item, Refused> {
        let write_id = Uuid::new_v4().to_string();
        change.set(client::UPDATED_BY, s(&stamp.caller.user));
        change.set(client::UPDATED_WITH, s(&stamp.caller.key));
        change.set(client::LAST_CHANGE, s(format!("{} {}", change.action.as_str(), change.fields).trim_end()));
        change.set(client::WRITE_ID, s(&write_id));
        change.set(client::UPDATED_AT, s(stamp.at));
        change.condition += &format!(" AND #{0} <= :{0}", client::UPDATED_AT);
        change.only_versions(versions);
        let mut repeated = false;
        loop {
            let call = || {
                self.db
                    .update_item()
                    .table_name(&self.tables.clients)
                    .set_key(Some(key(&stamp.caller, id)))
                    .update_expression(change.update_expression())
                    .condition_expression(&change.condition)
                    .set_expression_attribute_names(Some(change.names.clone()))
                    .set_expression_attribute_values(Some(change.values.clone()))
                    .return_values(ReturnValue::AllNew)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .customize()
                    .interceptor(self.log.clone())
                    .config_override(once())
                    .send()
            };
            let item = match settle("UpdateItem clients", change.repeatable, call).await? {
                Settled::Done(output) => {
                    self.log.wrote(output.consumed_capacity());
                    return Ok(output.attributes.unwrap_or_default());
                }
                Settled::Refused { item, repeated: again } => {
                    repeated |= again;
                    item
                }
            };
            if item::text(&item, client::WRITE_ID) == Some(&write_id) {
                return Ok(item);
            }
            if item.is_empty() {
                return Err(Refused::NotFound);
            }
            let version = item::version(&item)?;
            // Had an earlier try made the version after the expected one, and another write the
            // next, our mark would be gone: nobody can tell whether ours took effect.
            if repeated
                && versions.is_some_and(|expected| expected.iter().any(|expected| version > expected.saturating_add(1)))
            {
                return Err(StoreError::outcome_unknown("UpdateItem clients").into());
            }
            if item::is_tombstone(&item) {
                return Err(Refused::NotFound);
            }
            if versions.is_some_and(|expected| !expected.contains(&version)) {
                return Err(Refused::Stale);
            }
            // What is left: the last writer's clock was ahead of ours, or its call overtook ours.
            change.set_value(client::UPDATED_AT, s(item::required(&item, client::UPDATED_AT)?));
        }
    }
}

fn key(caller: &Caller, id: ClientId) -> Item {
    Item::from([(client::ORG.to_owned(), s(&caller.org)), (client::ID.to_owned(), s(id))])
}

/// An update expression in the making.
struct UpdateExpression {
    action: Action,
    /// The names of the fields that it sets, as the log has them.
    fields: String,
    sets: Vec<String>,
    removes: Vec<String>,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
    /// Whether the condition holds for one try at the most.
    repeatable: bool,
}

impl UpdateExpression {
    fn new(action: Action, fields: String) -> Self {
        let mut change = Self {
            action,
            fields,
            sets: vec![format!("#{0} = #{0} + :one", client::VERSION)],
            removes: Vec::new(),
            condition: format!("attribute_exists(#{}) AND attribute_not_exists(#{})", client::ID, client::DELETED_AT),
            names: HashMap::new(),
            values: Item::from([(":one".to_owned(), n(1))]),
            repeatable: false,
        };
        for attribute in [client::VERSION, client::ID, client::DELETED_AT] {
            change.name(attribute);
        }
        change
    }

    /// Every name goes through a placeholder: `name` and `status` are reserved words.
    fn name(&mut self, attribute: &str) {
        self.names.insert(format!("#{attribute}"), attribute.to_owned());
    }

    fn set_value(&mut self, attribute: &str, value: AttributeValue) {
        self.values.insert(format!(":{attribute}"), value);
    }

    fn set(&mut self, attribute: &str, value: AttributeValue) {
        self.name(attribute);
        self.set_value(attribute, value);
        self.sets.push(format!("#{attribute} = :{attribute}"));
    }

    fn remove(&mut self, attribute: &str) {
        self.name(attribute);
        self.removes.push(format!("#{attribute}"));
    }

    fn only_versions(&mut self, versions: Option<&[u64]>) {
        let Some(versions) = versions else { return };
        // Of two versions, a first try could make the one that a second then finds.
        self.repeatable |= versions.len() <= 1;
        // Zero is no version: an empty list matches nothing.
        let mut placeholders = Vec::new();
        for (at, version) in versions.iter().chain(versions.is_empty().then_some(&0)).enumerate() {
            let placeholder = format!(":version{at}");
            self.values.insert(placeholder.clone(), n(version));
            placeholders.push(placeholder);
        }
        self.condition += &format!(" AND #{} IN ({})", client::VERSION, placeholders.join(", "));
    }

    fn update_expression(&self) -> String {
        let mut expression = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            expression += &format!(" REMOVE {}", self.removes.join(", "));
        }
        expression
    }
}

/// One try, without the SDK's own repetition: it knows nothing of marks.
pub(super) fn once() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// How a conditional write ended.
enum Settled<T> {
    /// It took effect.
    Done(T),
    /// Its condition failed on this item (empty: none there); `repeated`: an earlier try of the
    /// same write may have taken effect.
    Refused { item: Item, repeated: bool },
}

/// Makes a conditional write until its outcome is known or the tries are used up. A write that
/// may have taken effect is tried again only if it is `repeatable`.
async fn settle<T, E, F>(
    operation: &'static str,
    repeatable: bool,
    call: impl Fn() -> F,
) -> Result<Settled<T>, StoreError>
where
    F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + std::error::Error + ConditionCheck + 'static,
{
    let mut repeated = false;
    let mut attempt = 1;
    loop {
        let error = match call().await {
            Ok(output) => return Ok(Settled::Done(output)),
            Err(error) => error,
        };
        if let Some(item) = error.as_service_error().and_then(ConditionCheck::failed_on) {
            return Ok(Settled::Refused { item, repeated });
        }
        let error = StoreError::from_sdk(operation, &error);
        let again = error.is_throttled() || (error.may_have_taken_effect() && repeatable);
        repeated |= error.may_have_taken_effect();
        if !again || attempt == ATTEMPTS {
            // What the last try came to says nothing of the ones before.
            let known = !repeated || error.may_have_taken_effect();
            return Err(if known { error } else { StoreError::outcome_unknown(operation) });
        }
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
}

/// The errors of the writes that have a condition.
trait ConditionCheck {
    /// The item on which the condition failed, empty where there was none.
    fn failed_on(&self) -> Option<Item>;
}

macro_rules! condition_check {
    ($($error:path),*) => {$(
        impl ConditionCheck for $error {
            fn failed_on(&self) -> Option<Item> {
                match self {
                    Self::ConditionalCheckFailedException(failed) => Some(failed.item().cloned().unwrap_or_default()),
                    _ => None,
                }
            }
        }
    )*};
}

condition_check!(
    aws_sdk_dynamodb::operation::put_item::PutItemError,
    aws_sdk_dynamodb::operation::update_item::UpdateItemError
);
