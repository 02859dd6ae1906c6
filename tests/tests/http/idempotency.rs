//! `Idempotency-Key`: a create may be repeated. `retries.rs` repeats a hundred of them at once.

use serde_json::{Value, json};
use testkit::Answer;

use crate::api::{Session, count, named, token};

async fn post(session: &Session, idempotency_key: &str, body: &Value) -> Answer {
    session.send(session.call("POST", "/clients").header("Idempotency-Key", idempotency_key).json(body)).await
}

#[tokio::test]
async fn a_repeated_create_makes_one_client_and_gives_the_same_answer() {
    let session = Session::new();
    let token = token();
    let first = post(&session, &token, &named(&token)).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""), "{}", first.text);
    let second = post(&session, &token, &named(&token)).await;
    assert_eq!((second.status, second.header("idempotency-replayed")), (201, "true"), "{}", second.text);
    assert_eq!(first.body, second.body);
    for header in ["location", "etag"] {
        assert_eq!(first.header(header), second.header(header));
    }
    assert_eq!(count(&session, &token).await, 1);
}

#[tokio::test]
async fn creates_repeated_at_the_same_time_make_one_client() {
    let session = Session::new();
    let token = token();
    let body = named(&token);
    let (a, b, c) =
        tokio::join!(post(&session, &token, &body), post(&session, &token, &body), post(&session, &token, &body));
    assert_eq!([a.status, b.status, c.status], [201; 3]);
    assert!(a.body == b.body && b.body == c.body, "{} {} {}", a.text, b.text, c.text);
    assert_eq!(count(&session, &token).await, 1);
}

#[tokio::test]
async fn a_key_used_for_another_body_is_refused() {
    let session = Session::new();
    let token = token();
    assert_eq!(post(&session, &token, &named(&token)).await.status, 201);
    let other = json!({"name": format!("Other {token}")});
    post(&session, &token, &other).await.assert_problem(422, "idempotency_key_reused", &[]);
    assert_eq!(count(&session, &token).await, 1);
}

#[tokio::test]
async fn a_repetition_after_the_client_was_changed_answers_as_the_first_did() {
    let session = Session::new();
    let token = token();
    let first = post(&session, &token, &named(&token)).await;
    let path = format!("/clients/{}", first.body["data"]["id"].as_str().unwrap());
    assert_eq!(session.patch(&path, &json!({"status": "inactive"})).await.status, 200);
    assert_eq!(post(&session, &token, &named(&token)).await.body, first.body);
    assert_eq!(session.get(&path).await.body["data"]["status"], "inactive");
}

#[tokio::test]
async fn organizations_do_not_share_idempotency_keys() {
    let token = token();
    let ours = post(&Session::new(), &token, &named(&token)).await;
    let theirs = post(&Session::of_another_organization(), &token, &named(&token)).await;
    assert_eq!((ours.status, theirs.status, theirs.header("idempotency-replayed")), (201, 201, ""));
    assert_ne!(ours.body["data"]["id"], theirs.body["data"]["id"]);
}

#[tokio::test]
async fn an_illegal_key_is_refused() {
    let session = Session::new();
    let token = token();
    // API Gateway joins repeated headers with commas, so a comma may mean two keys.
    for key in ["", " ", "a,b", "a, b", ",", "a\tb", &"k".repeat(256)] {
        post(&session, key, &named(&token)).await.assert_problem(400, "invalid_input", &["Idempotency-Key"]);
    }
    assert_eq!(count(&session, &token).await, 0);
}
