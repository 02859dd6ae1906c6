//! Between an item's attributes and our types. What was written by this program is trusted to be
//! well formed; where it is not, that is an error, never a row left out.

use std::{collections::HashMap, str::FromStr};

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    StoreError,
    schema::client::{self, SHORT_NOTES_BYTES},
};
use crate::{
    client::{Client, Name, Notes, Phone},
    identity::{ClientId, OrgId},
    time::Timestamp,
};

pub(super) type Item = HashMap<String, AttributeValue>;

/// A string attribute.
pub(super) fn s(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute.
pub(super) fn n(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

pub(super) fn required<'a>(item: &'a Item, attribute: &'static str) -> Result<&'a str, StoreError> {
    text(item, attribute).ok_or_else(|| corrupt(item, attribute))
}

/// An item's identifier is no secret, and without it nobody finds the item.
fn corrupt(item: &Item, attribute: &'static str) -> StoreError {
    StoreError::corrupt(attribute, text(item, client::ID).and_then(|id| id.parse().ok()))
}

pub(super) fn parsed<T: FromStr>(item: &Item, attribute: &'static str) -> Result<T, StoreError> {
    required(item, attribute)?.parse().map_err(|_| corrupt(item, attribute))
}

pub(super) fn parsed_option<T: FromStr>(item: &Item, attribute: &'static str) -> Result<Option<T>, StoreError> {
    item.contains_key(attribute).then(|| parsed(item, attribute)).transpose()
}

pub(super) fn version(item: &Item) -> Result<u64, StoreError> {
    let number = item.get(client::VERSION).and_then(|value| value.as_n().ok());
    number.and_then(|digits| digits.parse().ok()).ok_or_else(|| corrupt(item, client::VERSION))
}

pub(super) fn is_tombstone(item: &Item) -> bool {
    item.contains_key(client::DELETED_AT)
}

/// Takes a string out of an item that is read only once.
fn take(item: &mut Item, attribute: &str) -> Option<String> {
    match item.remove(attribute) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// The client in an item that is no tombstone. From the change feed, long notes are absent.
pub(super) fn client(mut item: Item) -> Result<Client, StoreError> {
    let notes = take(&mut item, client::NOTES).or_else(|| take(&mut item, client::LONG_NOTES));
    Ok(Client {
        id: parsed::<ClientId>(&item, client::ID)?,
        status: parsed(&item, client::STATUS)?,
        created_at: parsed::<Timestamp>(&item, client::CREATED_AT)?,
        updated_at: parsed::<Timestamp>(&item, client::UPDATED_AT)?,
        version: version(&item)?,
        name: Name::stored(take(&mut item, client::NAME).ok_or_else(|| corrupt(&item, client::NAME))?),
        phone: take(&mut item, client::PHONE).map(Phone::stored),
        notes: notes.map(Notes::stored),
    })
}

/// The attributes of a living client; who wrote it is the writer's to add.
pub(super) fn of(org: &OrgId, client: &Client) -> Item {
    let mut item = Item::from(
        [
            (client::ORG, s(org)),
            (client::ID, s(client.id)),
            (client::NAME, s(client.name.as_str())),
            (client::STATUS, s(client.status)),
            (client::CREATED_AT, s(client.created_at)),
            (client::UPDATED_AT, s(client.updated_at)),
            (client::VERSION, n(client.version)),
        ]
        .map(|(attribute, value)| (attribute.to_owned(), value)),
    );
    let phone = client.phone.as_ref().map(|phone| (client::PHONE, s(phone.as_str())));
    let notes = client.notes.iter().flat_map(notes);
    item.extend(phone.into_iter().chain(notes).map(|(attribute, value)| (attribute.to_owned(), value)));
    item
}

/// The attributes that hold notes: the short ones in the change feed, the long ones beside it.
pub(super) fn notes(notes: &Notes) -> Vec<(&'static str, AttributeValue)> {
    if notes.as_str().len() <= SHORT_NOTES_BYTES {
        vec![(client::NOTES, s(notes.as_str()))]
    } else {
        vec![(client::LONG_NOTES, s(notes.as_str())), (client::HAS_LONG_NOTES, AttributeValue::Bool(true))]
    }
}

/// All attributes that notes can be held in.
pub(super) const NOTES_ATTRIBUTES: [&str; 3] = [client::NOTES, client::LONG_NOTES, client::HAS_LONG_NOTES];
