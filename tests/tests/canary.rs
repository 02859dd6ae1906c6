//! A key is put everywhere a caller could put one, on every path through the release binaries, at the
//! most talkative log level. Then all that was written anywhere is searched for it.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{ApiKey, Clock, limits};
use end_to_end::{
    events::Event,
    lambda::Function,
    release::{binary, functions},
};
use local::engine::Engine;
use serde_json::{Value, json};
use shared::store::{NewApiKey, Store, Tables};

const ID: &str = "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1";

/// What a function is asked with the key in its proper place, and in every wrong one.
fn requests(function: &str, key: &str) -> Vec<Value> {
    let proper = match function {
        "list-clients" => Event::to_clients("GET"),
        "get-client" => Event::to_client("GET", ID),
        "create-client" => Event::to_clients("POST").with_body(&json!({ "name": "Ann" })),
        "update-client" => Event::to_client("PATCH", ID).with_body(&json!({ "name": "Ann" })),
        _ => Event::to_client("DELETE", ID),
    };
    let with_key = proper.clone().with_key(key);
    let mut requests = vec![
        with_key.clone(),
        with_key.clone().with_query(&format!("query={key}&limit=0")),
        with_key.clone().with_query(&format!("{key}=1")),
        with_key.clone().with_header("if-match", key).with_header("if-none-match", key),
        with_key.clone().with_header("idempotency-key", key),
        with_key.clone().with_header("content-type", key),
        with_key.clone().with_header("cookie", key).with_header("x-amzn-trace-id", key),
        with_key.clone().with_body(&json!({ "name": key.repeat(9), "status": key, key: key, "phone": [key] })),
        with_key.with_body(&json!(key)),
        proper.clone().with_header("authorization", &format!("Basic {key}")),
        proper.clone().with_header("authorization", key),
        proper.clone().with_header("authorization", &format!("Bearer {key}x")),
        proper.with_header("authorization", &format!("Bearer {}", key.to_uppercase())),
    ];
    if function != "list-clients" && function != "create-client" {
        requests.push(Event::to_client("GET", key).with_key(key));
    }
    requests.into_iter().map(|request| request.json()).collect()
}

#[tokio::test]
async fn no_key_shows_in_anything_that_is_written() {
    let engine = Engine::in_memory().await.unwrap();
    let store = Store::new(engine.config(), Tables::default());
    store.create_tables().await.unwrap();
    let now = Clock::system().now();
    let mut keys = Vec::new();
    for revoked in [false, true] {
        let key = ApiKey::generate().unwrap();
        let new = NewApiKey {
            org: "acme".parse().unwrap(),
            user: "ann".parse().unwrap(),
            name: "canary".to_owned(),
            expires_at: now.after(Duration::from_secs(3_600)),
        };
        let record = store.create_api_key(&key, new, now).await.unwrap();
        if revoked {
            store.revoke_api_key(&record, now).await.unwrap();
        }
        keys.push(key);
    }
    keys.push(ApiKey::generate().unwrap());

    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("http://{dead}");
    let mut written = String::new();
    for name in functions() {
        for (url, table) in [(engine.url(), "clients"), (engine.url(), "no-such-table"), (&dead, "clients")] {
            let variables = [
                ("AWS_ENDPOINT_URL_DYNAMODB", url),
                ("CLIENTS_TABLE", table),
                ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
                ("RUST_LOG", "trace"),
            ];
            let function = Function::start(binary(name), &variables).await.unwrap();
            // The dead engine takes the same path whatever is asked: a few requests show it.
            let some = if url == dead { 2 } else { usize::MAX };
            for key in &keys {
                for request in requests(name, key.reveal()).into_iter().take(some) {
                    let answer = function.invoke(request, limits::LIST_TIMEOUT).await;
                    // What a caller put into a client, or into a field's name, is the caller's to see.
                    let status = answer.status();
                    let echoed = status == 400 || (status < 300 && name != "get-client");
                    assert!(echoed || !shows(&answer.response.to_string(), key), "{name}: {answer:?}");
                }
            }
            written += &function.everything_written();
        }
    }
    assert!(written.lines().count() > 100, "there is a log to search");
    for key in &keys {
        assert!(!shows(&written, key), "{written}");
    }

    let db = aws_sdk_dynamodb::Client::new(engine.config());
    for (table, may_hold_hashes) in [("clients", false), ("api-keys", true)] {
        for item in db.scan().table_name(table).send().await.unwrap().items() {
            for (attribute, value) in item {
                let AttributeValue::S(text) = value else { continue };
                for key in &keys {
                    assert!(!text.contains(key.reveal()), "{table}: {attribute}");
                    assert!(may_hold_hashes || !text.contains(key.hash().as_str()), "{table}: {attribute}");
                }
            }
        }
    }
}

/// The key as a whole, enough of it to guess by, or its hash.
fn shows(text: &str, key: &ApiKey) -> bool {
    [&key.reveal()[3..15], &key.reveal()[15..27], key.hash().as_str()].iter().any(|part| text.contains(part))
        || text.contains(&key.reveal()[3..15].to_uppercase())
}
