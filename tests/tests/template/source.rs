//! What needs no translation, so that a machine without the translator holds it too.

use domain::limits;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::{Value, json};

use crate::tables;

/// The template as it is written, without the tags (`!Ref` and the like).
fn source() -> Value {
    json(&Yaml::load_from_str(include_str!("../../../template.yaml")).unwrap()[0])
}

fn json(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Tagged(_, node) => json(node),
        Yaml::Mapping(fields) => {
            fields.iter().map(|(name, field)| (name.as_str().unwrap().to_owned(), json(field))).collect()
        }
        Yaml::Sequence(items) => items.iter().map(json).collect(),
        scalar => scalar
            .as_bool()
            .map(Value::from)
            .or_else(|| scalar.as_integer().map(Value::from))
            .or_else(|| scalar.as_str().map(Value::from))
            .unwrap_or_default(),
    }
}

#[test]
fn functions_have_their_timeouts() {
    let source = source();
    assert_eq!(source["Globals"]["Function"]["Timeout"], json!(limits::WRITE_TIMEOUT.as_secs()));
    for (function, resource) in crate::resources(&source, "AWS::Serverless::Function") {
        let own = &resource["Properties"]["Timeout"];
        let expected =
            if function == "ListClientsFunction" { json!(limits::LIST_TIMEOUT.as_secs()) } else { json!(null) };
        assert_eq!(*own, expected, "{function}");
    }
}

#[tokio::test]
async fn the_tables_are_those_that_the_code_makes() {
    tables::are_those_that_the_code_makes(&source()).await;
}
