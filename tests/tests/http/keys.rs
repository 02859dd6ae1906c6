//! Who is let in.

use std::time::Duration;

use domain::ApiKey;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::api::{NOBODY, Reply, Session, count, named, new_key, only_in_process, token, variable};

/// One request of every endpoint, without a key.
fn every_endpoint(session: &Session, token: &str) -> Vec<RequestBuilder> {
    vec![
        session.anonymous(Method::GET, "/clients"),
        session.anonymous(Method::GET, NOBODY),
        session.anonymous(Method::POST, "/clients").json(&named(token)),
        session.anonymous(Method::PATCH, NOBODY).json(&json!({"name": "A"})),
        session.anonymous(Method::DELETE, NOBODY),
    ]
}

/// Holds the answer to be the one 401, and gives its body without the request's id.
#[track_caller]
fn assert_unauthorized(reply: &Reply) -> Value {
    reply.assert_problem(401, "unauthorized", &[]);
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    reply.without_request_id()
}

fn unknown_key() -> String {
    ApiKey::generate().unwrap().reveal().to_owned()
}

#[tokio::test]
async fn every_endpoint_wants_a_key() {
    let session = Session::new();
    let token = token();
    for request in every_endpoint(&session, &token) {
        let none = assert_unauthorized(&Reply::to(request.try_clone().unwrap()).await);
        let unknown = assert_unauthorized(&Reply::to(request.bearer_auth(unknown_key())).await);
        assert_eq!(none, unknown);
    }
    assert_eq!(count(&session, &token).await, 0);
}

#[tokio::test]
async fn every_way_of_having_no_valid_key_is_the_same_401() {
    let session = Session::new();
    let key = &session.key;
    let (most, last) = key.split_at(key.len() - 1);
    let mistyped = format!("{most}{}", if last == "0" { "1" } else { "0" });
    let mut values = vec![
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        key.clone(),
        format!("Basic {key}"),
        format!("Bearer {most}"),
        format!("Bearer {mistyped}"),
        format!("Bearer {key}0"),
        format!("Bearer {}", key.to_uppercase()),
        format!("Bearer {key}, Bearer {key}"),
        "Bearer ba_a1b2c3d4e5f6...".to_owned(),
        format!("Bearer {}", unknown_key()),
    ];
    for name in ["E2E_EXPIRED_KEY", "E2E_REVOKED_KEY"] {
        values.extend(variable(name).map(|key| format!("Bearer {key}")));
    }
    if let Some(app) = only_in_process("expired and revoked keys are made in the tables, or given by variables") {
        let (expired, _) = new_key(app, "acme", Duration::ZERO).await;
        let (revoked, record) = new_key(app, "acme", Duration::from_secs(60)).await;
        app.store.revoke_api_key(&record, app.clock.now()).await.unwrap();
        values.extend([format!("Bearer {expired}"), format!("Bearer {revoked}")]);
    }
    let expected = assert_unauthorized(&Reply::to(session.anonymous(Method::GET, "/clients")).await);
    for value in values {
        let reply = Reply::to(session.anonymous(Method::GET, "/clients").header("Authorization", &value)).await;
        assert_eq!(assert_unauthorized(&reply), expected, "{value}");
    }
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let session = Session::new();
    for scheme in ["bearer", "BEARER"] {
        let value = format!("{scheme} {}", session.key);
        let request = session.anonymous(Method::GET, "/clients?limit=1").header("Authorization", value);
        assert_eq!(Reply::to(request).await.status, 200);
    }
}

#[tokio::test]
async fn a_caller_without_a_key_learns_nothing_of_the_input() {
    let session = Session::new();
    let expected = assert_unauthorized(&Reply::to(session.anonymous(Method::GET, "/clients")).await);
    for request in [
        session.anonymous(Method::GET, "/clients?limit=0&nonsense=1"),
        session.anonymous(Method::POST, "/clients").header("Content-Type", "text/plain").body("{"),
        session.anonymous(Method::POST, "/clients").body("x".repeat(70_000)),
        session.anonymous(Method::GET, "/clients/1"),
    ] {
        assert_eq!(assert_unauthorized(&Reply::to(request).await), expected);
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_by_every_endpoint() {
    let Some(app) = only_in_process("revoking needs the tables") else { return };
    let (key, record) = new_key(app, "acme", Duration::from_secs(60)).await;
    let session = Session::with_key(&key);
    let token = token();
    for request in every_endpoint(&session, &token) {
        assert_ne!(Reply::to(request.bearer_auth(&key)).await.status, 401);
    }
    app.store.revoke_api_key(&record, app.clock.now()).await.unwrap();
    for request in every_endpoint(&session, &token) {
        assert_unauthorized(&Reply::to(request.bearer_auth(&key)).await);
    }
    assert_eq!(count(&Session::new(), &token).await, 1);
}

#[tokio::test]
async fn a_key_that_expires_while_in_use_is_refused_from_then_on() {
    let Some(app) = only_in_process("a key of one second is made in the tables") else { return };
    let (key, _) = new_key(app, "acme", Duration::from_secs(1)).await;
    let session = Session::with_key(&key);
    assert_eq!(session.get("/clients?limit=1").await.status, 200);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_unauthorized(&session.get("/clients?limit=1").await);
    assert_unauthorized(&session.get(NOBODY).await);
}
