//! Whether the units that the engine reports include the index's, as they do on AWS, which charges
//! an index for every projected entry that a write changes, and twice where its key moves.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity},
};

use crate::lab::Lab;

/// Writes a small item of its own and moves it within the index, asking for every index's part.
pub(crate) async fn statement(lab: &Lab) -> Result<String> {
    let db = Client::new(&lab.config);
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let key = [("orgId", "index-units"), ("id", "item")].map(|(name, value)| (name.to_owned(), text(value)));
    let put = db
        .put_item()
        .table_name(&lab.tables.clients)
        .set_item(Some(HashMap::from(key.clone())))
        .item("updatedAt", text("2026-01-01T00:00:00.000Z"))
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
        .send()
        .await?;
    let moved = db
        .update_item()
        .table_name(&lab.tables.clients)
        .set_key(Some(HashMap::from(key)))
        .update_expression("SET updatedAt = :now")
        .expression_attribute_values(":now", text("2026-01-02T00:00:00.000Z"))
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
        .send()
        .await?;
    Ok(format!(
        "Write units include the index's, as reported by the engine: creating a small item takes\n\
         {}, changing its `updatedAt` takes\n{}.",
        parts(put.consumed_capacity()).context("no consumed capacity")?,
        parts(moved.consumed_capacity()).context("no consumed capacity")?,
    ))
}

/// Such as `2 (table 1 + byUpdatedAt 1)`.
fn parts(consumed: Option<&ConsumedCapacity>) -> Option<String> {
    let consumed = consumed?;
    let table = consumed.table()?.capacity_units()?;
    let indexes = consumed.local_secondary_indexes().into_iter().flatten();
    let indexes: String =
        indexes.filter_map(|(name, capacity)| Some(format!(" + {name} {}", capacity.capacity_units()?))).collect();
    Some(format!("{} (table {table}{indexes})", consumed.capacity_units()?))
}
