//! Events of an API Gateway HTTP API (payload version 2.0), as they reach a function.

use serde_json::{Map, Value, json};

/// One request, in the words of an HTTP API.
#[derive(Clone, Debug)]
pub struct Event {
    method: &'static str,
    id: Option<String>,
    query: String,
    headers: Map<String, Value>,
    body: Option<String>,
}

impl Event {
    /// A request to `/api/v1/clients`.
    #[must_use]
    pub fn to_clients(method: &'static str) -> Self {
        Self { method, id: None, query: String::new(), headers: Map::new(), body: None }
    }

    /// A request to `/api/v1/clients/{id}`.
    #[must_use]
    pub fn to_client(method: &'static str, id: &str) -> Self {
        Self { id: Some(id.to_owned()), ..Self::to_clients(method) }
    }

    /// With this key.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {key}"))
    }

    /// With this header; API Gateway writes names in lower case.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// With this query string, as after the `?`.
    #[must_use]
    pub fn with_query(self, query: &str) -> Self {
        Self { query: query.to_owned(), ..self }
    }

    /// With this JSON body.
    #[must_use]
    pub fn with_body(self, body: &Value) -> Self {
        Self { body: Some(body.to_string()), ..self }.with_header("content-type", "application/json")
    }

    /// The event.
    #[must_use]
    pub fn json(&self) -> Value {
        let Self { method, id, query, headers, body } = self;
        let (template, path) = match id {
            Some(id) => ("/api/v1/clients/{id}", format!("/api/v1/clients/{id}")),
            None => ("/api/v1/clients", "/api/v1/clients".to_owned()),
        };
        let mut headers = headers.clone();
        headers.insert("host".to_owned(), "a1b2c3.execute-api.eu-central-1.amazonaws.com".into());
        headers.insert("user-agent".to_owned(), "curl/8.5.0".into());
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{method} {template}"),
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "a1b2c3",
                "domainName": "a1b2c3.execute-api.eu-central-1.amazonaws.com",
                "domainPrefix": "a1b2c3",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "203.0.113.7",
                    "userAgent": "curl/8.5.0",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": format!("{method} {template}"),
                "stage": "$default",
                "time": "31/Jan/2026:09:30:00 +0000",
                "timeEpoch": 1_769_851_800_000_u64,
            },
            "isBase64Encoded": false,
        });
        if let Some(id) = id {
            event["pathParameters"] = json!({ "id": id });
        }
        if let Some(body) = body {
            event["body"] = body.as_str().into();
        }
        event
    }
}
