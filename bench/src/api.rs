//! An HTTP client of the API.

use anyhow::{Context, Result};
use domain::{ApiKey, ClientId};
use reqwest::Method;
use serde_json::Value;

/// A client of the API at one address. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    /// The URL of the collection of clients.
    url: String,
}

/// One request.
pub(crate) struct Call {
    method: Method,
    id: Option<ClientId>,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// A response with its whole body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: Vec<u8>,
}

impl Api {
    /// A client of the API at `address`, which is a host and a port. Connections are reused.
    pub(crate) fn new(address: &str) -> Result<Self> {
        // The address is on loopback: no proxy applies.
        let http = reqwest::Client::builder().no_proxy().build().context("cannot make an HTTP client")?;
        Ok(Self { http, url: format!("http://{address}/api/v1/clients") })
    }

    /// Sends a call with an API key.
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
    /// Lists clients.
    pub(crate) fn list(query: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { method: Method::GET, id: None, query: query.into_iter().collect(), body: None }
    }

    /// Creates a client.
    pub(crate) fn create(body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::list([]) }
    }

    /// Gets one client.
    pub(crate) fn get(id: ClientId) -> Self {
        Self { id: Some(id), ..Self::list([]) }
    }

    /// Updates one client.
    pub(crate) fn update(id: ClientId, body: Value) -> Self {
        Self { method: Method::PATCH, body: Some(body), ..Self::get(id) }
    }

    /// Whether the call reads only.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Deletes one client.
    pub(crate) fn delete(id: ClientId) -> Self {
        Self { method: Method::DELETE, ..Self::get(id) }
    }
}

impl Answer {
    /// The length of the body in bytes.
    pub(crate) fn body_bytes(&self) -> usize {
        self.body.len()
    }

    /// The identifier of the client in the body.
    pub(crate) fn id(&self) -> Option<ClientId> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body.get("data")?.get("id")?.as_str()?.parse().ok()
    }
}
