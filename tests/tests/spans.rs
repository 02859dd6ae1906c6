//! Tracing as an option: a function that is built with it, before a stand-in for the collector.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, routing::post};
use domain::{ApiKey, Caller, ClientId, Clock, NewClient, limits};
use end_to_end::{
    events::Event,
    lambda::Function,
    release::{TRACED, binary},
};
use local::engine::Engine;
use shared::store::{NewApiKey, Store, Tables, WriteContext};
use tokio::net::TcpListener;

const NAME: &str = "Zacharias Quill";

/// An engine with tables, a key and a client.
struct Backend {
    engine: Engine,
    key: ApiKey,
    id: ClientId,
}

impl Backend {
    async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let store = Store::new(engine.config(), Tables::default());
        store.create_tables().await.unwrap();
        let (key, id, now) = (ApiKey::generate().unwrap(), ClientId::random(), Clock::system().now());
        let (org, user) = ("acme".parse().unwrap(), "ann".parse().unwrap());
        let new = NewApiKey { org, user, name: "A key".to_owned(), expires_at: now.after(Duration::from_secs(3_600)) };
        let caller: Caller = store.create_api_key(&key, new, now).await.unwrap().caller;
        let new = NewClient::parse(format!(r#"{{"name":"{NAME}"}}"#).as_bytes()).unwrap();
        store.create(&WriteContext { caller, at: now }, id, new, None).await.unwrap();
        Self { engine, key, id }
    }

    async fn function(&self, collector: &str) -> Function {
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", self.engine.url()), ("OTEL_EXPORTER_OTLP_ENDPOINT", collector)];
        Function::start(binary(TRACED), &variables).await.unwrap()
    }

    fn get(&self) -> Event {
        Event::to_client("GET", &self.id.to_string()).with_key(self.key.reveal())
    }
}

/// What a collector was sent.
type Exports = Arc<Mutex<Vec<Vec<u8>>>>;

async fn collector() -> (String, Exports) {
    let exports = Exports::default();
    let taken = exports.clone();
    let take = async move |body: Bytes| taken.lock().unwrap().push(body.to_vec());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, Router::new().route("/v1/traces", post(take))).into_future());
    (url, exports)
}

fn holds(export: &[u8], part: &[u8]) -> bool {
    export.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_request_is_a_span_in_its_callers_trace_and_so_is_each_call_of_a_table() {
    let backend = Backend::new().await;
    let (url, exports) = collector().await;
    let function = backend.function(&url).await;
    let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128;
    let event = backend.get().with_header("traceparent", &format!("00-{trace:032x}-00f067aa0ba902b7-01"));
    let served = function.invoke(event.json(), limits::WRITE_TIMEOUT).await;
    assert_eq!(served.status(), 200, "{served:?}");
    let line = function.log_line(&served.request_id).await;
    assert_eq!(line["trace_id"], format!("{trace:032x}"));

    // All is there by the time of the answer: after it the process may be frozen.
    let exports = exports.lock().unwrap().concat();
    for part in [
        "GET /api/v1/clients/{id}",
        "DynamoDB.GetItem",
        "DynamoDB.UpdateItem",
        "http.response.status_code",
        "function-under-test",
        &served.request_id,
    ] {
        assert!(holds(&exports, part.as_bytes()), "{part} in {}", String::from_utf8_lossy(&exports));
    }
    assert!(holds(&exports, &trace.to_be_bytes()));
    for secret in [backend.key.reveal(), backend.key.hash().as_str(), NAME, &backend.id.to_string(), "acme"] {
        assert!(!holds(&exports, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn the_span_of_a_fault_is_an_error_and_names_its_code() {
    let backend = Backend::new().await;
    let (url, exports) = collector().await;
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", backend.engine.url()),
        ("CLIENTS_TABLE", "no-such-table"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &url),
    ];
    let function = Function::start(binary(TRACED), &variables).await.unwrap();
    let failed = function.invoke(backend.get().json(), limits::WRITE_TIMEOUT).await;
    assert_eq!(failed.status(), 503, "{failed:?}");
    let exports = exports.lock().unwrap().concat();
    for part in ["error.type", "unavailable"] {
        assert!(holds(&exports, part.as_bytes()), "{part} in {}", String::from_utf8_lossy(&exports));
    }
}

#[tokio::test]
async fn without_a_callers_trace_a_request_begins_one_of_its_own() {
    let backend = Backend::new().await;
    let (url, exports) = collector().await;
    let function = backend.function(&url).await;
    let mut traces = Vec::new();
    for traceparent in ["", "nonsense"] {
        let event = backend.get().with_header("traceparent", traceparent);
        let served = function.invoke(event.json(), limits::WRITE_TIMEOUT).await;
        let line = function.log_line(&served.request_id).await;
        let trace = u128::from_str_radix(line["trace_id"].as_str().unwrap(), 16).unwrap();
        assert!(holds(&exports.lock().unwrap().concat(), &trace.to_be_bytes()));
        traces.push(trace);
    }
    assert_ne!(traces[0], traces[1]);
}

/// Nothing listens, or what listens never answers: the request is served all the same, and soon.
#[tokio::test]
async fn a_collector_that_fails_costs_a_moment_and_no_request() {
    let backend = Backend::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for collector in [silent.local_addr().unwrap(), closed] {
        let function = backend.function(&format!("http://{collector}")).await;
        for _ in 0..2 {
            let served = function.invoke(backend.get().json(), Duration::from_secs(2)).await;
            assert_eq!(served.status(), 200, "{served:?}");
            function.log_line(&served.request_id).await;
        }
        assert!(function.log().iter().any(|line| line.contains("could not send spans")), "{:?}", function.log());
    }
}

#[tokio::test]
async fn with_no_collector_named_there_are_no_spans() {
    let backend = Backend::new().await;
    for level in ["INFO", "DEBUG"] {
        let variables = [
            ("AWS_ENDPOINT_URL_DYNAMODB", backend.engine.url()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
            ("AWS_LAMBDA_LOG_LEVEL", level),
        ];
        let function = Function::start(binary(TRACED), &variables).await.unwrap();
        let served = function.invoke(backend.get().json(), limits::WRITE_TIMEOUT).await;
        assert_eq!(served.status(), 200);
        // What is left is the platform's own, from the header that the stand-in sends.
        let line = function.log_line(&served.request_id).await;
        assert!(line["trace_id"].as_str().unwrap().starts_with("1-"), "{level}: {line}");
        assert_eq!(function.log().len(), 1, "{:?}", function.log());
    }
}
