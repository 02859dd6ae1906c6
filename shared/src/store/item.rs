//! Reading and writing the attributes of an item. Items were written by this program; a malformed one
//! is an error, and is never skipped.

use std::{collections::HashMap, str::FromStr};

use aws_sdk_dynamodb::types::AttributeValue;
use uuid::Uuid;

use super::StoreError;

/// The sort key of the resources: their identifier.
pub(crate) const ID: &str = "id";

/// An item, or a map attribute of one.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A string attribute.
pub(super) fn s(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute.
pub(super) fn n(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The string in an attribute, if there is one.
pub(super) fn text<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

/// The string in an attribute that every such item has.
pub(super) fn required<'a>(item: &'a Item, attribute: &'static str) -> Result<&'a str, StoreError> {
    text(item, attribute).ok_or_else(|| corrupt(item, attribute))
}

/// The value that the string in an attribute stands for.
pub(super) fn parsed<T: FromStr>(item: &Item, attribute: &'static str) -> Result<T, StoreError> {
    required(item, attribute)?.parse().map_err(|_| corrupt(item, attribute))
}

/// The value that the string in an attribute stands for, if the item has the attribute.
pub(super) fn parsed_option<T: FromStr>(item: &Item, attribute: &'static str) -> Result<Option<T>, StoreError> {
    item.contains_key(attribute).then(|| parsed(item, attribute)).transpose()
}

/// The whole number in an attribute that every such item has.
pub(super) fn number(item: &Item, attribute: &'static str) -> Result<u64, StoreError> {
    let digits = item.get(attribute).and_then(|value| value.as_n().ok());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| corrupt(item, attribute))
}

/// Takes the string out of an attribute of an item that is read only once.
pub(super) fn take(item: &mut Item, attribute: &str) -> Option<String> {
    match item.remove(attribute) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

/// The error for a missing or malformed attribute. It has the item's identifier, which is no secret: nobody
/// would find the item otherwise.
pub(super) fn corrupt(item: &Item, attribute: &'static str) -> StoreError {
    let id: Option<Uuid> = text(item, ID).and_then(domain::parse_uuid);
    StoreError::corrupt(attribute, id)
}
