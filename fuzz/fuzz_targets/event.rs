//! Fuzzes the whole API with any JSON as the event of any endpoint. It is always answered, never with an
//! internal error, and only with a refusal unless the event has the key.

#![no_main]

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use domain::ApiKey;
use lambda_http::{Context, LambdaEvent};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::{Value, json, value::RawValue};
use shared::{
    App,
    http::Service,
    store::{Store, Tables},
};

/// The one key there is; the corpus and the dictionary have it too.
const KEY: &str = "ba_0123456789abcdef0123456789abcdef458177ba";

static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| {
    let store = Store::over(SharedHttpConnector::new(FakeTables), &config(), Tables::default());
    let app = App::on(store);
    functions::ENDPOINTS.iter().map(|endpoint| (endpoint.service)(app.clone())).collect()
});

fuzz_target!(|text: &str| -> Corpus {
    let Ok(event) = RawValue::from_string(text.to_owned()) else { return Corpus::Reject };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for service in SERVICES.iter() {
        let mut context = Context::default();
        context.request_id = "request".to_owned();
        let deadline = (SystemTime::now() + Duration::from_secs(60)).duration_since(UNIX_EPOCH).expect("after 1970");
        context.deadline = u64::try_from(deadline.as_millis()).expect("not that late");
        let answer = runtime.block_on(service.invoke(LambdaEvent::new(event.clone(), context)));
        runtime.block_on(service.after_answer());
        check(&event, &answer.expect("every event has an answer"));
    }
    Corpus::Keep
});

fn check(event: &RawValue, answer: &RawValue) {
    let answer: Value = serde_json::from_str(answer.get()).expect("an answer in the platform's form");
    let status = answer["statusCode"].as_u64().expect("a status");
    let body = answer["body"].as_str().unwrap_or_default();
    assert!(matches!(status, 200 | 201 | 304 | 400 | 401 | 404 | 410 | 412 | 413 | 415 | 422), "{status}: {body}");
    if status == 304 {
        assert_eq!(body, "");
        return;
    }
    let body: Value = serde_json::from_str(body).expect("every body is JSON");
    if status >= 400 {
        assert_eq!(answer["headers"]["content-type"], "application/problem+json");
        assert_eq!((&body["status"], &body["requestId"]), (&json!(status), &json!("request")));
    }
    let event: Value = serde_json::from_str(event.get()).unwrap_or_default();
    if !carries_the_key(&event) {
        assert!(matches!(status, 400 | 401), "{status} without the key: {body}");
    }
}

/// Whether the key is anywhere among the headers, however they are written.
fn carries_the_key(json: &Value) -> bool {
    match json {
        Value::String(text) => text.contains(KEY),
        Value::Array(values) => values.iter().any(carries_the_key),
        Value::Object(members) => members.values().any(carries_the_key),
        _ => false,
    }
}

/// DynamoDB as this target needs it, without a network: the key is there, and the clients are none.
#[derive(Debug)]
struct FakeTables;

impl HttpConnector for FakeTables {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation =
            request.headers().get("x-amz-target").unwrap_or_default().rsplit('.').next().unwrap_or_default();
        let call: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let api_keys = Tables::default().api_keys;
        let keys = call["TableName"] == api_keys;
        let mut capacity = json!({ "TableName": call["TableName"], "CapacityUnits": 1.0 });
        let (status, mut answer) = match operation {
            "GetItem" if keys => (200, key(&call["Key"]).map_or(json!({}), |item| json!({ "Item": item }))),
            "BatchGetItem" => {
                capacity = json!([capacity]);
                let found: Vec<_> = key(&call["RequestItems"][&api_keys]).into_iter().collect();
                (200, json!({ "Responses": { api_keys: found } }))
            }
            "Query" => (200, json!({ "Items": [], "Count": 0 })),
            "UpdateItem" if !keys => {
                (400, json!({ "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException" }))
            }
            _ => (200, json!({})),
        };
        if status == 200 {
            answer["ConsumedCapacity"] = capacity;
        }
        let mut response = HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(answer.to_string()));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// The item of the key, if that is asked for.
fn key(asked_for: &Value) -> Option<Value> {
    let key: ApiKey = KEY.parse().expect("a key");
    let hash = key.hash();
    if !asked_for.to_string().contains(hash.as_str()) {
        return None;
    }
    let item = [
        ("keyHash", hash.as_str()),
        ("keyId", "key_1"),
        ("name", "fuzz"),
        ("hint", "ba_0123…"),
        ("orgId", "org"),
        ("userId", "user"),
        ("createdAt", "2026-01-01T00:00:00.000Z"),
        ("expiresAt", "9999-01-01T00:00:00.000Z"),
    ];
    let item: serde_json::Map<_, _> =
        item.map(|(name, text)| (name.to_owned(), json!({ "S": text }))).into_iter().collect();
    Some(item.into())
}

fn config() -> SdkConfig {
    let credentials = Credentials::new("fuzz", "fuzz", None, None, "none needed");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
