//! `template.yaml` says what the code takes for granted: timeouts, tables, indexes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::time::Duration;

use list_clients::replica::{CLOCK_SKEW, IN_FLIGHT, OVERLAP};
use local::engine::Engine;
use saphyr::{LoadableYamlNode, Yaml};
use shared::{Store, Tables, limits};

fn template() -> Yaml<'static> {
    Yaml::load_from_str(include_str!("../../template.yaml")).unwrap().remove(0)
}

/// A function's own setting, or the one of all functions.
fn setting<'a>(template: &'a Yaml<'a>, function: &str, name: &str) -> &'a Yaml<'a> {
    let properties = &template["Resources"][function]["Properties"];
    properties.as_mapping_get(name).unwrap_or_else(|| &template["Globals"]["Function"][name])
}

fn timeout(template: &Yaml, function: &str) -> Duration {
    let seconds = setting(template, function, "Timeout").as_integer().unwrap();
    Duration::from_secs(seconds.unsigned_abs())
}

#[test]
fn the_overlap_covers_the_timeout_of_every_function_that_writes() {
    let template = template();
    for function in ["CreateClientFunction", "UpdateClientFunction", "DeleteClientFunction"] {
        assert_eq!(timeout(&template, function), limits::WRITE_TIMEOUT, "{function}");
        assert!(OVERLAP >= timeout(&template, function) + CLOCK_SKEW + IN_FLIGHT);
    }
    assert_eq!(timeout(&template, "GetClientFunction"), limits::WRITE_TIMEOUT);
    assert_eq!(timeout(&template, "ListClientsFunction"), limits::LIST_TIMEOUT);
}

#[tokio::test]
async fn the_tables_are_those_that_the_code_makes() {
    let engine = Engine::in_memory().await.unwrap();
    let names = Tables::default();
    Store::new(engine.config(), names.clone()).create_tables().await.unwrap();
    let db = aws_sdk_dynamodb::Client::new(engine.config());
    let template = template();
    for (resource, table) in [("ClientsTable", &names.clients), ("ApiKeysTable", &names.api_keys)] {
        let properties = &template["Resources"][resource]["Properties"];
        let made = db.describe_table().table_name(table).send().await.unwrap().table.unwrap();
        assert_eq!(keys(&properties["KeySchema"]), made_keys(made.key_schema()));
        let mut indexes = Vec::new();
        for index in made.local_secondary_indexes() {
            indexes.push((index.index_name(), index.key_schema(), index.projection(), "LocalSecondaryIndexes"));
        }
        for index in made.global_secondary_indexes() {
            indexes.push((index.index_name(), index.key_schema(), index.projection(), "GlobalSecondaryIndexes"));
        }
        assert_eq!(indexes.len(), 1, "{table}");
        for (name, schema, projection, kind) in indexes {
            let index = &properties[kind][0];
            let projection = projection.unwrap();
            assert_eq!(index["IndexName"].as_str(), name);
            assert_eq!(keys(&index["KeySchema"]), made_keys(schema));
            let projected = &index["Projection"];
            assert_eq!(projected["ProjectionType"].as_str(), projection.projection_type().map(|kind| kind.as_str()));
            let attributes = projected.as_mapping_get("NonKeyAttributes").map(|list| {
                list.as_sequence().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect::<Vec<_>>()
            });
            let (mut said, mut made) = (attributes.unwrap_or_default(), projection.non_key_attributes().to_vec());
            said.sort();
            made.sort();
            assert_eq!(said, made, "{table}");
        }
        for (protection, on) in [
            (&properties["DeletionProtectionEnabled"], true),
            (&properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true),
        ] {
            assert_eq!(protection.as_bool(), Some(on), "{resource}");
        }
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template["Resources"][resource][policy].as_str(), Some("Retain"), "{resource}");
        }
    }
    let ttl = db.describe_time_to_live().table_name(&names.clients).send().await.unwrap();
    let made = ttl.time_to_live_description().unwrap().attribute_name();
    let said = &template["Resources"]["ClientsTable"]["Properties"]["TimeToLiveSpecification"];
    assert_eq!((said["AttributeName"].as_str(), said["Enabled"].as_bool()), (made, Some(true)));
}

fn keys(schema: &Yaml) -> Vec<(String, String)> {
    let text = |element: &Yaml, name: &str| element[name].as_str().unwrap().to_owned();
    schema
        .as_sequence()
        .unwrap()
        .iter()
        .map(|element| (text(element, "AttributeName"), text(element, "KeyType")))
        .collect()
}

fn made_keys(schema: &[aws_sdk_dynamodb::types::KeySchemaElement]) -> Vec<(String, String)> {
    schema.iter().map(|key| (key.attribute_name().to_owned(), key.key_type().as_str().to_owned())).collect()
}
