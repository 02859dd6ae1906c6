//! The tables: keys, indexes, and their protection.

use aws_sdk_dynamodb::types::{KeySchemaElement, Projection};
use end_to_end::template::{SETS, Template};
use local::engine::Engine;
use serde_json::{Value, json};
use shared::store::{Store, Tables};

use crate::{properties, source::source};

/// Compares a template's tables with those that `Store::create_tables` creates in an engine.
async fn are_those_that_the_code_makes(template: &Value) {
    let engine = Engine::in_memory().await.unwrap();
    let names = Tables::default();
    Store::new(engine.config(), names.clone()).create_tables().await.unwrap();
    let db = shared::store::sdk_client(engine.config());
    for (resource, table) in [("ClientsTable", &names.clients), ("ApiKeysTable", &names.api_keys)] {
        let said = properties(template, resource);
        let made = db.describe_table().table_name(table).send().await.unwrap().table.unwrap();
        assert_eq!(said["KeySchema"], keys(made.key_schema()), "{resource}");
        let local = made.local_secondary_indexes().iter();
        let local = local.map(|index| index_as_said(index.index_name(), index.key_schema(), index.projection()));
        assert_eq!(sorted(&said["LocalSecondaryIndexes"]), local.collect::<Vec<_>>(), "{resource}");
        let global = made.global_secondary_indexes().iter();
        let global = global.map(|index| index_as_said(index.index_name(), index.key_schema(), index.projection()));
        assert_eq!(sorted(&said["GlobalSecondaryIndexes"]), global.collect::<Vec<_>>(), "{resource}");
        let mut attributes = made.attribute_definitions().to_vec();
        attributes.sort_by(|one, other| one.attribute_name().cmp(other.attribute_name()));
        let attributes = attributes.iter().map(
            |one| json!({ "AttributeName": one.attribute_name(), "AttributeType": one.attribute_type().as_str() }),
        );
        let mut defined = said["AttributeDefinitions"].as_array().unwrap().clone();
        defined.sort_by_key(|one| one["AttributeName"].as_str().unwrap().to_owned());
        assert_eq!(defined, attributes.collect::<Vec<_>>(), "{resource}");

        assert_eq!(said["BillingMode"], "PAY_PER_REQUEST", "{resource}");
        assert_eq!(said["DeletionProtectionEnabled"], true, "{resource}");
        assert_eq!(said["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{resource}");
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template["Resources"][resource][policy], "Retain", "{resource}");
        }
        let ttl = db.describe_time_to_live().table_name(table).send().await.unwrap().time_to_live_description.unwrap();
        let expected = ttl.attribute_name().map(|name| json!({ "AttributeName": name, "Enabled": true }));
        assert_eq!(said["TimeToLiveSpecification"], expected.unwrap_or_default(), "{resource}");
    }
}

fn keys(schema: &[KeySchemaElement]) -> Value {
    schema
        .iter()
        .map(|key| json!({ "AttributeName": key.attribute_name(), "KeyType": key.key_type().as_str() }))
        .collect()
}

fn index_as_said(name: Option<&str>, schema: &[KeySchemaElement], projection: Option<&Projection>) -> Value {
    let projection = projection.unwrap();
    let mut said = json!({ "ProjectionType": projection.projection_type().unwrap().as_str() });
    let mut attributes = projection.non_key_attributes().to_vec();
    if !attributes.is_empty() {
        attributes.sort();
        said["NonKeyAttributes"] = json!(attributes);
    }
    json!({ "IndexName": name, "KeySchema": keys(schema), "Projection": said })
}

/// The indexes, with their projected attributes sorted.
fn sorted(indexes: &Value) -> Vec<Value> {
    let mut indexes = indexes.as_array().cloned().unwrap_or_default();
    for index in &mut indexes {
        if let Some(attributes) = index["Projection"].get_mut("NonKeyAttributes") {
            attributes.as_array_mut().unwrap().sort_by_key(|name| name.as_str().unwrap().to_owned());
        }
    }
    indexes
}

#[tokio::test]
async fn they_are_those_that_the_code_makes() {
    are_those_that_the_code_makes(&source()).await;
    for set in SETS {
        if let Some(template) = Template::translated(set) {
            are_those_that_the_code_makes(&template.resolved(&[])).await;
        }
    }
}
