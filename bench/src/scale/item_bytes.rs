//! How many bytes a client takes in the table and in its index, by DynamoDB's rules, from the items that
//! the store writes.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use shared::BY_UPDATED_AT;

use crate::{lab::Lab, sample::Sample};

/// What DynamoDB adds to each item and index entry that it keeps.
const OVERHEAD: f64 = 100.0;

/// What one client takes, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct ItemBytes {
    /// In the table.
    pub(crate) item: f64,
    /// In the change feed: what a query is charged by.
    pub(crate) entry: f64,
}

impl ItemBytes {
    /// Means of this organization's items; of its tombstones, if so asked, else of its clients. Of
    /// up to a megabyte of them.
    pub(crate) async fn of(lab: &Lab, org: &str, tombstones: bool) -> Result<Self> {
        let item = mean(lab, org, None, tombstones).await?;
        let entry = mean(lab, org, Some(BY_UPDATED_AT), tombstones).await?;
        Ok(Self { item, entry })
    }

    /// The units by DynamoDB's rules: of reading it, creating it, and changing it, which moves it in the
    /// index: out of one place and into another.
    pub(crate) fn units(self) -> [f64; 3] {
        let writes = |bytes: f64| (bytes / 1024.0).ceil();
        let (item, entry) = (writes(self.item), writes(self.entry));
        [(self.item / 4096.0).ceil(), item + entry, item + 2.0 * entry]
    }

    /// What it takes of an item collection.
    pub(crate) fn kept(self) -> f64 {
        self.item + self.entry + 2.0 * OVERHEAD
    }
}

async fn mean(lab: &Lab, org: &str, index: Option<&str>, tombstones: bool) -> Result<f64> {
    let page = Client::new(&lab.config)
        .query()
        .table_name(&lab.tables.clients)
        .set_index_name(index.map(str::to_owned))
        .key_condition_expression("orgId = :org")
        .filter_expression(if tombstones { "attribute_exists(deletedAt)" } else { "attribute_not_exists(deletedAt)" })
        .expression_attribute_values(":org", AttributeValue::S(org.to_owned()))
        .consistent_read(true)
        .send()
        .await?;
    let sizes = page.items().iter().map(bytes).collect::<Result<Vec<usize>>>()?;
    let sizes = Sample::of(sizes.into_iter().map(|size| size as f64));
    sizes.mean().with_context(|| format!("no items of {org}"))
}

/// The size of an item: the lengths of its names and values.
fn bytes(item: &HashMap<String, AttributeValue>) -> Result<usize> {
    item.iter().map(|(name, value)| Ok(name.len() + value_bytes(value)?)).sum()
}

fn value_bytes(value: &AttributeValue) -> Result<usize> {
    Ok(match value {
        AttributeValue::S(text) => text.len(),
        // A byte for two digits, and one more.
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) => 1,
        _ => bail!("an attribute of a type that the store does not write"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_rounded_up_for_the_item_and_the_index_each() {
        assert_eq!(ItemBytes { item: 1024.0, entry: 10.0 }.units(), [1.0, 2.0, 3.0]);
        assert_eq!(ItemBytes { item: 5000.0, entry: 1025.0 }.units(), [2.0, 7.0, 9.0]);
    }

    #[test]
    fn an_item_is_as_long_as_its_names_and_values() {
        let item = HashMap::from([
            ("id".to_owned(), AttributeValue::S("né".to_owned())),
            ("version".to_owned(), AttributeValue::N("12345".to_owned())),
            ("hasLongNotes".to_owned(), AttributeValue::Bool(true)),
        ]);
        assert_eq!(bytes(&item).unwrap(), (2 + 3) + (7 + 4) + (12 + 1));
        let other = HashMap::from([("x".to_owned(), AttributeValue::Null(true))]);
        assert!(bytes(&other).is_err());
    }
}
