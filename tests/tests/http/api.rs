//! The API under test, and how the tests speak with it.

use std::{sync::LazyLock, thread, time::Duration};

use domain::{ApiKey, Clock};
use local::{engine::Engine, gateway};
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use shared::{
    App,
    store::{ApiKeyRecord, NewApiKey, Store, Tables},
};
use tokio::{net::TcpListener, sync::oneshot};

/// A client that no test makes.
pub(crate) const NOBODY: &str = "/clients/00000000-0000-4000-8000-000000000000";

/// The API under test.
pub(crate) struct Api {
    base: String,
    pub(crate) key: String,
    pub(crate) other_key: String,
    /// Its tables, where it runs in this process.
    pub(crate) app: Option<App>,
}

static API: LazyLock<Api> = LazyLock::new(|| match variable("E2E_BASE_URL") {
    Some(base) => Api {
        base: base.trim_end_matches('/').to_owned(),
        key: variable("E2E_KEY").expect("E2E_KEY goes with E2E_BASE_URL"),
        other_key: variable("E2E_OTHER_KEY").expect("E2E_OTHER_KEY goes with E2E_BASE_URL"),
        app: None,
    },
    None => in_process(),
});

pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Serves the API from a thread of its own: each test has a runtime that ends with it.
fn in_process() -> Api {
    let (ready, api) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = Engine::in_memory().await.unwrap();
            let app = App { store: Store::new(engine.config(), Tables::default()), clock: Clock::system() };
            app.store.create_tables().await.unwrap();
            let (key, _) = new_key(&app, "acme", Duration::from_secs(3600)).await;
            let (other_key, _) = new_key(&app, "other", Duration::from_secs(3600)).await;
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
            let services = local::services(&app);
            ready.send(Api { base, key, other_key, app: Some(app) }).unwrap();
            gateway::serve(listener, services, std::future::pending()).await.unwrap();
        });
    });
    api.recv().unwrap()
}

/// A new key of `org`, and what the table knows of it.
pub(crate) async fn new_key(app: &App, org: &str, life: Duration) -> (String, ApiKeyRecord) {
    let key = ApiKey::generate().unwrap();
    let now = app.clock.now();
    let new = NewApiKey {
        org: org.parse().unwrap(),
        user: "tester".parse().unwrap(),
        name: "end-to-end test".to_owned(),
        expires_at: now.after(life),
    };
    let record = app.store.create_api_key(&key, new, now).await.unwrap();
    (key.reveal().to_owned(), record)
}

/// An API of its own on an engine without tables. It runs until the sender is dropped.
pub(crate) async fn without_tables() -> (String, oneshot::Sender<()>) {
    let engine = Engine::in_memory().await.unwrap();
    let app = App { store: Store::new(engine.config(), Tables::default()), clock: Clock::system() };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(async move {
        let _engine = engine;
        gateway::serve(listener, local::services(&app), async { drop(stopped.await) }).await.unwrap();
    });
    (base, stop)
}

/// The tables of the API under test, for a case that cannot be made from outside: such a case is
/// passed over against another server, and the message says why.
pub(crate) fn only_in_process(reason: &str) -> Option<&'static App> {
    if API.app.is_none() {
        eprintln!("passed over: {reason}");
    }
    API.app.as_ref()
}

/// What a test speaks with the API through: connections of its own, and a key.
#[derive(Clone)]
pub(crate) struct Session {
    http: reqwest::Client,
    base: String,
    pub(crate) key: String,
}

impl Session {
    /// With the key of the organization under test.
    pub(crate) fn new() -> Self {
        Self::at(&API.base, &API.key)
    }

    /// With the key of another organization.
    pub(crate) fn of_another_organization() -> Self {
        Self::at(&API.base, &API.other_key)
    }

    pub(crate) fn with_key(key: &str) -> Self {
        Self::at(&API.base, key)
    }

    pub(crate) fn at(base: &str, key: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned(), key: key.to_owned() }
    }

    /// The address of the server, without the path.
    pub(crate) fn authority(&self) -> &str {
        self.base.trim_start_matches("http://").split('/').next().unwrap()
    }

    /// A request without a key.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        // `sam local` may have to start a container first.
        self.http.request(method, format!("{}{path}", self.base)).timeout(Duration::from_secs(60))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::GET, path)).await
    }

    /// A list with these parameters, encoded.
    pub(crate) async fn list(&self, parameters: &[(&str, &str)]) -> Reply {
        Reply::to(self.request(Method::GET, "/clients").query(parameters)).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Reply {
        Reply::to(self.request(Method::POST, "/clients").json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        Reply::to(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        Reply::to(self.request(Method::DELETE, path)).await
    }

    /// A new client, which must succeed: its path and what the answer says of it.
    pub(crate) async fn create(&self, body: &Value) -> (String, Value) {
        let reply = self.post(body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let client = reply.json["data"].clone();
        (format!("/clients/{}", client["id"].as_str().unwrap()), client)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// `null` where the body is empty.
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) };
        Self { status, headers, text, json }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Holds the answer to be the problem document of `code` that names just these fields.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str, fields: &[&str]) {
        let text = &self.text;
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{text}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{text}");
        assert_eq!(self.json["status"], status, "{text}");
        assert_eq!(self.json["type"], format!("urn:clients-api:problem:{code}"), "{text}");
        for member in ["title", "detail", "requestId"] {
            assert!(self.json[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {text}");
        }
        assert_eq!(self.json["requestId"], self.header("x-request-id"), "{text}");
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let mut named: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        let mut expected = fields.to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{text}");
        assert!(errors.iter().all(|error| error["message"].as_str().is_some_and(|text| !text.is_empty())), "{text}");
        for debris in ["Error(", "Some(", "Err(", "src/", "panicked", "ba_0", "dynamodb", "DynamoDb"] {
            assert!(!text.contains(debris), "`{debris}` in {text}");
        }
    }

    /// The body without what differs from request to request.
    pub(crate) fn without_request_id(&self) -> Value {
        let mut json = self.json.clone();
        json.as_object_mut().unwrap().remove("requestId");
        json
    }
}

/// A text that no other test and no other run has in its names.
pub(crate) fn token() -> String {
    format!("tk{:016x}", fastrand::u64(..))
}

/// A body with a name that holds `token` and nothing else.
pub(crate) fn named(token: &str) -> Value {
    json!({ "name": format!("Client {token}") })
}

/// How many clients have `token` in their names.
pub(crate) async fn count(session: &Session, token: &str) -> u64 {
    let reply = session.list(&[("query", token), ("limit", "1")]).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json["total"].as_u64().unwrap()
}
