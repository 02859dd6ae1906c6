//! The event files in `events/`, as API Gateway would send them, each answered as its name says. They are
//! samples for people and for `sam local invoke`; `http/` holds what the API does.
//!
//! The files work with `sam local invoke` once their sample key is registered:
//! `cargo run -- --endpoint-url http://127.0.0.1:8000 --key` and the key.
// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use domain::NewClient;
use local::setup::{self, KeySource};
use serde_json::{Value, json};
use shared::{App, store::WriteContext};
use testkit::{Answer, World, invoke};

/// The API key in the event files. It is a sample that everybody can read: it opens only the tables in which
/// a developer registers it.
const SAMPLE_KEY: &str = "ba_0123456789abcdef0123456789abcdef458177ba";
/// The client that the event files name.
const SAMPLE_CLIENT: &str = "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1";

/// Files with the status of their answers, and a text in the answer. A file that has the name of an endpoint
/// need not be here: it is answered with success.
const EVENTS: [(&str, u16, &str); 15] = [
    ("list-clients", 200, r#""total":1"#),
    ("get-client", 200, SAMPLE_CLIENT),
    ("create-client", 201, "John Doe"),
    ("put-client", 200, "John Doe"),
    ("update-client", 200, "No longer active"),
    ("delete-client", 200, r#"{"success":true}"#),
    ("restore-client", 200, "Jane Doe"),
    ("batch-clients", 200, r#""status":"inactive""#),
    ("list-clients-unknown-parameter", 400, "did you mean `sortBy`?"),
    ("get-client-without-key", 401, "unauthorized"),
    ("create-client-invalid", 400, "did you mean `name`?"),
    ("update-client-stale", 412, "precondition_failed"),
    ("delete-client-not-an-id", 404, "not_found"),
    ("delete-client-permanently", 200, r#"{"success":true}"#),
    ("put-client-create-only", 412, "precondition_failed"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()
}

/// The API with the sample key, and the sample client in the key's organization.
async fn app(world: &World) -> App {
    let app = world.app();
    let (_, caller) = setup::prepare(&app, &KeySource::Given(SAMPLE_KEY.parse().unwrap())).await.unwrap();
    let context = WriteContext::new(caller, app.clock.now());
    let new = NewClient::parse(br#"{"name":"Jane Doe"}"#).unwrap();
    app.store.create(&context, SAMPLE_CLIENT.parse().unwrap(), new, None).await.unwrap();
    app
}

/// Sends the event to the endpoint of its route.
async fn send(app: &App, event: &str) -> Answer {
    let event: Value = serde_json::from_str(event).unwrap();
    let services = local::services(app);
    let service = services.iter().find(|service| event["routeKey"] == service.endpoint.route());
    invoke(service.expect("an event has one of our routes"), &event, "5a0b8f1e-0000-4000-8000-000000000000").await
}

#[tokio::test]
async fn every_event_is_answered_as_its_name_says() {
    for (name, status, text) in EVENTS {
        let world = World::new().await;
        let answer = send(&app(&world).await, &read(name)).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        assert!(answer.text.contains(text), "{name}: {answer:?}");
        let content_type = if status < 400 { "application/json" } else { "application/problem+json" };
        assert_eq!(answer.header("content-type"), content_type);
    }
}

#[tokio::test]
async fn every_endpoint_has_an_event_of_its_name_that_succeeds() {
    for endpoint in functions::ENDPOINTS {
        let world = World::new().await;
        let answer = send(&app(&world).await, &read(endpoint.name)).await;
        assert!((200..300).contains(&answer.status), "{}: {answer:?}", endpoint.name);
    }
}

#[tokio::test]
async fn a_create_sent_in_base64_is_the_same_create() {
    let world = World::new().await;
    let mut event: Value = serde_json::from_str(&read("create-client")).unwrap();
    event["body"] = Value::from("eyJuYW1lIjoiSm9zw6kifQ==");
    event["isBase64Encoded"] = Value::from(true);
    let answer = send(&app(&world).await, &event.to_string()).await;
    assert!(answer.text.contains("José"), "{answer:?}");
}

#[tokio::test]
async fn a_payload_that_is_not_an_event_is_a_400_and_not_a_crash() {
    let world = World::new().await;
    for service in local::services(&app(&world).await) {
        for payload in
            [json!({}), json!(null), json!([]), json!("text"), json!({"version": "1.0", "headers": {"a b": "c"}})]
        {
            let answer = invoke(&service, &payload, "x").await;
            assert_eq!(answer.status, 400, "{answer:?}");
        }
    }
}

#[test]
fn every_file_is_expected_and_consistent() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    // The pages are no endpoint; their event is answered in their own tests.
    let expected = EVENTS.map(|(name, ..)| name).into_iter().chain(["pages"]);
    let expected = expected.chain(functions::ENDPOINTS.map(|endpoint| endpoint.name));
    assert_eq!(files, expected.map(str::to_owned).collect());
    for name in &files {
        let event: Value = serde_json::from_str(&read(name)).unwrap();
        let (context, route) = (&event["requestContext"], event["routeKey"].as_str().unwrap());
        assert_eq!((&event["version"], &context["routeKey"]), (&Value::from("2.0"), &event["routeKey"]), "{name}");
        assert_eq!(context["http"]["path"], event["rawPath"], "{name}");
        assert!(route.starts_with(context["http"]["method"].as_str().unwrap()), "{name}");
        let body = event["body"].as_str().unwrap_or_default();
        let length = event["headers"]["content-length"].as_str().unwrap_or("0");
        assert_eq!(body.len().to_string(), length, "{name}");
        let authorization = event["headers"]["authorization"].as_str().unwrap_or_default();
        let has_key = !["get-client-without-key", "pages"].contains(&name.as_str());
        assert_eq!(authorization == format!("Bearer {SAMPLE_KEY}"), has_key, "{name}");
    }
}
