//! What the writes to a client share: each is one conditional write, or a few until one applies.
//!
//! A write whose answer is lost may have taken effect, so it is repeated only if the repetition
//! recognizes the effect of the first attempt: each write leaves a random `writeId` in the item, and a
//! repeated write that finds its own has succeeded.

use aws_sdk_dynamodb::operation::{
    put_item::{PutItemInput, PutItemOutput},
    update_item::UpdateItemInput,
};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use domain::{Action, ClientId};
use uuid::Uuid;

use super::{
    attributes,
    expression::{Path, UpdateExpression},
    item, primary_key, token,
};
use crate::store::{
    ExpectedVersions, Store, StoreError, WriteContext, WriteError,
    call::{Conditional, Retry},
    item::{Item, parsed, required, s, text},
};

/// The most attempts of a write whose kind depends on the client's state, if others keep changing that.
pub(super) const ROUNDS: usize = 5;
pub(super) const UPDATE_ITEM: &str = "UpdateItem clients";
pub(super) const PUT_ITEM: &str = "PutItem clients";

/// The random identifier of a write.
pub(super) struct WriteId(String);

impl WriteId {
    pub(super) fn random() -> Self {
        Self(Uuid::new_v4().to_string())
    }

    /// Whether this write was the item's last.
    pub(super) fn is_of(&self, item: &Item) -> bool {
        text(item, attributes::WRITE_ID) == Some(&self.0)
    }
}

/// A change of an item.
pub(super) struct Write<'a> {
    pub(super) action: Action,
    /// The names of the fields that it sets, for the audit trail.
    pub(super) fields: String,
    pub(super) update: UpdateExpression,
    pub(super) retry: Retry,
    pub(super) write_id: &'a WriteId,
}

/// The outcome of a write.
pub(super) enum Attempted {
    /// It took effect, and left this item.
    Done(Item),
    /// It changed nothing: this item is in another state than it needs. The item is empty if there is none.
    OtherState(Item),
    /// It changed nothing: the item does not have an expected version.
    OtherVersion,
}

/// The attributes that say who made the last write, and which.
fn trail(context: &WriteContext, change: &str, write_id: &WriteId) -> [(&'static str, AttributeValue); 4] {
    [
        (attributes::UPDATED_BY, s(&context.caller.user)),
        (attributes::UPDATED_WITH, s(&context.caller.key_id)),
        (attributes::LAST_CHANGE, s(change)),
        (attributes::WRITE_ID, s(&write_id.0)),
    ]
}

/// The attributes that say who created a client, and how.
pub(super) fn creation_trail(context: &WriteContext, action: Action, write_id: &WriteId) -> Item {
    let creation =
        [(attributes::CREATED_BY, s(&context.caller.user)), (attributes::CREATED_WITH, s(&context.caller.key_id))];
    let all = creation.into_iter().chain(trail(context, action.as_str(), write_id));
    all.map(|(attribute, value)| (attribute.to_owned(), value)).collect()
}

impl Store {
    /// Notes in the tally what became of a write: the version that it made, or none if it changed nothing. If it
    /// failed, whether it may have taken effect all the same.
    pub(super) fn settle(&self, outcome: Result<Option<u64>, bool>) {
        match outcome {
            Ok(Some(version)) => self.tally.end_write(version),
            Err(true) => {}
            Ok(None) | Err(false) => self.tally.cancel_write(),
        }
    }

    /// Puts an item in the place of `existing`, which is empty if there must be none.
    pub(super) async fn put_item(&self, item: Item, existing: &Item) -> Result<Conditional<PutItemOutput>, StoreError> {
        let request = PutItemInput::builder()
            .table_name(&self.tables.clients)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = if existing.is_empty() {
            request.condition_expression("attribute_not_exists(#id)").expression_attribute_names("#id", attributes::ID)
        } else {
            request
                .condition_expression("#writeId = :writeId")
                .expression_attribute_names("#writeId", attributes::WRITE_ID)
                .expression_attribute_values(":writeId", s(required(existing, attributes::WRITE_ID)?))
        };
        // The condition holds once.
        self.call_if(PUT_ITEM, Retry::Always, request).await
    }

    /// Tries a change until its outcome is known or its attempts are used up.
    ///
    /// The timestamps of a client never go back, whatever its writers' clocks say. Otherwise a client
    /// could move in the change feed from ahead of a reader to behind it, and the reader would miss it.
    pub(super) async fn write(
        &self,
        context: &WriteContext,
        id: ClientId,
        write: Write<'_>,
        expected: &ExpectedVersions,
    ) -> Result<Attempted, WriteError> {
        let Write { action, fields, mut update, retry, write_id } = write;
        for (attribute, value) in trail(context, format!("{} {fields}", action.as_str()).trim_end(), write_id) {
            update.set(Path::Item(attribute), value);
        }
        update.set(Path::Item(attributes::UPDATED_AT), s(context.at));
        if let Some(any_of) = &expected.any_of {
            update.require_version(any_of);
        }
        update.exclude_versions(&expected.none_of);
        let token = context.token.as_ref();
        match token {
            Some(token) => token.leave(&mut update, context.at),
            None => token::forget(&mut update, context.at),
        }
        let retry = if token.is_some() { Retry::Always } else { retry };
        let mut repeated = false;
        loop {
            let request = UpdateItemInput::builder()
                .table_name(&self.tables.clients)
                .set_key(Some(primary_key(&context.caller.org, id)))
                .update_expression(update.update())
                .condition_expression(update.condition())
                .set_expression_attribute_names(Some(update.names()))
                .set_expression_attribute_values(Some(update.values()))
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let item = match self.call_if(UPDATE_ITEM, retry, request).await? {
                Conditional::Done(output) => return Ok(Attempted::Done(output.attributes.unwrap_or_default())),
                Conditional::Failed { item, repeated: again } => {
                    repeated |= again;
                    item
                }
            };
            if write_id.is_of(&item) {
                return Ok(Attempted::Done(item));
            }
            if item.is_empty() {
                return Ok(Attempted::OtherState(item));
            }
            // A malformed item is not changed.
            item::is_tombstone(&item)?;
            if let Some(token) = token {
                token.check(&item, repeated)?;
            } else if repeated && may_have_come_before(&item, &update, expected)? {
                return Err(StoreError::outcome_unknown(UPDATE_ITEM).into());
            }
            if !update.applies_to(&item) {
                return Ok(Attempted::OtherState(item));
            }
            if !expected.allow(item::version(&item)?) {
                return Ok(Attempted::OtherVersion);
            }
            // The last writer's clock was ahead of ours, or its call overtook ours: take over its
            // timestamp.
            update.set_value(attributes::UPDATED_AT, s(context.at.max(parsed(&item, attributes::UPDATED_AT)?)));
            if update.revivals().is_some() {
                update.require_revivals(item::revivals(&item)?);
            }
        }
    }
}

/// Whether an attempt at the update may have taken effect before others left this item, which does not show it any
/// more: our `writeId` is gone, and nobody can tell.
fn may_have_come_before(
    item: &Item,
    update: &UpdateExpression,
    expected: &ExpectedVersions,
) -> Result<bool, StoreError> {
    let Some(revivals) = update.revivals() else {
        return Ok(expected.are_before(item::version(item)?));
    };
    // A deletion takes effect once between two revivals, and leaves a tombstone; a restoration is a revival.
    Ok(item::revivals(item)? > revivals || (update.is_of_living() && item::is_tombstone(item)?))
}
