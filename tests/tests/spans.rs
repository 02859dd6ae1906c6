//! The option of spans: the program of a function that is built with them, and a stand-in for the collector.
//! `programs/` runs the programs without spans.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, routing::post};
use domain::ApiKey;
use serde_json::json;
use testkit::{Call, Function, TRACED, World, binary, closed_port};
use tokio::net::TcpListener;

const NAME: &str = "Zacharias Quill";

/// A world with a client, and the traced function on it.
struct Traced {
    world: World,
    key: ApiKey,
    id: String,
}

impl Traced {
    async fn new() -> Self {
        let world = World::new().await;
        let id = world.org("acme").create(&json!({ "name": NAME })).await.id.to_string();
        Self { key: world.key("acme").await, world, id }
    }

    async fn function(&self, collector: &str) -> Function {
        self.function_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", collector)]).await
    }

    async fn function_with(&self, variables: &[(&str, &str)]) -> Function {
        let variables = [&[("AWS_ENDPOINT_URL_DYNAMODB", self.world.url())], variables].concat();
        Function::start(&binary(TRACED), &variables).await.unwrap()
    }

    fn get(&self) -> Call {
        Call::get(&self.id).key(&self.key)
    }
}

/// The requests that a collector received.
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
    let traced = Traced::new().await;
    let (url, exports) = collector().await;
    let function = traced.function(&url).await;
    let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128;
    let event = traced.get().header("traceparent", format!("00-{trace:032x}-00f067aa0ba902b7-01"));
    let served = function.answer(&event).await;
    assert_eq!(served.status, 200, "{served:?}");
    let line = function.log_line(&served).await;
    assert_eq!(line["trace_id"], format!("{trace:032x}"));

    // Everything has been sent by the time of the answer: after it the process may be frozen.
    let exports = exports.lock().unwrap().concat();
    for part in [
        "GET /api/v1/clients/{id}",
        "DynamoDB.GetItem",
        "http.response.status_code",
        "function-under-test",
        &served.request_id,
    ] {
        assert!(holds(&exports, part.as_bytes()), "{part} in {}", String::from_utf8_lossy(&exports));
    }
    assert!(holds(&exports, &trace.to_be_bytes()));
    for secret in [traced.key.reveal(), traced.key.hash().as_str(), NAME, traced.id.as_str(), "acme"] {
        assert!(!holds(&exports, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn the_span_of_a_fault_is_an_error_and_names_its_code() {
    let traced = Traced::new().await;
    let (url, exports) = collector().await;
    let variables = [("CLIENTS_TABLE", "no-such-table"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &url)];
    let function = traced.function_with(&variables).await;
    let failed = function.answer(&traced.get()).await;
    assert_eq!(failed.status, 503, "{failed:?}");
    let exports = exports.lock().unwrap().concat();
    for part in ["error.type", "unavailable"] {
        assert!(holds(&exports, part.as_bytes()), "{part} in {}", String::from_utf8_lossy(&exports));
    }
}

#[tokio::test]
async fn without_a_callers_trace_a_request_begins_one_of_its_own() {
    let traced = Traced::new().await;
    let (url, exports) = collector().await;
    let function = traced.function(&url).await;
    let mut traces = Vec::new();
    for traceparent in ["", "nonsense"] {
        let event = traced.get().header("traceparent", traceparent);
        let served = function.answer(&event).await;
        let line = function.log_line(&served).await;
        let trace = u128::from_str_radix(line["trace_id"].as_str().unwrap(), 16).unwrap();
        assert!(holds(&exports.lock().unwrap().concat(), &trace.to_be_bytes()));
        traces.push(trace);
    }
    assert_ne!(traces[0], traces[1]);
}

/// If the collector never answers, or nothing listens, the request is still served, and soon.
#[tokio::test]
async fn a_collector_that_fails_costs_a_moment_and_no_request() {
    let traced = Traced::new().await;
    let silent_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent_listener.local_addr().unwrap());
    for collector in [silent, closed_port()] {
        let function = traced.function(&collector).await;
        for _ in 0..2 {
            let served = function.invoke(traced.get().event(), Duration::from_secs(2)).await;
            assert_eq!(served.status, 200, "{served:?}");
            function.log_line(&served).await;
        }
        assert!(function.log().iter().any(|line| line.contains("could not send spans")), "{:?}", function.log());
    }
}

#[tokio::test]
async fn with_no_collector_named_there_are_no_spans() {
    let traced = Traced::new().await;
    for level in ["INFO", "DEBUG"] {
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", ""), ("AWS_LAMBDA_LOG_LEVEL", level)];
        let function = traced.function_with(&variables).await;
        let served = function.answer(&traced.get()).await;
        assert_eq!(served.status, 200);
        // The only trace is the platform's own, from the header that the stand-in sends.
        let line = function.log_line(&served).await;
        assert!(line["trace_id"].as_str().unwrap().starts_with("1-"), "{level}: {line}");
        assert_eq!(function.log().len(), 1, "{:?}", function.log());
    }
}
