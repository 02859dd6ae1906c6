//! The API over HTTP, as its callers reach it.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::Value;
use shared::{ApiKey, ClientId};

/// The API at some address. Clones share connections.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    /// Of the collection of clients.
    url: String,
}

/// One request.
pub(crate) struct Call {
    method: Method,
    id: Option<ClientId>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// What came back, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Api {
    /// The API at this host and port. Connections are kept and used again.
    pub(crate) fn new(address: &str) -> Result<Self> {
        // Loopback only, whatever proxy the environment names.
        let http = reqwest::Client::builder().no_proxy().build().context("no HTTP client")?;
        Ok(Self { http, url: format!("http://{address}/api/v1/clients") })
    }

    /// The answer to this call, made on behalf of `key`.
    pub(crate) async fn send(&self, key: &ApiKey, call: &Call) -> reqwest::Result<Answer> {
        let url = call.id.map_or_else(|| self.url.clone(), |id| format!("{}/{id}", self.url));
        let mut request = self.http.request(call.method.clone(), url).bearer_auth(key.reveal()).query(&call.query);
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await?;
        Ok(Answer { status: response.status().as_u16(), body: response.bytes().await?.to_vec() })
    }
}

impl Call {
    /// A page of clients.
    pub(crate) fn list(query: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { method: Method::GET, id: None, query: query.into_iter().collect(), body: None }
    }

    /// A new client.
    pub(crate) fn create(body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::list([]) }
    }

    /// One client.
    pub(crate) fn get(id: ClientId) -> Self {
        Self { id: Some(id), ..Self::list([]) }
    }

    /// A change of one client.
    pub(crate) fn update(id: ClientId, body: Value) -> Self {
        Self { method: Method::PATCH, body: Some(body), ..Self::get(id) }
    }

    /// The end of one client.
    pub(crate) fn delete(id: ClientId) -> Self {
        Self { method: Method::DELETE, ..Self::get(id) }
    }
}

impl Answer {
    /// How long its body is, in bytes.
    pub(crate) fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// The identifier of the client in it.
    pub(crate) fn id(&self) -> Option<ClientId> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body.get("data")?.get("id")?.as_str()?.parse().ok()
    }
}
