//! The examples in the document are answers that the API gives, and the API gives no others than those
//! that the document describes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    document::Document,
    story::{self, Told},
};

/// Operation, status, and name of an example.
type Key = (String, u16, String);

/// The examples of all answers in the document.
fn documented(document: &Document) -> BTreeMap<Key, Value> {
    let mut examples = BTreeMap::new();
    for operation in document.operations() {
        for (status, response) in document.members(&operation.json["responses"]) {
            for (_, content) in document.members(&response["content"]) {
                for (name, example) in document.members(&content["examples"]) {
                    let key = (operation.id.to_owned(), status.parse().unwrap(), name.to_owned());
                    examples.insert(key, example["value"].clone());
                }
            }
        }
    }
    examples
}

#[tokio::test]
async fn every_example_is_a_real_answer_and_every_answer_is_documented() {
    let document = Document::read();
    let mut examples = documented(&document);
    let (mut statuses, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for Told { operation, example, answer } in story::answers().await {
        let faults = document.faults(operation, answer.status, &answer.headers, &answer.body);
        assert!(faults.is_empty(), "{operation}: {} {}: {faults:#?}", answer.status, answer.body);
        statuses.insert((operation.to_owned(), answer.status));
        let Some(name) = example else { continue };
        let key = (operation.to_owned(), answer.status, name.to_owned());
        let documented = examples.get(&key).unwrap_or_else(|| panic!("the document has no example {key:?}"));
        assert_eq!(
            documented,
            &answer.body,
            "the example {key:?} in docs/openapi.json is stale; the API answers\n{}\n",
            serde_json::to_string_pretty(&answer.body).unwrap()
        );
        seen.insert(key);
    }
    examples.retain(|key, _| !seen.contains(key));
    assert!(examples.is_empty(), "no answer of the API shows these: {:?}", examples.keys());
    assert_eq!(statuses, all_statuses(&document), "statuses answered, and those in the document");
}

fn all_statuses(document: &Document) -> BTreeSet<(String, u16)> {
    let operations = document.operations().into_iter();
    operations
        .flat_map(|operation| {
            let statuses: Vec<&str> =
                document.members(&operation.json["responses"]).map(|(status, _)| status).collect();
            statuses.into_iter().map(move |status| (operation.id.to_owned(), status.parse().unwrap()))
        })
        .collect()
}

/// The story makes its requests from these examples, so that an answer's example of the same name shows that
/// the request's is real.
#[test]
fn every_example_of_a_request_has_one_of_its_answer() {
    let document = Document::read();
    let answers: BTreeSet<(String, String)> = documented(&document)
        .into_keys()
        .filter(|(_, status, _)| (200..300).contains(status))
        .map(|(operation, _, name)| (operation, name))
        .collect();
    for operation in document.operations() {
        for (name, _) in document.members(&operation.json["requestBody"]["content"]["application/json"]["examples"]) {
            assert!(answers.contains(&(operation.id.to_owned(), name.to_owned())), "{}: {name}", operation.id);
        }
    }
}

/// The check of the answers finds faults.
#[test]
fn an_answer_that_is_not_documented_is_found() {
    let document = Document::read();
    let headers = json!({
        "content-type": "application/json",
        "etag": "\"1\"",
        "x-request-id": "x",
        "cache-control": "private, no-cache",
        "x-content-type-options": "nosniff",
    });
    let body = documented(&document).remove(&("getClient".into(), 200, "client".into())).unwrap();
    let faults = |status, headers: &Value, body: &Value| {
        document.faults("getClient", status, headers.as_object().unwrap(), body).len()
    };
    assert_eq!(faults(200, &headers, &body), 0);

    let changed = |json: &Value, pointer: &str, value: Value| {
        let mut json = json.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        json.pointer_mut(parent).unwrap()[name] = value;
        json
    };
    assert_ne!(faults(202, &headers, &body), 0, "status");
    assert_ne!(faults(200, &headers, &Value::Null), 0, "no body");
    assert_ne!(faults(200, &headers, &changed(&body, "/data/orgId", json!("x"))), 0, "one field more");
    assert_ne!(faults(200, &headers, &changed(&body, "/data/createdAt", json!("2026-01-31"))), 0, "format");
    assert_ne!(faults(200, &changed(&headers, "/cache-control", json!("public")), &body), 0, "constant header");
    assert_ne!(faults(200, &changed(&headers, "/x-powered-by", json!("x")), &body), 0, "one header more");
    assert_ne!(faults(200, &changed(&headers, "/etag", json!("1")), &body), 0, "header's form");
    assert_ne!(faults(200, &changed(&headers, "/content-type", json!("text/html")), &body), 0, "content type");
    let mut without = headers.clone();
    without.as_object_mut().unwrap().remove("etag");
    assert_ne!(faults(200, &without, &body), 0, "missing header");

    let headers = changed(&without, "/content-type", json!("application/problem+json"));
    let problem = documented(&document).remove(&("getClient".into(), 404, "notFound".into())).unwrap();
    assert_eq!(faults(404, &headers, &problem), 0);
    for (pointer, value) in [
        ("/status", json!(400)),
        ("/type", json!("about:blank")),
        ("/code", json!("unavailable")),
        ("/errors", json!([])),
    ] {
        assert_ne!(faults(404, &headers, &changed(&problem, pointer, value)), 0, "{pointer}");
    }
}
