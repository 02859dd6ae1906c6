//! API keys in the logs: a key is put everywhere where a caller could put one, on every path through the
//! functions' programs, at the most verbose log level. Then everything that was written is searched for it.
//! `runtime.rs` checks the log lines at the usual level.

use domain::ApiKey;
use futures_util::{StreamExt, stream};
use serde_json::json;
use shared::http::Endpoint;
use testkit::{Call, Function, World, binary, closed_port};

/// The number of programs that run at once.
const AT_ONCE: usize = 4;

/// Requests with the key in its place, and in every wrong place.
fn requests(endpoint: &Endpoint, key: &str) -> Vec<Call> {
    let plain = Call::to_endpoint(endpoint);
    let with_key = plain.clone().bearer(key);
    let mut requests = vec![
        with_key.clone(),
        with_key.clone().query(format!("query={key}&limit=0")),
        with_key.clone().query(format!("{key}=1")),
        with_key.clone().header("if-match", key).header("if-none-match", key),
        with_key.clone().header("idempotency-key", key),
        with_key.clone().header("content-type", key),
        with_key.clone().header("content-encoding", key),
        with_key.clone().header("cookie", key).header("x-amzn-trace-id", key),
        with_key.clone().json(&json!({ "name": key.repeat(9), "status": key, key: key, "phone": [key] })),
        with_key.json(&json!(key)),
        plain.clone().header("authorization", format!("Basic {key}")),
        plain.clone().header("authorization", key),
        plain.clone().bearer(&format!("{key}x")),
        plain.bearer(&key.to_uppercase()),
    ];
    if endpoint.path.contains("{id}") {
        requests.push(Call::client(endpoint.method, key).bearer(key));
    }
    requests
}

#[tokio::test]
async fn no_key_shows_in_anything_that_is_written() {
    let world = World::new().await;
    let (active, revoked, unknown) = (world.key("acme").await, world.key("acme").await, ApiKey::generate().unwrap());
    world.revoke(&revoked).await;
    let keys = [active, revoked, unknown];

    let dead = closed_port();
    let places = [(world.url(), "clients"), (world.url(), "no-such-table"), (&dead, "clients")];
    let programs = functions::ENDPOINTS.into_iter().flat_map(|endpoint| places.map(|place| (endpoint, place)));
    let written = stream::iter(programs).map(async |(endpoint, (url, table))| {
        let variables = [
            ("AWS_ENDPOINT_URL_DYNAMODB", url),
            ("CLIENTS_TABLE", table),
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
            ("RUST_LOG", "trace"),
        ];
        let function = Function::start(&binary(endpoint.name), &variables).await.unwrap();
        // Without a table every request fails alike, at its key: a few of them show it.
        let number = if url == dead || table != "clients" { 2 } else { usize::MAX };
        for key in &keys {
            for request in requests(endpoint, key.reveal()).into_iter().take(number) {
                let answer = function.answer(&request).await;
                // The API repeats a caller's own input: the content of a client, and the name of a field.
                let echoed = answer.status == 400 || (answer.status < 300 && endpoint.takes_body);
                assert!(echoed || !shows(&format!("{answer:?}"), key), "{}: {answer:?}", endpoint.name);
            }
        }
        function.everything_written()
    });
    let written = written.buffer_unordered(AT_ONCE).collect::<String>().await;
    assert!(written.lines().count() > 100, "there is a log to search");
    for key in &keys {
        assert!(!shows(&written, key), "{written}");
    }

    for (table, may_hold_hashes) in [(&world.tables.clients, false), (&world.tables.api_keys, true)] {
        for (attribute, value) in world.dump(table).await.into_iter().flatten() {
            let text = format!("{value:?}");
            for key in &keys {
                assert!(!text.contains(key.reveal()), "{table}: {attribute}");
                assert!(may_hold_hashes || !text.contains(key.hash().as_str()), "{table}: {attribute}");
            }
        }
    }
}

/// Whether the text has the key, enough of it to guess the rest, or its hash.
fn shows(text: &str, key: &ApiKey) -> bool {
    [&key.reveal()[3..15], &key.reveal()[15..27], key.hash().as_str()].iter().any(|part| text.contains(part))
        || text.contains(&key.reveal()[3..15].to_uppercase())
}
