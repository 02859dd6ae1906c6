//! The document has the operations of the table of endpoints.

use std::collections::BTreeSet;

use functions::ENDPOINTS;
use shared::http::{Endpoint, Parameter};

use crate::document::{Document, Operation};

/// Each as `GET /api/v1/clients`.
type Routes = BTreeSet<String>;

/// The endpoint that an operation describes.
fn endpoint(operation: &Operation<'_>) -> &'static Endpoint {
    let found = ENDPOINTS.iter().find(|endpoint| endpoint.route() == operation.route());
    found.unwrap_or_else(|| panic!("no endpoint is {}", operation.route()))
}

#[test]
fn the_document_has_the_endpoints() {
    let documented: Routes = Document::read().operations().iter().map(Operation::route).collect();
    assert_eq!(documented, ENDPOINTS.iter().map(|endpoint| endpoint.route()).collect());
}

#[test]
fn a_body_is_documented_just_where_one_is_taken() {
    for operation in Document::read().operations() {
        assert_eq!(!operation.json["requestBody"].is_null(), endpoint(&operation).takes_body, "{}", operation.id);
    }
}

#[test]
fn the_documented_query_parameters_are_the_endpoints() {
    let document = Document::read();
    for operation in document.operations() {
        let parameters = operation.json["parameters"].as_array().into_iter().flatten();
        let query = parameters.map(|parameter| document.resolved(parameter)).filter(|json| json["in"] == "query");
        let documented = query.map(|json| (json["name"].as_str().unwrap(), json["schema"]["type"] == "array"));
        let taken = endpoint(&operation).query.iter().map(|&Parameter { name, is_list }| (name, is_list));
        assert_eq!(documented.collect::<Vec<_>>(), taken.collect::<Vec<_>>(), "{}", operation.id);
    }
}
