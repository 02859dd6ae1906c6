//! One set of routes in five places.

use std::collections::BTreeSet;

use saphyr::{LoadableYamlNode, Yaml};

use crate::document::Document;

/// Each as `GET /api/v1/clients`.
type Routes = BTreeSet<String>;

fn routes() -> Routes {
    functions::ENDPOINTS.iter().map(|endpoint| endpoint.route()).collect()
}

#[test]
fn the_document_has_the_functions_routes() {
    let documented: Routes = Document::read()
        .operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(documented, routes());
}

#[test]
fn the_template_has_the_functions_routes() {
    let template = Yaml::load_from_str(include_str!("../../../template.yaml")).unwrap();
    let resources = template[0]["Resources"].as_mapping().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"].as_str() == Some("AWS::Serverless::Function"));
    let mut found = Routes::new();
    for function in functions {
        for event in function["Properties"]["Events"].as_mapping().unwrap().values() {
            assert_eq!(event["Type"].as_str(), Some("HttpApi"));
            let text = |key: &str| event["Properties"][key].as_str().unwrap();
            assert!(found.insert(format!("{} {}", text("Method"), text("Path"))), "two functions at one route");
        }
    }
    assert_eq!(found, routes());
}

#[test]
fn a_body_is_documented_just_where_one_is_taken() {
    for operation in Document::read().operations() {
        let route = format!("{} {}", operation.method, operation.path);
        let endpoint = functions::ENDPOINTS.iter().find(|endpoint| endpoint.route() == route).unwrap();
        assert_eq!(!operation.json["requestBody"].is_null(), endpoint.takes_body, "{}", operation.id);
    }
}
