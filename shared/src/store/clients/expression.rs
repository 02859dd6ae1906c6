//! Update expressions, put together piece by piece.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attributes::{LISTED, UPDATED_AT, VERSION};
use crate::store::item::{Item, n};

/// The place of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// An attribute of the item.
    Item(&'static str),
    /// An attribute in the map [`LISTED`].
    Listed(&'static str),
}

/// An update of a living client that counts its version, under the condition that the client's last
/// timestamp is not later than the new one.
pub(super) struct UpdateExpression {
    sets: Vec<String>,
    removes: Vec<String>,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

impl UpdateExpression {
    pub(super) fn new() -> Self {
        let mut update = Self {
            sets: Vec::new(),
            removes: Vec::new(),
            condition: String::new(),
            names: HashMap::new(),
            values: Item::from([(":one".to_owned(), n(1))]),
        };
        let (version, listed) = (update.path(Path::Item(VERSION)), update.path(Path::Item(LISTED)));
        let updated_at = update.path(Path::Item(UPDATED_AT));
        update.sets.push(format!("{version} = {version} + :one"));
        update.condition = format!("attribute_exists({listed}) AND {updated_at} <= :{UPDATED_AT}");
        update
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

    /// Removes an attribute.
    pub(super) fn remove(&mut self, path: Path) {
        let path = self.path(path);
        self.removes.push(path);
    }

    /// Changes the value of an attribute that was [`set`](Self::set).
    pub(super) fn set_value(&mut self, attribute: &str, value: AttributeValue) {
        self.values.insert(format!(":{attribute}"), value);
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
        if !self.removes.is_empty() {
            expression += &format!(" REMOVE {}", self.removes.join(", "));
        }
        expression
    }

    /// The condition expression.
    pub(super) fn condition(&self) -> String {
        self.condition.clone()
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
