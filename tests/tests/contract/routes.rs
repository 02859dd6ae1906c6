//! The document has the routes of the table of endpoints.

use std::collections::BTreeSet;

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
fn a_body_is_documented_just_where_one_is_taken() {
    for operation in Document::read().operations() {
        let route = format!("{} {}", operation.method, operation.path);
        let endpoint = functions::ENDPOINTS.iter().find(|endpoint| endpoint.route() == route).unwrap();
        assert_eq!(!operation.json["requestBody"].is_null(), endpoint.takes_body, "{}", operation.id);
    }
}
