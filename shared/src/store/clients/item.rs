//! Converts a client to its item and back. A new field touches this file and nothing else in the store.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Change, Client, ClientPatch, ListedClient, Name, Notes, OrgId, Phone};

use super::{
    attributes::{self, LISTED, LONG_NOTES, SHORT_NOTES_BYTES},
    expression::Path,
};
use crate::store::{
    StoreError,
    item::{Item, corrupt, n, number, parsed, s, take},
};

/// The names of the attributes in [`LISTED`].
pub(super) mod listed {
    pub(crate) const NAME: &str = "name";
    pub(crate) const PHONE: &str = "phone";
    pub(crate) const STATUS: &str = "status";
    pub(crate) const CREATED_AT: &str = "createdAt";
    /// Notes of at most [`SHORT_NOTES_BYTES`](super::SHORT_NOTES_BYTES).
    pub(crate) const NOTES: &str = "notes";
    /// `true` if there are long notes beside the map.
    pub(crate) const HAS_LONG_NOTES: &str = "hasLongNotes";
}

/// Whether the item is a tombstone: what a deletion leaves of a client.
///
/// # Errors
/// Fails if the item is neither a client nor a tombstone. Items of the change feed lack the attribute that
/// tells: use [`change`] for those.
pub(crate) fn is_tombstone(item: &Item) -> Result<bool, StoreError> {
    if item.contains_key(LISTED) {
        return Ok(false);
    }
    if item.contains_key(attributes::DELETED_AT) { Ok(true) } else { Err(corrupt(item, LISTED)) }
}

/// The version of a client or tombstone.
pub(crate) fn version(item: &Item) -> Result<u64, StoreError> {
    number(item, attributes::VERSION)
}

/// The number of times that the client was brought back after a deletion.
pub(crate) fn revivals(item: &Item) -> Result<u64, StoreError> {
    if item.contains_key(attributes::REVIVALS) { number(item, attributes::REVIVALS) } else { Ok(0) }
}

/// The client in an item that is not a tombstone. In the change feed, long notes are absent.
pub(crate) fn client(mut item: Item) -> Result<Client, StoreError> {
    let mut map = take_listed(&mut item)?;
    let bad = |attribute| corrupt(&item, attribute);
    Ok(Client {
        name: Name::from_stored(take(&mut map, listed::NAME).ok_or_else(|| bad(listed::NAME))?),
        phone: take(&mut map, listed::PHONE).map(Phone::from_stored),
        status: parsed(&map, listed::STATUS).map_err(|_| bad(listed::STATUS))?,
        created_at: parsed(&map, listed::CREATED_AT).map_err(|_| bad(listed::CREATED_AT))?,
        id: parsed(&item, attributes::ID)?,
        updated_at: parsed(&item, attributes::UPDATED_AT)?,
        version: version(&item)?,
        notes: take(&mut map, listed::NOTES).or_else(|| take(&mut item, LONG_NOTES)).map(Notes::from_stored),
    })
}

/// The change that an item of the change feed stands for.
pub(super) fn change(item: Item) -> Result<Change, StoreError> {
    if !item.contains_key(LISTED) {
        // The feed has no other time of the deletion, which is the tombstone's last write.
        let deleted_at = parsed(&item, attributes::UPDATED_AT)?;
        return Ok(Change::Remove { id: parsed(&item, attributes::ID)?, version: version(&item)?, deleted_at });
    }
    let map = item.get(LISTED).and_then(|map| map.as_m().ok());
    let has_long_notes = map.is_some_and(|map| map.contains_key(listed::HAS_LONG_NOTES));
    Ok(Change::Upsert(ListedClient { client: client(item)?, has_long_notes }))
}

/// The creation time in the item of a client or a tombstone.
pub(super) fn created_at(item: &Item) -> Result<domain::Timestamp, StoreError> {
    match item.get(LISTED).and_then(|map| map.as_m().ok()) {
        Some(map) => parsed(map, listed::CREATED_AT).map_err(|_| corrupt(item, listed::CREATED_AT)),
        None => parsed(item, attributes::CREATED_AT),
    }
}

fn take_listed(item: &mut Item) -> Result<Item, StoreError> {
    match item.remove(LISTED) {
        Some(AttributeValue::M(map)) => Ok(map),
        _ => Err(corrupt(item, LISTED)),
    }
}

/// The item of a client, without the attributes of the audit trail and of retries.
pub(crate) fn of(org: &OrgId, client: &Client) -> Item {
    let mut map = HashMap::from([
        (listed::NAME.to_owned(), s(client.name.as_str())),
        (listed::STATUS.to_owned(), s(client.status)),
        (listed::CREATED_AT.to_owned(), s(client.created_at)),
    ]);
    if let Some(phone) = &client.phone {
        map.insert(listed::PHONE.to_owned(), s(phone.as_str()));
    }
    let mut item = Item::from([
        (attributes::ORG.to_owned(), s(org)),
        (attributes::ID.to_owned(), s(client.id)),
        (attributes::UPDATED_AT.to_owned(), s(client.updated_at)),
        (attributes::VERSION.to_owned(), n(client.version)),
    ]);
    for (path, value) in notes(client.notes.as_ref()) {
        let Some(value) = value else { continue };
        match path {
            Path::Item(attribute) => item.insert(attribute.to_owned(), value),
            Path::Listed(attribute) => map.insert(attribute.to_owned(), value),
        };
    }
    item.insert(LISTED.to_owned(), AttributeValue::M(map));
    item
}

/// The attributes that a patch sets, or removes where the value is `None`.
pub(super) fn assignments(patch: &ClientPatch) -> Vec<(Path, Option<AttributeValue>)> {
    let mut assignments = Vec::new();
    if let Some(name) = &patch.name {
        assignments.push((Path::Listed(listed::NAME), Some(s(name.as_str()))));
    }
    if let Some(phone) = &patch.phone {
        assignments.push((Path::Listed(listed::PHONE), phone.as_ref().map(|phone| s(phone.as_str()))));
    }
    if let Some(status) = patch.status {
        assignments.push((Path::Listed(listed::STATUS), Some(s(status))));
    }
    if let Some(new) = &patch.notes {
        assignments.extend(notes(new.as_ref()));
    }
    assignments
}

/// All attributes that hold notes: short ones are in the change feed, long ones are not.
fn notes(notes: Option<&Notes>) -> [(Path, Option<AttributeValue>); 3] {
    let text = notes.map(Notes::as_str);
    let short = text.filter(|text| text.len() <= SHORT_NOTES_BYTES);
    let long = text.filter(|text| text.len() > SHORT_NOTES_BYTES);
    [
        (Path::Listed(listed::NOTES), short.map(s)),
        (Path::Listed(listed::HAS_LONG_NOTES), long.map(|_| AttributeValue::Bool(true))),
        (Path::Item(LONG_NOTES), long.map(s)),
    ]
}
