//! The request builder of all suites.
//!
//! A call becomes an event of an API Gateway HTTP API for an [`Instance`](crate::Instance) or a
//! [`Function`](crate::Function), and an HTTP request for a [`Server`](crate::Server).

use domain::ApiKey;
use lambda_http::http::Method;
use serde_json::{Map, Value, json};
use shared::http::Endpoint;

/// The path that all endpoints share.
const PREFIX: &str = "/api/v1";
/// The identifier of a client that no test creates.
pub const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
const HOST: &str = "a1b2c3.execute-api.eu-central-1.amazonaws.com";
const USER_AGENT: &str = "curl/8.5.0";

/// A request to the API.
#[derive(Clone, Debug)]
pub struct Call {
    method: &'static str,
    /// The path below `/api/v1`, maybe with `{id}` in it.
    path: String,
    /// The text in the place of `{id}`.
    id: Option<String>,
    /// The query string, encoded.
    query: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Call {
    /// A request to a path below `/api/v1`, as it is sent.
    #[must_use]
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), id: None, query: String::new(), headers: Vec::new(), body: None }
    }

    /// A request to the collection of clients.
    #[must_use]
    pub fn clients(method: &'static str) -> Self {
        Self::new(method, "/clients")
    }

    /// A request to one client.
    #[must_use]
    pub fn client(method: &'static str, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::new(method, "/clients/{id}") }
    }

    /// Creates a client.
    #[must_use]
    pub fn create(body: &Value) -> Self {
        Self::clients("POST").json(body)
    }

    /// Lists clients.
    #[must_use]
    pub fn list() -> Self {
        Self::clients("GET")
    }

    /// Gets a client.
    #[must_use]
    pub fn get(id: &str) -> Self {
        Self::client("GET", id)
    }

    /// Creates a client with this identifier, or replaces it.
    #[must_use]
    pub fn put(id: &str, body: &Value) -> Self {
        Self::client("PUT", id).json(body)
    }

    /// Updates a client.
    #[must_use]
    pub fn update(id: &str, body: &Value) -> Self {
        Self::client("PATCH", id).json(body)
    }

    /// Deletes a client.
    #[must_use]
    pub fn delete(id: &str) -> Self {
        Self::client("DELETE", id)
    }

    /// Restores a deleted client.
    #[must_use]
    pub fn restore(id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::new("POST", "/clients/{id}/restore") }
    }

    /// A legal request to an endpoint: for [`NOBODY`] if the path has an identifier, of a client with a name if
    /// there is a body.
    #[must_use]
    pub fn to_endpoint(endpoint: &Endpoint) -> Self {
        let path = endpoint.path.strip_prefix(PREFIX).expect("all endpoints share the prefix");
        let id = path.contains("{id}").then(|| NOBODY.to_owned());
        let call = Self { id, ..Self::new(endpoint.method, path) };
        let new = json!({ "name": "Ann" });
        match endpoint.name {
            // With a key, so that tables without an answer fail the whole.
            "batch-clients" => {
                let operations = json!({ "operations": [{ "operation": "create", "client": new }] });
                call.json(&operations).header("idempotency-key", "batch")
            }
            _ if endpoint.takes_body => call.json(&new),
            _ => call,
        }
    }

    /// Does these operations as a batch.
    #[must_use]
    pub fn batch(operations: &[Value]) -> Self {
        Self::new("POST", "/clients/batch").json(&json!({ "operations": operations }))
    }

    /// Sets the identifier in the path, if there is one.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        Self { id: self.id.map(|_| id.to_owned()), ..self }
    }

    /// Sets another method.
    #[must_use]
    pub fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// Sets the API key.
    #[must_use]
    pub fn key(self, key: &ApiKey) -> Self {
        self.bearer(key.reveal())
    }

    /// Sets the text after `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, text: &str) -> Self {
        self.header("authorization", format!("Bearer {text}"))
    }

    /// Sets a header. An earlier value is replaced.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        // API Gateway writes the names in lower case.
        let name = name.to_lowercase();
        self.headers.retain(|(set, _)| *set != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the query string, as after the `?`.
    #[must_use]
    pub fn query(self, query: impl Into<String>) -> Self {
        Self { query: query.into(), ..self }
    }

    /// Sets the query parameters, which are encoded.
    #[must_use]
    pub fn parameters(self, parameters: &[(&str, &str)]) -> Self {
        let mut url = reqwest::Url::parse("http://unused/").expect("a URL");
        url.query_pairs_mut().extend_pairs(parameters);
        self.query(url.query().unwrap_or_default())
    }

    /// Sets the body, and declares it as JSON.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Sets the body as it is.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    /// The endpoint that this call goes to, if there is one.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'static Endpoint> {
        functions::ENDPOINTS.into_iter().find(|endpoint| self.goes_to(endpoint))
    }

    /// Whether this call goes to `endpoint`.
    #[must_use]
    pub fn goes_to(&self, endpoint: &Endpoint) -> bool {
        endpoint.takes(self.method) && endpoint.path == self.template()
    }

    /// The call as an event of an HTTP API, payload version 2.0.
    ///
    /// # Panics
    /// Panics if the body is not UTF-8.
    #[must_use]
    pub fn event(&self) -> Value {
        let Self { method, query, body, .. } = self;
        let path = format!("{PREFIX}{}", self.raw_path());
        let route_key = format!("{method} {}", self.template());
        let mut headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        headers.insert("host".to_owned(), HOST.into());
        headers.insert("user-agent".to_owned(), USER_AGENT.into());
        let mut event = json!({
            "version": "2.0",
            "routeKey": route_key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3",
                "domainName": HOST,
                "domainPrefix": "a1b2c3",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": USER_AGENT,
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": route_key,
                "stage": "$default",
                "time": "31/Jan/2026:09:30:00 +0000",
                "timeEpoch": 1_769_851_800_000_u64,
            },
            "isBase64Encoded": false,
        });
        if let Some(id) = &self.id {
            event["pathParameters"] = json!({ "id": id });
        }
        if let Some(body) = body {
            event["body"] = str::from_utf8(body).expect("the body of an event is UTF-8").into();
        }
        event
    }

    /// The call as an HTTP request to the API at `base`, which ends with `/api/v1`.
    pub(crate) fn request(&self, http: &reqwest::Client, base: &str) -> reqwest::RequestBuilder {
        let query = if self.query.is_empty() { String::new() } else { format!("?{}", self.query) };
        let method = Method::from_bytes(self.method.as_bytes()).expect("an HTTP method");
        let mut request = http.request(method, format!("{base}{}{query}", self.raw_path()));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        }
    }

    /// The path of the endpoint.
    fn template(&self) -> String {
        format!("{PREFIX}{}", self.path)
    }

    /// The path below `/api/v1`.
    fn raw_path(&self) -> String {
        self.id.as_ref().map_or_else(|| self.path.clone(), |id| self.path.replace("{id}", id))
    }
}
