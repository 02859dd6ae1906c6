//! API keys, as callers see them. `tests/keys.rs` holds what the checks of a key cost.

use std::time::Duration;

use domain::ApiKey;
use serde_json::json;
use testkit::{Answer, Call};

use crate::api::{NOBODY, Session, count, named, only_in_process, token, variable};

/// One call of every endpoint, without a key.
fn every_endpoint(token: &str) -> Vec<Call> {
    vec![
        Call::new("GET", "/clients"),
        Call::new("GET", NOBODY),
        Call::new("POST", "/clients").json(&named(token)),
        Call::new("PATCH", NOBODY).json(&json!({"name": "A"})),
        Call::new("DELETE", NOBODY),
    ]
}

/// Checks that the answer is the one 401, and gives it without the request's identifier.
#[track_caller]
fn assert_unauthorized(answer: Answer) -> Answer {
    answer.assert_problem(401, "unauthorized", &[]);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    answer.without_request_id()
}

fn unknown_key() -> String {
    ApiKey::generate().unwrap().reveal().to_owned()
}

#[tokio::test]
async fn every_endpoint_wants_a_key() {
    let session = Session::new();
    let token = token();
    for request in every_endpoint(&token) {
        let none = assert_unauthorized(session.send(request.clone()).await);
        let unknown = assert_unauthorized(session.send(request.bearer(&unknown_key())).await);
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
    if let Some(world) = only_in_process("expired and revoked keys are made in the tables, or given by variables") {
        let (expired, revoked) = (world.key_expiring_after("acme", Duration::ZERO).await, world.key("acme").await);
        world.revoke(&revoked).await;
        values.extend([expired, revoked].map(|key| format!("Bearer {}", key.reveal())));
    }
    let expected = assert_unauthorized(session.send(Call::new("GET", "/clients")).await);
    for value in values {
        let answer = session.send(Call::new("GET", "/clients").header("Authorization", value.as_str())).await;
        assert_eq!(assert_unauthorized(answer), expected, "{value}");
    }
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case() {
    let session = Session::new();
    for scheme in ["bearer", "BEARER"] {
        let value = format!("{scheme} {}", session.key);
        let request = Call::new("GET", "/clients?limit=1").header("Authorization", value);
        assert_eq!(session.send(request).await.status, 200);
    }
}

#[tokio::test]
async fn a_caller_without_a_key_learns_nothing_about_the_input() {
    let session = Session::new();
    let expected = assert_unauthorized(session.send(Call::new("GET", "/clients")).await);
    for request in [
        Call::new("GET", "/clients?limit=0&nonsense=1"),
        Call::new("POST", "/clients").header("Content-Type", "text/plain").body("{"),
        Call::new("POST", "/clients").body("x".repeat(70_000)),
        Call::new("GET", "/clients/1"),
    ] {
        assert_eq!(assert_unauthorized(session.send(request).await), expected);
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_by_every_endpoint() {
    let Some(world) = only_in_process("revoking needs the tables") else { return };
    let key = world.key("acme").await;
    let session = Session::with_key(key.reveal());
    let token = token();
    for request in every_endpoint(&token) {
        assert_ne!(session.send(request.key(&key)).await.status, 401);
    }
    world.revoke(&key).await;
    for request in every_endpoint(&token) {
        assert_unauthorized(session.send(request.key(&key)).await);
    }
    assert_eq!(count(&Session::new(), &token).await, 1);
}

#[tokio::test]
async fn a_key_that_expires_while_in_use_is_refused_from_then_on() {
    let Some(world) = only_in_process("keys expire in the tables") else { return };
    let key = world.key("acme").await;
    let session = Session::with_key(key.reveal());
    assert_eq!(session.get("/clients?limit=1").await.status, 200);
    world.expire(&key).await;
    assert_unauthorized(session.get("/clients?limit=1").await);
    assert_unauthorized(session.get(NOBODY).await);
}
