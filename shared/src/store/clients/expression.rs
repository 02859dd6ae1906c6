//! Update expressions, put together piece by piece.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::Timestamp;

use super::attributes::{DELETED_AT, LISTED, REVIVALS, UPDATED_AT, VERSION};
use crate::store::item::{Item, n, s, text};

/// The place of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// An attribute of the item.
    Item(&'static str),
    /// An attribute in the map [`LISTED`].
    Listed(&'static str),
}

/// An update of an item in a certain state that counts its version, under the condition that the item's last
/// timestamp is not later than the new one.
pub(super) struct UpdateExpression {
    /// The attribute that tells the state.
    state: &'static str,
    /// The earliest time of the deletion of a client whose tombstone is updated.
    deleted_since: Option<Timestamp>,
    /// The number of the client's revivals before the update, if it must be known.
    revivals: Option<u64>,
    sets: Vec<String>,
    adds: Vec<String>,
    removes: Vec<String>,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

impl UpdateExpression {
    /// An update of an item that has this attribute: [`LISTED`] of a client, or
    /// [`KEPT`](super::attributes::KEPT) of a tombstone with data.
    pub(super) fn of_item_with(state: &'static str) -> Self {
        let mut update = Self {
            state,
            deleted_since: None,
            revivals: None,
            sets: Vec::new(),
            adds: Vec::new(),
            removes: Vec::new(),
            condition: String::new(),
            names: HashMap::new(),
            values: Item::from([(":one".to_owned(), n(1))]),
        };
        let (version, state) = (update.path(Path::Item(VERSION)), update.path(Path::Item(state)));
        let updated_at = update.path(Path::Item(UPDATED_AT));
        update.sets.push(format!("{version} = {version} + :one"));
        update.condition = format!("attribute_exists({state}) AND {updated_at} <= :{UPDATED_AT}");
        update
    }

    /// Whether the item has the state that the update needs.
    pub(super) fn applies_to(&self, item: &Item) -> bool {
        let in_time = |since: &Timestamp| text(item, DELETED_AT).is_some_and(|at| *at >= *since.to_string());
        item.contains_key(self.state) && self.deleted_since.as_ref().is_none_or(in_time)
    }

    /// Whether the update is one of a client that lives.
    pub(super) fn is_of_living(&self) -> bool {
        self.state == LISTED
    }

    /// The path in an expression. Every name goes through a placeholder: `name` and `status` are
    /// reserved words.
    fn path(&mut self, path: Path) -> String {
        let mut placeholder = |attribute: &str| {
            self.names.insert(format!("#{attribute}"), attribute.to_owned());
            format!("#{attribute}")
        };
        match path {
            Path::Item(attribute) => placeholder(attribute),
            Path::Listed(attribute) => format!("{}.{}", placeholder(LISTED), placeholder(attribute)),
        }
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, path: Path, value: AttributeValue) {
        let (Path::Item(attribute) | Path::Listed(attribute)) = path;
        self.values.insert(format!(":{attribute}"), value);
        let path = self.path(path);
        self.sets.push(format!("{path} = :{attribute}"));
    }

    /// Sets an attribute to the value that another one has before the update.
    pub(super) fn copy(&mut self, from: Path, to: Path) {
        let (from, to) = (self.path(from), self.path(to));
        self.sets.push(format!("{to} = {from}"));
    }

    /// Counts up an attribute, which may be absent.
    pub(super) fn count(&mut self, attribute: &'static str) {
        let path = self.path(Path::Item(attribute));
        self.values.insert(":zero".to_owned(), n(0));
        self.sets.push(format!("{path} = if_not_exists({path}, :zero) + :one"));
    }

    /// Adds texts to an attribute that is a set.
    pub(super) fn add(&mut self, attribute: &'static str, texts: Vec<String>) {
        self.values.insert(format!(":{attribute}"), AttributeValue::Ss(texts));
        let path = self.path(Path::Item(attribute));
        self.adds.push(format!("{path} :{attribute}"));
    }

    /// Requires that none of these attributes, which are sets, has any of the texts.
    pub(super) fn exclude_members(&mut self, attributes: &[&'static str], texts: &[String]) {
        for (at, text) in texts.iter().enumerate() {
            let placeholder = format!(":member{at}");
            self.values.insert(placeholder.clone(), s(text));
            for attribute in attributes {
                let path = self.path(Path::Item(attribute));
                self.condition += &format!(" AND NOT contains({path}, {placeholder})");
            }
        }
    }

    /// Removes an attribute.
    pub(super) fn remove(&mut self, path: Path) {
        let path = self.path(path);
        self.removes.push(path);
    }

    /// Changes the value of an attribute that was [`set`](Self::set).
    pub(super) fn set_value(&mut self, attribute: &str, value: AttributeValue) {
        self.values.insert(format!(":{attribute}"), value);
    }

    /// Requires that the client was deleted at `since` or later.
    pub(super) fn require_deleted_since(&mut self, since: Timestamp) {
        self.deleted_since = Some(since);
        self.values.insert(":deletedSince".to_owned(), s(since));
        let deleted_at = self.path(Path::Item(DELETED_AT));
        self.condition += &format!(" AND {deleted_at} >= :deletedSince");
    }

    /// Requires this number of revivals.
    pub(super) fn require_revivals(&mut self, revivals: u64) {
        self.path(Path::Item(REVIVALS));
        self.revivals = Some(revivals);
        if revivals > 0 {
            self.values.insert(":revivals".to_owned(), n(revivals));
        }
    }

    /// The number of revivals that is required.
    pub(super) fn revivals(&self) -> Option<u64> {
        self.revivals
    }

    /// Requires the version to be one of `versions`. An empty list lets no version pass.
    pub(super) fn require_version(&mut self, versions: &[u64]) {
        // Zero is not a version, and DynamoDB refuses an empty list.
        let versions = if versions.is_empty() { &[0] } else { versions };
        let list = self.list("version", versions);
        let version = self.path(Path::Item(VERSION));
        self.condition += &format!(" AND {version} IN ({list})");
    }

    /// Requires the version to be none of `versions`.
    pub(super) fn exclude_versions(&mut self, versions: &[u64]) {
        if versions.is_empty() {
            return;
        }
        let list = self.list("excluded", versions);
        let version = self.path(Path::Item(VERSION));
        self.condition += &format!(" AND NOT {version} IN ({list})");
    }

    fn list(&mut self, prefix: &str, versions: &[u64]) -> String {
        let mut placeholders = Vec::new();
        for (at, version) in versions.iter().enumerate() {
            let placeholder = format!(":{prefix}{at}");
            self.values.insert(placeholder.clone(), n(version));
            placeholders.push(placeholder);
        }
        placeholders.join(", ")
    }

    /// The update expression.
    pub(super) fn update(&self) -> String {
        let mut expression = format!("SET {}", self.sets.join(", "));
        if !self.adds.is_empty() {
            expression += &format!(" ADD {}", self.adds.join(", "));
        }
        if !self.removes.is_empty() {
            expression += &format!(" REMOVE {}", self.removes.join(", "));
        }
        expression
    }

    /// The condition expression.
    pub(super) fn condition(&self) -> String {
        let on_revivals = match self.revivals {
            None => String::new(),
            Some(0) => format!(" AND attribute_not_exists(#{REVIVALS})"),
            Some(_) => format!(" AND #{REVIVALS} = :revivals"),
        };
        format!("{}{on_revivals}", self.condition)
    }

    /// The attribute names by their placeholders.
    pub(super) fn names(&self) -> HashMap<String, String> {
        self.names.clone()
    }

    /// The attribute values by their placeholders.
    pub(super) fn values(&self) -> Item {
        self.values.clone()
    }
}
