//! The size of a client's item and of its entry in the index, by DynamoDB's rules.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::OrgId;
use shared::store::{BY_UPDATED_AT, sdk_client};

use crate::{lab::Lab, sample::Sample};

/// The bytes that DynamoDB adds to each stored item and to each index entry.
const OVERHEAD: f64 = 100.0;

/// Mean sizes in bytes.
#[derive(Clone, Copy)]
pub(crate) struct ItemSize {
    /// The item in the table.
    pub(crate) item: f64,
    /// Its entry in the change feed.
    pub(crate) entry: f64,
}

/// The filters of clients and of tombstones, for the table and for the index.
pub(crate) const IS_CLIENT: &str = "attribute_exists(listed)";
pub(crate) const IS_TOMBSTONE: &str = "attribute_not_exists(listed)";

impl ItemSize {
    /// The mean of an organization's items that a filter passes.
    pub(crate) async fn mean(lab: &Lab, org: &OrgId, filter: &str) -> Result<Self> {
        Ok(Self {
            item: mean(lab, org, None, filter).await?,
            entry: mean(lab, org, Some(BY_UPDATED_AT), filter).await?,
        })
    }

    /// The bytes that it takes of an item collection.
    pub(crate) fn stored(self) -> f64 {
        self.item + self.entry + 2.0 * OVERHEAD
    }

    /// The units of a read, of a create and of a change, which moves the entry: a delete and a put in the index.
    pub(crate) fn units(self) -> [f64; 3] {
        let (item, entry) = ((self.item / 1024.0).ceil(), (self.entry / 1024.0).ceil());
        [(self.item / 4096.0).ceil(), item + entry, item + 2.0 * entry]
    }
}

/// The mean over the first page of a query.
async fn mean(lab: &Lab, org: &OrgId, index: Option<&str>, filter: &str) -> Result<f64> {
    let page = sdk_client(&lab.config)
        .query()
        .table_name(&lab.tables.clients)
        .set_index_name(index.map(str::to_owned))
        .key_condition_expression("orgId = :org")
        .filter_expression(filter)
        .expression_attribute_values(":org", AttributeValue::S(org.as_str().to_owned()))
        .consistent_read(true)
        .send()
        .await?;
    let sizes = page.items().iter().map(map_bytes).collect::<Result<Vec<usize>>>()?;
    Sample::of(sizes.into_iter().map(|size| size as f64)).mean().context("the query found no items")
}

/// The bytes of all names and values.
fn map_bytes(map: &HashMap<String, AttributeValue>) -> Result<usize> {
    map.iter().map(|(name, value)| Ok(name.len() + value_bytes(value)?)).sum()
}

fn value_bytes(value: &AttributeValue) -> Result<usize> {
    Ok(match value {
        AttributeValue::S(text) => text.len(),
        // One byte for two digits, and one more.
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        // Three bytes, and one more for each element.
        AttributeValue::M(map) => 3 + map.len() + map_bytes(map)?,
        _ => bail!("the store does not write attributes of this type"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_rounded_up_for_the_item_and_for_its_entry() {
        assert_eq!(ItemSize { item: 1024.0, entry: 10.0 }.units(), [1.0, 2.0, 3.0]);
        assert_eq!(ItemSize { item: 5000.0, entry: 1025.0 }.units(), [2.0, 7.0, 9.0]);
    }

    #[test]
    fn an_item_is_as_long_as_its_names_and_values() {
        let listed = HashMap::from([("name".to_owned(), AttributeValue::S("Zoë".to_owned()))]);
        let item = HashMap::from([
            ("id".to_owned(), AttributeValue::S("né".to_owned())),
            ("version".to_owned(), AttributeValue::N("12345".to_owned())),
            ("hasLongNotes".to_owned(), AttributeValue::Bool(true)),
            ("listed".to_owned(), AttributeValue::M(listed)),
        ]);
        assert_eq!(map_bytes(&item).unwrap(), (2 + 3) + (7 + 4) + (12 + 1) + (6 + 3 + 1 + 4 + 4));
    }
}
