//! The API in this process: events in, answers out, through everything but the network.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{ApiKey, OrgId};
use lambda_http::{Context, LambdaEvent};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::to_raw_value};
use shared::{App, http::Service, store::NewApiKey};

/// The services of all endpoints, on one app.
#[derive(Clone)]
pub struct Api {
    /// What they work with.
    pub app: App,
    services: Vec<Service>,
}

/// A request in the making.
#[derive(Clone, Debug)]
pub struct Call {
    method: &'static str,
    id: Option<String>,
    query: String,
    headers: Map<String, Value>,
    body: Option<String>,
}

/// What the API answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, by their lower-case names.
    pub headers: Map<String, Value>,
    /// The body; `Null` where there is none.
    pub body: Value,
}

impl Api {
    /// The API of this app.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { services: local::services(&app), app }
    }

    /// A new key to `org`, in the table.
    ///
    /// # Panics
    /// When the table fails.
    pub async fn key(&self, org: &OrgId) -> ApiKey {
        let key = ApiKey::generate().expect("the operating system gives randomness");
        let now = self.app.clock.now();
        let user = "user".parse().expect("an identifier");
        let expires_at = now.after(Duration::from_secs(24 * 60 * 60));
        let new = NewApiKey { org: org.clone(), user, name: "test".to_owned(), expires_at };
        self.app.store.create_api_key(&key, new, now).await.expect("the key can be made");
        key
    }

    /// The answer to a call.
    ///
    /// # Panics
    /// When there is no answer, or none that can be read: the API never leaves a caller without.
    pub async fn answer(&self, call: &Call) -> Answer {
        let path = if call.id.is_some() { "/api/v1/clients/{id}" } else { "/api/v1/clients" };
        let service = self
            .services
            .iter()
            .find(|service| service.endpoint.takes(call.method) && service.endpoint.path == path)
            .expect("a call names an endpoint of the API");
        let event = json!({
            "version": "2.0",
            "routeKey": format!("{} {path}", call.method),
            "rawPath": path,
            "rawQueryString": call.query,
            "headers": call.headers,
            "pathParameters": call.id.as_ref().map(|id| json!({ "id": id })),
            "requestContext": { "http": { "method": call.method, "path": path }, "stage": "$default" },
            "body": call.body,
            "isBase64Encoded": false,
        });
        let deadline = SystemTime::now() + service.endpoint.timeout;
        let mut context = Context::default();
        context.request_id = domain::ClientId::random().to_string();
        let deadline = deadline.duration_since(UNIX_EPOCH).expect("a time after 1970").as_millis();
        context.deadline = u64::try_from(deadline).expect("a time before the end of time");
        let event = to_raw_value(&event).expect("an event is JSON");
        let answer = service.invoke(LambdaEvent::new(event, context)).await.expect("every event has an answer");

        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Written {
            status_code: u16,
            headers: Map<String, Value>,
            body: Option<String>,
        }
        let Written { status_code, headers, body } =
            serde_json::from_str(answer.get()).expect("an answer in the platform's form");
        let body = body
            .filter(|body| !body.is_empty())
            .map_or(Value::Null, |body| serde_json::from_str(&body).expect("every body is JSON"));
        Answer { status: status_code, headers, body }
    }
}

impl Call {
    /// A call of the collection.
    #[must_use]
    pub fn clients(method: &'static str, key: &ApiKey) -> Self {
        let headers = [("authorization".to_owned(), json!(format!("Bearer {}", key.reveal())))];
        Self { method, id: None, query: String::new(), headers: headers.into_iter().collect(), body: None }
    }

    /// A call of one client.
    #[must_use]
    pub fn client(method: &'static str, key: &ApiKey, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::clients(method, key) }
    }

    /// With this query string.
    #[must_use]
    pub fn query(self, query: impl Into<String>) -> Self {
        Self { query: query.into(), ..self }
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), json!(value));
        self
    }

    /// With this JSON body.
    #[must_use]
    pub fn body(self, body: &Value) -> Self {
        Self { body: Some(body.to_string()), ..self.header("content-type", "application/json") }
    }
}

impl Answer {
    /// The identifier of the client in the answer.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.body["data"]["id"].as_str().expect("the answer holds a client")
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(Value::as_str)
    }
}
