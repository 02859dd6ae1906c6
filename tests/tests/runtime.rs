//! The real release binaries behind a stand-in for the Lambda Runtime API: what is deployed, doing
//! what the platform has it do.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::time::Duration;

use axum::Router;
use domain::{ApiKey, Clock, limits};
use end_to_end::{
    events::Event,
    lambda::{Function, Invoked},
    release::{PANICKING, binary, functions},
};
use futures_util::future::join_all;
use local::engine::Engine;
use serde_json::{Value, json};
use shared::store::{ApiKeyRecord, NewApiKey, Store, Tables};
use tokio::net::TcpListener;

/// What no log line may ever hold.
const NAME: &str = "Zacharias Quill";
const PHONE: &str = "+49 170 5550199";
const NOTES: &str = "prefers afternoons";
const SOME_ID: &str = "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1";

/// An engine with tables and a key.
struct Backend {
    engine: Engine,
    store: Store,
    key: ApiKey,
    record: ApiKeyRecord,
}

impl Backend {
    async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let store = Store::new(engine.config(), Tables::default());
        store.create_tables().await.unwrap();
        let key = ApiKey::generate().unwrap();
        let now = Clock::system().now();
        let new = NewApiKey {
            org: "acme".parse().unwrap(),
            user: "ann".parse().unwrap(),
            name: "A key".to_owned(),
            expires_at: now.after(Duration::from_secs(3_600)),
        };
        let record = store.create_api_key(&key, new, now).await.unwrap();
        Self { engine, store, key, record }
    }

    async fn function(&self, name: &str) -> Function {
        start(name, &[("AWS_ENDPOINT_URL_DYNAMODB", self.engine.url())]).await
    }

    fn key(&self) -> &str {
        self.key.reveal()
    }
}

async fn start(name: &str, variables: &[(&str, &str)]) -> Function {
    Function::start(binary(name), variables).await.unwrap()
}

/// As the template has it.
fn timeout(function: &str) -> Duration {
    if function == "list-clients" { limits::LIST_TIMEOUT } else { limits::WRITE_TIMEOUT }
}

/// A request that is right for the function, with this key.
fn request_for(function: &str, key: &str) -> Value {
    let event = match function {
        "list-clients" => Event::to_clients("GET"),
        "get-client" => Event::to_client("GET", SOME_ID),
        "create-client" => Event::to_clients("POST").with_body(&json!({ "name": NAME })),
        "update-client" => Event::to_client("PATCH", SOME_ID).with_body(&json!({ "name": NAME })),
        _ => Event::to_client("DELETE", SOME_ID),
    };
    event.with_key(key).json()
}

fn assert_problem(invoked: &Invoked, status: u64, code: &str) {
    assert_eq!(invoked.status(), status, "{invoked:?}");
    assert_eq!(invoked.header("content-type"), "application/problem+json");
    assert_eq!((&invoked.body()["status"], &invoked.body()["code"]), (&json!(status), &json!(code)));
    assert_eq!(invoked.body()["requestId"], invoked.request_id.as_str());
}

fn assert_unavailable(invoked: &Invoked) {
    assert_problem(invoked, 503, "unavailable");
    let seconds: u32 = invoked.header("retry-after").as_str().unwrap().parse().unwrap();
    assert!(seconds >= 1);
    // Nothing of the cause reaches the caller.
    for word in ["dynamodb", "127.0.0.1", "Exception", "SdkError", "timeout"] {
        assert!(!invoked.response.to_string().contains(word), "{word} in {invoked:?}");
    }
}

fn assert_nothing_personal(function: &Function, key: &ApiKey) {
    let written = function.everything_written();
    for secret in [key.reveal(), &key.reveal()[3..20], key.hash().as_str(), NAME, PHONE, NOTES, "Zacharias", "5550199"]
    {
        assert!(!written.contains(secret), "{secret} was written:\n{written}");
    }
}

#[tokio::test]
async fn a_client_lives_its_life_through_the_five_release_binaries() {
    let backend = Backend::new().await;
    let [list, get, create, update, delete] =
        ["list-clients", "get-client", "create-client", "update-client", "delete-client"]
            .map(|name| backend.function(name));
    let (list, get, create, update, delete) = (list.await, get.await, create.await, update.await, delete.await);
    let five = limits::WRITE_TIMEOUT;
    let to_client = |method, id: &str| Event::to_client(method, id).with_key(backend.key());

    let body = json!({ "name": NAME, "phone": PHONE, "notes": NOTES });
    let event = Event::to_clients("POST").with_key(backend.key()).with_body(&body);
    let created = create.invoke(event.json(), five).await;
    assert_eq!(created.status(), 201, "{created:?}");
    let client = created.body()["data"].clone();
    let id = client["id"].as_str().unwrap();
    assert_eq!((&client["name"], &client["phone"], &client["notes"]), (&json!(NAME), &json!(PHONE), &json!(NOTES)));
    assert_eq!(client["status"], "active");
    assert_eq!(created.header("location"), &json!(format!("/api/v1/clients/{id}")));
    assert_eq!(created.header("x-request-id"), created.request_id.as_str());

    let got = get.invoke(to_client("GET", id).json(), five).await;
    assert_eq!((got.status(), &got.body()["data"]), (200, &client));
    let again = get.invoke(to_client("GET", id).with_header("if-none-match", "\"1\"").json(), five).await;
    assert_eq!((again.status(), again.body()), (304, Value::Null));

    let query = Event::to_clients("GET").with_key(backend.key()).with_query("query=zacharias&sortBy=name&limit=10");
    let listed = list.invoke(query.json(), limits::LIST_TIMEOUT).await;
    assert_eq!((listed.status(), listed.body()), (200, json!({ "data": [client], "total": 1 })));

    let change = to_client("PATCH", id).with_header("if-match", "\"1\"").with_body(&json!({ "phone": null }));
    let updated = update.invoke(change.json(), five).await;
    assert_eq!(updated.status(), 200, "{updated:?}");
    assert_eq!((&updated.body()["data"]["phone"], updated.header("etag")), (&Value::Null, &json!("\"2\"")));
    let stale = update.invoke(change.json(), five).await;
    assert_problem(&stale, 412, "precondition_failed");

    let listed_again = list.invoke(query.json(), limits::LIST_TIMEOUT).await;
    assert_eq!(listed_again.body(), json!({ "data": [updated.body()["data"]], "total": 1 }));

    let deleted = delete.invoke(to_client("DELETE", id).json(), five).await;
    assert_eq!((deleted.status(), deleted.body()), (200, json!({ "success": true })));
    let gone = get.invoke(to_client("GET", id).json(), five).await;
    assert_problem(&gone, 404, "not_found");
    let empty = list.invoke(query.json(), limits::LIST_TIMEOUT).await;
    assert_eq!(empty.body(), json!({ "data": [], "total": 0 }));

    // The trail of a change: what was done, to which client, with which version in the end.
    for (function, invoked, change, version, fields) in [
        (&create, &created, json!("create"), json!(1), Value::Null),
        (&update, &updated, json!("update"), json!(2), json!("phone")),
        (&update, &stale, Value::Null, Value::Null, Value::Null),
        (&delete, &deleted, json!("delete"), json!(3), Value::Null),
        (&get, &got, Value::Null, Value::Null, Value::Null),
    ] {
        let line = function.log_line(&invoked.request_id).await;
        assert_eq!([&line["change"], &line["client_version"], &line["fields"]], [&change, &version, &fields], "{line}");
        assert_eq!(line["client_id"], id, "{line}");
    }
    let lines = [&listed, &listed_again, &empty].map(|listed| list.log_line(&listed.request_id));
    let lines = join_all(lines).await;
    let replicas: Vec<_> =
        lines.iter().map(|line| (line["replica"].as_str(), line["replica_loads"].as_u64())).collect();
    assert_eq!(replicas, [(Some("loaded"), Some(1)), (Some("refreshed"), Some(0)), (Some("refreshed"), Some(0))]);
    let cold: Vec<_> = lines.iter().map(|line| line["cold_start"].as_u64()).collect();
    assert_eq!(cold, [Some(1), None, None]);

    for (function, invocations) in [
        (&create, vec![created]),
        (&get, vec![got, again, gone]),
        (&list, vec![listed, listed_again, empty]),
        (&update, vec![updated, stale]),
        (&delete, vec![deleted]),
    ] {
        for invoked in &invocations {
            let line = function.log_line(&invoked.request_id).await;
            assert_eq!(line["status"], invoked.status());
            assert_eq!((&line["org"], &line["user"]), (&json!("acme"), &json!("ann")));
            assert_eq!(line["key_id"], backend.record.caller.key_id.as_str());
            assert!(line["round_trips"].as_u64().unwrap() >= 2 && line["duration_ms"].as_f64().unwrap() > 0.0);
            assert_eq!((&line["level"], &line["function"]), (&json!("INFO"), &json!("function-under-test")));
            assert!(line["_aws"]["CloudWatchMetrics"].is_array() && line["read_units"].as_f64().unwrap() >= 1.0);
        }
        assert_eq!(function.log().len(), invocations.len(), "one line for each request: {:?}", function.log());
        assert_nothing_personal(function, &backend.key);
    }
}

#[tokio::test]
async fn a_refused_request_is_one_log_line_too_and_holds_nothing_it_brought() {
    let backend = Backend::new().await;
    let create = backend.function("create-client").await;
    let unknown = ApiKey::generate().unwrap();
    let body = json!({ "name": NAME, "phone": [PHONE], "notse": NOTES });
    let post = |key: &str| Event::to_clients("POST").with_key(key).with_body(&body).json();
    let refused = [
        (create.invoke(post(backend.key()), limits::WRITE_TIMEOUT).await, 400, "invalid_input"),
        (create.invoke(post(unknown.reveal()), limits::WRITE_TIMEOUT).await, 401, "unauthorized"),
        (create.invoke(post("ba_no_key_at_all"), limits::WRITE_TIMEOUT).await, 401, "unauthorized"),
    ];
    for (invoked, status, code) in &refused {
        assert_problem(invoked, *status, code);
        let line = create.log_line(&invoked.request_id).await;
        assert_eq!((&line["status"], &line["error"]), (&json!(status), &json!(code)));
    }
    assert_eq!(create.log().len(), refused.len(), "{:?}", create.log());
    assert_nothing_personal(&create, &backend.key);
    assert_nothing_personal(&create, &unknown);
    assert!(!create.everything_written().contains("ba_"));
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_the_very_next_request_of_a_warm_process() {
    let backend = Backend::new().await;
    for name in ["list-clients", "get-client"] {
        let function = backend.function(name).await;
        let key = ApiKey::generate().unwrap();
        let now = Clock::system().now();
        let new = NewApiKey {
            org: "acme".parse().unwrap(),
            user: "ann".parse().unwrap(),
            name: "Short-lived".to_owned(),
            expires_at: now.after(Duration::from_secs(3_600)),
        };
        let record = backend.store.create_api_key(&key, new, now).await.unwrap();
        for _ in 0..2 {
            let served = function.invoke(request_for(name, key.reveal()), timeout(name)).await;
            assert!(matches!(served.status(), 200 | 404), "{served:?}");
        }
        backend.store.revoke_api_key(&record, Clock::system().now()).await.unwrap();
        let refused = function.invoke(request_for(name, key.reveal()), timeout(name)).await;
        assert_problem(&refused, 401, "unauthorized");
    }
}

/// Guards `panic = "unwind"` in the release profile.
#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_served_by_the_same_process() {
    let backend = Backend::new().await;
    let mut function = backend.function(PANICKING).await;
    let calm = Event::to_client("GET", SOME_ID).with_key(backend.key()).json();
    let query = format!("secret={}", NAME.replace(' ', "+"));
    let panic = Event::to_client("GET", "panic").with_key(backend.key()).with_query(&query).json();
    // Once before the key is known to the process, where the handler waits for it, and once after,
    // where the handler starts early.
    for _ in 0..2 {
        let failed = function.invoke(panic.clone(), limits::WRITE_TIMEOUT).await;
        assert_problem(&failed, 500, "internal_error");
        let line = function.log_line(&failed.request_id).await;
        assert_eq!(
            [&line["status"], &line["level"], &line["server_errors"]],
            [&json!(500), &json!("ERROR"), &json!(1)]
        );
        assert!(line["cause"].as_str().unwrap().contains("panicking-function.rs"), "{line}");
        let served = function.invoke(calm.clone(), limits::WRITE_TIMEOUT).await;
        assert_eq!(served.status(), 200, "{served:?}");
        assert_eq!(function.log_line(&served.request_id).await["status"], 200);
    }
    assert!(function.ended().unwrap().is_none());
    let places: Vec<String> =
        function.log().into_iter().filter(|line| line.contains("panicking-function.rs")).collect();
    assert_eq!(places.len(), 4, "a line where it happens, and the request's: {:?}", function.log());
    assert_nothing_personal(&function, &backend.key);
}

#[tokio::test]
async fn an_event_that_is_no_request_is_a_400_and_the_next_request_is_served() {
    let backend = Backend::new().await;
    let get = backend.function("get-client").await;
    for event in [json!([]), json!("event"), json!({ "version": "2.0", "headers": 5 })] {
        let refused = get.invoke(event, limits::WRITE_TIMEOUT).await;
        assert_problem(&refused, 400, "invalid_input");
    }
    let served = get.invoke(request_for("get-client", backend.key()), limits::WRITE_TIMEOUT).await;
    assert_problem(&served, 404, "not_found");
}

/// Every function on the same variables, all at once: each has to say 503 within its deadline.
async fn all_are_unavailable(variables: &[(&str, &str)], key: &ApiKey) {
    let each = functions().into_iter().map(async |name| {
        let function = start(name, variables).await;
        // `invoke` fails where the deadline passes without an answer.
        let invoked = function.invoke(request_for(name, key.reveal()), timeout(name)).await;
        assert_unavailable(&invoked);
        let line = function.log_line(&invoked.request_id).await;
        let (error, level) = (json!("unavailable"), json!("WARN"));
        assert_eq!([&line["error"], &line["level"], &line["server_errors"]], [&error, &level, &json!(1)], "{name}");
        for debug_output in ["SdkError", "Failure(", "Error(", " { "] {
            assert!(!line.to_string().contains(debug_output), "{name}: {debug_output} in {line}");
        }
        assert_eq!(function.log().len(), 1, "{name}: {:?}", function.log());
        assert_nothing_personal(&function, key);
    });
    join_all(each).await;
}

#[tokio::test]
async fn a_closed_port_in_the_tables_place_is_a_503() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    all_are_unavailable(&[("AWS_ENDPOINT_URL_DYNAMODB", &url)], &ApiKey::generate().unwrap()).await;
}

#[tokio::test]
async fn a_missing_table_is_a_503() {
    let backend = Backend::new().await;
    for table in ["CLIENTS_TABLE", "API_KEYS_TABLE"] {
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", backend.engine.url()), (table, "no-such-table")];
        all_are_unavailable(&variables, &backend.key).await;
    }
}

#[tokio::test]
async fn an_engine_that_never_answers_is_a_503_before_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", url.as_str())];
    all_are_unavailable(&variables, &ApiKey::generate().unwrap()).await;

    // Where the platform leaves less time than the calls would take, its deadline counts.
    let get = start("get-client", &variables).await;
    let key = ApiKey::generate().unwrap();
    let hurried = get.invoke(request_for("get-client", key.reveal()), Duration::from_secs(1)).await;
    assert_unavailable(&hurried);
}

/// Whatever the SDK says of an answer that it could not read, the answer is not part of it.
#[tokio::test]
async fn an_answer_of_the_table_that_cannot_be_read_is_a_503_and_is_not_logged() {
    let garbled = format!(r#"{{"Item":{{"name":{{"S":"{NAME}"}},"phone":{{"S":"{PHONE}"}},"notes":{{"S":"{NOTES}"#);
    let garbling = Router::new().fallback(async move || ([("content-type", "application/x-amz-json-1.0")], garbled));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, garbling).into_future());
    all_are_unavailable(&[("AWS_ENDPOINT_URL_DYNAMODB", &url)], &ApiKey::generate().unwrap()).await;
}
