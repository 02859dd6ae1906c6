//! What instances note on the items of keys and organizations: the requests that they admitted, and a key's last use.
//!
//! An organization's item is in the table of keys, for its usage and its limits. It has neither `orgId` nor `keyId`,
//! so that no index and no search for keys finds it.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemInputBuilder;
use aws_sdk_dynamodb::{operation::update_item::UpdateItemInput, types::ReturnValue};
use domain::{KeyHash, OrgId, Timestamp};

use super::{UPDATE_ITEM, attributes};
use crate::{
    rate_limit::{Entry, Note, Quotas},
    store::{
        Store, StoreError,
        call::{Conditional, Retry},
        item::{Item, s},
    },
};

/// The start of the key of every organization's item. The functions' roles name it.
const ORGANIZATION: &str = "org#";
/// The limits in the map `limits`.
pub(super) const KEY_LIMIT: &str = "key";
pub(super) const ORGANIZATION_LIMIT: &str = "organization";

/// The use of a key that is to be noted.
#[derive(Clone, Copy, Debug)]
pub struct LastUse {
    /// The time of the use.
    pub at: Timestamp,
    /// A use at this time or later that is on record makes the note needless.
    pub unless_since: Timestamp,
}

impl Store {
    /// Notes the last use of an API key, unless a later one is noted, and the requests that this instance admitted.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn note_api_key_use(
        &self,
        hash: &KeyHash,
        last_use: Option<LastUse>,
        usage: Option<&Note>,
    ) -> Result<(), StoreError> {
        let request = UpdateItemInput::builder().table_name(&self.tables.api_keys);
        let request = request.key(attributes::HASH, s(hash.as_str()));
        let mut set = Vec::new();
        let mut request = match usage {
            Some(note) => write_note(request, note, &mut set),
            None => request,
        };
        let mut condition = "attribute_exists(#hash)";
        if let Some(LastUse { at, unless_since }) = last_use {
            set.push("#used = :now".to_owned());
            request = request
                .expression_attribute_names("#used", attributes::LAST_USED_AT)
                .expression_attribute_values(":now", s(at));
            // With a count to note, the write is due anyway, and a time that goes back by a moment does no harm.
            if usage.is_none() {
                condition = "attribute_exists(#hash) AND (attribute_not_exists(#used) OR #used < :since)";
                request = request.expression_attribute_values(":since", s(unless_since));
            }
        }
        let request = request
            .update_expression(update(&set, usage))
            .condition_expression(condition)
            .expression_attribute_names("#hash", attributes::HASH);
        // A later request tries again.
        match self.call_if(UPDATE_ITEM, Retry::Never, request).await? {
            Conditional::Done(_) | Conditional::Failed { .. } => Ok(()),
        }
    }

    /// Notes the requests of an organization that this instance admitted, and gives what all instances noted.
    ///
    /// # Errors
    /// Fails if the table does, or if the organization has no item.
    pub async fn note_organization_use(&self, org: &OrgId, note: &Note) -> Result<Vec<Entry>, StoreError> {
        let mut set = Vec::new();
        let request = UpdateItemInput::builder().table_name(&self.tables.api_keys);
        let request = request.key(attributes::HASH, s(organization(org)));
        let request = write_note(request, note, &mut set)
            .update_expression(update(&set, Some(note)))
            .return_values(ReturnValue::AllNew);
        let output = self.call(UPDATE_ITEM, Retry::Never, request).await?;
        Ok(usage(&output.attributes.unwrap_or_default()))
    }
}

/// The partition key of an organization's item. No key has this hash.
pub(super) fn organization(org: &OrgId) -> String {
    format!("{ORGANIZATION}{org}")
}

/// What all instances noted on an item.
pub(super) fn usage(item: &Item) -> Vec<Entry> {
    let usage = item.get(attributes::USAGE).and_then(|usage| usage.as_m().ok());
    let entries = usage.into_iter().flatten();
    entries.filter_map(|(name, value)| Entry::read(name, value.as_s().ok()?)).collect()
}

/// An organization's own limits, as its item and those of its keys say.
pub(super) fn quotas(item: &Item) -> Quotas {
    let limits = item.get(attributes::LIMITS).and_then(|limits| limits.as_m().ok());
    let limit = |name| limits?.get(name)?.as_n().ok()?.parse().ok();
    Quotas { key: limit(KEY_LIMIT), organization: limit(ORGANIZATION_LIMIT) }
}

/// Writes the entries of a note as assignments.
fn write_note(mut request: UpdateItemInputBuilder, note: &Note, set: &mut Vec<String>) -> UpdateItemInputBuilder {
    request = request.expression_attribute_names("#usage", attributes::USAGE);
    for (i, entry) in note.entries.iter().enumerate() {
        set.push(format!("#usage.#entry{i} = :entry{i}"));
        request = request
            .expression_attribute_names(format!("#entry{i}"), entry.name())
            .expression_attribute_values(format!(":entry{i}"), s(entry.value()));
    }
    for (i, name) in note.past.iter().enumerate() {
        request = request.expression_attribute_names(format!("#past{i}"), name);
    }
    request
}

fn update(set: &[String], note: Option<&Note>) -> String {
    let past: Vec<_> = (0..note.map_or(0, |note| note.past.len())).map(|i| format!("#usage.#past{i}")).collect();
    let remove = if past.is_empty() { String::new() } else { format!(" REMOVE {}", past.join(", ")) };
    format!("SET {}{remove}", set.join(", "))
}
