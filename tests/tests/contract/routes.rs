//! One set of routes in five places.

use std::collections::BTreeSet;

use local::engine::config_for;
use saphyr::{LoadableYamlNode, Yaml};
use shared::{App, Clock, Route, Store, Tables};

use crate::document::Document;

/// Each as `GET /api/v1/clients`.
type Routes = BTreeSet<String>;

const FUNCTIONS: [Route; 5] =
    [list_clients::ROUTE, get_client::ROUTE, create_client::ROUTE, update_client::ROUTE, delete_client::ROUTE];

fn routes(routes: impl IntoIterator<Item = Route>) -> Routes {
    routes.into_iter().map(|route| format!("{} {}", route.method, route.path)).collect()
}

#[test]
fn the_document_has_the_functions_routes() {
    let documented: Routes = Document::read()
        .operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(documented, routes(FUNCTIONS));
}

#[test]
fn the_local_gateway_has_the_functions_routes() {
    let app = App { store: Store::new(&config_for("http://127.0.0.1:9"), Tables::default()), clock: Clock::system() };
    assert_eq!(routes(local::endpoints(&app).iter().map(|endpoint| endpoint.route)), routes(FUNCTIONS));
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
    assert_eq!(found, routes(FUNCTIONS));
}

#[test]
fn a_body_is_documented_just_where_one_is_taken() {
    for operation in Document::read().operations() {
        let route =
            FUNCTIONS.into_iter().find(|route| route.method == operation.method && route.path == operation.path);
        assert_eq!(!operation.json["requestBody"].is_null(), route.unwrap().takes_body, "{}", operation.id);
    }
}
