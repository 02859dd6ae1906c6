//! `PUT /clients/{id}`: a client with an identifier of the caller's is created or replaced.

use domain::ClientId;
use serde_json::{Value, json};

use crate::api::{Session, count, named, token};

/// The path of a client that nobody has created.
fn new_path() -> String {
    format!("/clients/{}", ClientId::random())
}

#[tokio::test]
async fn a_client_is_created_with_the_callers_identifier_and_then_replaced() {
    let session = Session::new();
    let (path, token) = (new_path(), token());
    let body = json!({"name": format!("A {token}"), "phone": "+1 555-1234", "status": "inactive", "notes": "n"});
    let created = session.put(&path, &body).await;
    assert_eq!((created.status, created.header("etag")), (201, "\"1\""), "{}", created.text);
    assert_eq!(created.header("location"), format!("/api/v1{path}"));
    assert_eq!(format!("/clients/{}", created.id()), path);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&created.data()[field], value);
    }
    assert_eq!(session.get(&path).await.body, created.body);
    assert_eq!(count(&session, &token).await, 1);

    // What is missing gets its default.
    let replaced = session.put(&path, &json!({"name": format!("B {token}")})).await;
    assert_eq!((replaced.status, replaced.header("etag")), (200, "\"2\""), "{}", replaced.text);
    assert_eq!(replaced.header("location"), "");
    let data = replaced.data();
    assert_eq!((&data["phone"], &data["notes"], &data["status"]), (&Value::Null, &Value::Null, &json!("active")));
    assert_eq!(data["createdAt"], created.data()["createdAt"]);
    assert_eq!(session.get(&path).await.body, replaced.body);
    assert_eq!(count(&session, &token).await, 1);
}

#[tokio::test]
async fn an_identifier_in_upper_case_is_the_same_client() {
    let session = Session::new();
    let path = new_path();
    let upper = format!("/clients/{}", path.trim_start_matches("/clients/").to_uppercase());
    let created = session.put(&upper, &named("x")).await;
    assert_eq!((created.status, created.header("location")), (201, format!("/api/v1{path}").as_str()));
    assert_eq!(session.put(&path, &named("y")).await.status, 200);
}

#[tokio::test]
async fn a_put_creates_only_or_replaces_only_if_asked_to() {
    let session = Session::new();
    let path = new_path();
    let put =
        |header: &str, tags: &str| session.send(session.call("PUT", &path).header(header, tags).json(&named("x")));
    for tags in ["*", "\"1\""] {
        put("If-Match", tags).await.assert_problem(412, "precondition_failed", &[]);
    }
    assert_eq!(session.get(&path).await.status, 404);
    assert_eq!(put("If-None-Match", "*").await.status, 201);
    for (header, tags) in [("If-None-Match", "*"), ("If-None-Match", "\"1\""), ("If-Match", "\"2\"")] {
        put(header, tags).await.assert_problem(412, "precondition_failed", &[]);
    }
    assert_eq!(session.get(&path).await.header("etag"), "\"1\"");
    for (header, tags, version) in
        [("If-Match", "\"1\"", "\"2\""), ("If-Match", "*", "\"3\""), ("If-None-Match", "\"1\"", "\"4\"")]
    {
        let replaced = put(header, tags).await;
        assert_eq!((replaced.status, replaced.header("etag")), (200, version), "{header}: {tags}");
    }
}

#[tokio::test]
async fn a_client_that_is_put_after_its_deletion_is_a_new_one() {
    let session = Session::new();
    let (path, token) = (new_path(), token());
    let first = session.put(&path, &json!({"name": "first", "phone": "1", "notes": "n".repeat(1000)})).await;
    for deletion in [path.clone(), format!("{path}?permanently=true")] {
        assert_eq!(session.delete(&deletion).await.status, 200);
        let put = |header: &str| session.send(session.call("PUT", &path).header(header, "*").json(&named(&token)));
        put("If-Match").await.assert_problem(412, "precondition_failed", &[]);
        let again = put("If-None-Match").await;
        assert_eq!(again.status, 201, "{}", again.text);
        assert_eq!((&again.data()["phone"], &again.data()["notes"]), (&Value::Null, &Value::Null));
        assert!(again.data()["createdAt"].as_str() >= first.data()["updatedAt"].as_str(), "{}", again.text);
        assert_eq!(session.get(&path).await.body, again.body);
        assert_eq!(count(&session, &token).await, 1);
    }
    // Versions go on, so that a reader who keeps the newest version has the right one.
    assert_eq!(session.get(&path).await.header("etag"), "\"5\"");
}

#[tokio::test]
async fn a_put_without_a_uuid_is_refused_together_with_its_body() {
    let session = Session::new();
    for id in ["1", "crm-1842", "00000000000040008000000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        let path = format!("/clients/{id}");
        session.put(&path, &named("x")).await.assert_problem(400, "invalid_input", &["id"]);
        session.put(&path, &json!({"name": ""})).await.assert_problem(400, "invalid_input", &["id", "name"]);
    }
}
