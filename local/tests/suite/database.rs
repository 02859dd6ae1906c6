//! The API on a database that misbehaves: it claims success without having done anything, its connections go
//! silent, or its set-up was interrupted.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveStatus,
};
use domain::KeyId;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use local::{
    config_for,
    engine::Engine,
    gateway,
    setup::{self, KeySource},
};
use serde_json::{Value, json};
use shared::{
    App,
    store::{Store, Tables},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

fn app(url: &str) -> App {
    App::on(Store::new(&config_for(url), Tables::default()))
}

/// The API over HTTP, on the DynamoDB at `url`, with a key and tables that `engine` has.
struct Api {
    clients: String,
    key: String,
}

impl Api {
    async fn serve(engine: &Engine, url: &str) -> Self {
        let (key, _) = setup::prepare(&app(engine.url()), &KeySource::Fresh).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let clients = format!("http://{}/api/v1/clients", listener.local_addr().unwrap());
        tokio::spawn(gateway::serve(listener, local::services(&app(url)), None, std::future::pending()));
        Self { clients, key: key.reveal().to_owned() }
    }

    async fn call(&self, method: &str, path: &str) -> (StatusCode, Value) {
        let request = reqwest::Client::new().request(method.parse().unwrap(), format!("{}{path}", self.clients));
        let request =
            if matches!(method, "POST" | "PATCH") { request.json(&json!({ "name": "Ann" })) } else { request };
        let response = request.bearer_auth(&self.key).send().await.unwrap();
        (response.status(), response.json().await.unwrap_or_default())
    }

    async fn create(&self) -> String {
        let (status, body) = self.call("POST", "").await;
        assert_eq!(status, 201, "{body}");
        format!("/{}", body["data"]["id"].as_str().unwrap())
    }
}

// ---------------------------------------------------------------------------------------------
// Answers of something else

/// A server that answers the calls to one table with `{}` and 200, as a misconfigured proxy might, and passes
/// the others on to the engine.
async fn stand_in(engine: &Engine, table: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (url, upstream) = (format!("http://{}", listener.local_addr().unwrap()), engine.url().to_owned());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let upstream = upstream.clone();
            let answer = service_fn(move |request: Request<Incoming>| {
                let upstream = upstream.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let input: Value = serde_json::from_slice(&body).unwrap();
                    let answer = if input["TableName"] == table {
                        Bytes::from_static(b"{}")
                    } else {
                        let request = reqwest::Client::new().post(upstream).headers(parts.headers).body(body);
                        request.send().await.unwrap().bytes().await.unwrap()
                    };
                    let answer = Response::builder().header("content-type", "application/x-amz-json-1.0").body(answer);
                    Ok::<_, Infallible>(answer.unwrap().map(Full::new))
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_without_the_consumed_capacity_is_not_believed() {
    let engine = Engine::in_memory().await.unwrap();
    let id = Api::serve(&engine, engine.url()).await.create().await;
    let api = Api::serve(&engine, &stand_in(&engine, "clients").await).await;
    for (method, path) in [("POST", ""), ("GET", &id[..]), ("GET", ""), ("PATCH", &id), ("DELETE", &id)] {
        assert_eq!(api.call(method, path).await.0, 503, "{method} {path}");
    }
    let unknown_key = Api::serve(&engine, &stand_in(&engine, "api-keys").await).await;
    assert_eq!(unknown_key.call("GET", "").await.0, 503, "an answer that is no answer does not make a key unknown");
    let (_, list) = Api::serve(&engine, engine.url()).await.call("GET", "").await;
    assert_eq!((&list["total"], &list["data"][0]["name"]), (&json!(1), &json!("Ann")));
}

// ---------------------------------------------------------------------------------------------
// Connections that went silent

/// A proxy whose connections can go silent: nothing passes any more, and nothing closes them. New ones work.
struct Network {
    url: String,
    accepted: Arc<AtomicUsize>,
    silences: watch::Sender<()>,
}

impl Network {
    async fn before(engine: &Engine) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (url, upstream) = (format!("http://{}", listener.local_addr().unwrap()), engine.url()[7..].to_owned());
        let (silences, accepted) = (watch::Sender::new(()), Arc::new(AtomicUsize::new(0)));
        let (silence, counter) = (silences.clone(), accepted.clone());
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::SeqCst);
                let (mut silenced, upstream) = (silence.subscribe(), upstream.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(upstream).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = silenced.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { url, accepted, silences }
    }

    fn silence(&self) {
        self.silences.send_replace(());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_all_connections_went_silent_at_most_one_request_fails() {
    let engine = Engine::in_memory().await.unwrap();
    let network = Network::before(&engine).await;
    let api = Api::serve(&engine, &network.url).await;
    let id = api.create().await;
    let get = |_| api.call("GET", &id);
    while network.accepted.load(Ordering::SeqCst) < 8 {
        join_all((0..16).map(get)).await;
    }

    network.silence();
    let mut one_by_one = Vec::new();
    for (method, path) in [("GET", &id), ("PATCH", &id), ("GET", &id)].repeat(4) {
        one_by_one.push(api.call(method, path).await.0);
    }
    assert!(one_by_one.iter().filter(|status| **status == 503).count() <= 1, "{one_by_one:?}");

    join_all((0..16).map(get)).await;
    network.silence();
    let at_once = join_all((0..8).map(|n| api.call(["GET", "PATCH"][n % 2], &id))).await;
    assert!(at_once.iter().filter(|(status, _)| *status == 503).count() <= 1, "{at_once:?}");
}

// ---------------------------------------------------------------------------------------------
// A set-up that was interrupted

/// Makes a table of clients as `create_tables` does, without its time to live. Its change feed projects
/// these attributes.
async fn create_clients_table(dynamodb: &aws_sdk_dynamodb::Client, tables: &Tables, projected: &[&str]) {
    let attribute = |name: &str| {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        attribute.build().unwrap()
    };
    let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let projection = Projection::builder()
        .projection_type(ProjectionType::Include)
        .set_non_key_attributes(Some(projected.iter().map(|name| (*name).to_owned()).collect()));
    let by_updated_at = LocalSecondaryIndex::builder()
        .index_name("byUpdatedAt")
        .set_key_schema(Some(vec![key("orgId", KeyType::Hash), key("updatedAt", KeyType::Range)]))
        .projection(projection.build())
        .build()
        .unwrap();
    let table = dynamodb
        .create_table()
        .table_name(&tables.clients)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(["orgId", "id", "updatedAt"].map(attribute).to_vec()))
        .set_key_schema(Some(vec![key("orgId", KeyType::Hash), key("id", KeyType::Range)]))
        .local_secondary_indexes(by_updated_at);
    table.send().await.unwrap();
}

fn random_tables() -> Tables {
    let tag = KeyId::random();
    Tables { clients: format!("clients-{tag}"), api_keys: format!("api-keys-{tag}") }
}

async fn interrupt_and_start_again(url: &str) {
    let (tables, dynamodb) = (random_tables(), shared::store::sdk_client(&config_for(url)));
    create_clients_table(&dynamodb, &tables, &["listed", "version"]).await;
    let time_to_live = async || {
        let described = dynamodb.describe_time_to_live().table_name(&tables.clients).send().await.unwrap();
        let ttl = described.time_to_live_description.unwrap();
        (ttl.time_to_live_status.unwrap(), ttl.attribute_name)
    };
    assert_eq!(time_to_live().await, (TimeToLiveStatus::Disabled, None));

    let store = Store::new(&config_for(url), tables.clone());
    // The third start finds everything complete.
    for _ in 0..2 {
        store.create_tables().await.unwrap();
        assert_eq!(time_to_live().await, (TimeToLiveStatus::Enabled, Some("expiresAt".to_owned())));
    }
    store.delete_tables().await.unwrap();
}

#[tokio::test]
async fn a_set_up_that_was_interrupted_is_completed_by_the_next_start() {
    let engine = Engine::in_memory().await.unwrap();
    interrupt_and_start_again(engine.url()).await;
    // DynamoDB Local, if it runs (`scripts/dynamodb-local`).
    if let Ok(url) = std::env::var("DYNAMODB_LOCAL_URL") {
        interrupt_and_start_again(&url).await;
    }
}

/// Lists would be empty on a table whose change feed lacks what they show.
#[tokio::test]
async fn a_table_with_another_layout_is_refused() {
    let engine = Engine::in_memory().await.unwrap();
    let tables = random_tables();
    create_clients_table(&shared::store::sdk_client(engine.config()), &tables, &["name", "phone"]).await;
    let error = Store::new(engine.config(), tables).create_tables().await.unwrap_err();
    assert!(error.to_string().contains("another layout"), "{error}");
}
