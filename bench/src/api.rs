//! An HTTP client of the API.

use anyhow::{Context, Result};
use domain::{ApiKey, ClientId};
use functions::ENDPOINTS;
use reqwest::Method;
use serde_json::Value;
use shared::http::Endpoint;

/// A client of the API at one address. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    /// The host and port.
    address: String,
}

/// One request.
pub(crate) struct Call {
    pub(crate) endpoint: &'static Endpoint,
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
    pub(crate) fn new(address: String) -> Result<Self> {
        // The address is on loopback: no proxy applies.
        let http = reqwest::Client::builder().no_proxy().build().context("cannot make an HTTP client")?;
        Ok(Self { http, address })
    }

    /// Sends a call with an API key.
    pub(crate) async fn send(&self, key: &ApiKey, call: &Call) -> Result<Answer> {
        let Endpoint { method, path, .. } = call.endpoint;
        let path = call.id.map_or_else(|| (*path).to_owned(), |id| path.replace("{id}", &id.to_string()));
        let url = format!("http://{}{path}", self.address);
        let mut request =
            self.http.request(method.parse::<Method>()?, url).bearer_auth(key.reveal()).query(&call.query);
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
        Self { query: query.into_iter().collect(), ..Self::of("list-clients") }
    }

    /// Creates a client.
    pub(crate) fn create(body: Value) -> Self {
        Self { body: Some(body), ..Self::of("create-client") }
    }

    /// Gets one client.
    pub(crate) fn get(id: ClientId) -> Self {
        Self { id: Some(id), ..Self::of("get-client") }
    }

    /// Updates one client.
    pub(crate) fn update(id: ClientId, body: Value) -> Self {
        Self { id: Some(id), body: Some(body), ..Self::of("update-client") }
    }

    /// Deletes one client.
    pub(crate) fn delete(id: ClientId) -> Self {
        Self { id: Some(id), ..Self::of("delete-client") }
    }

    /// A call of the endpoint with this name.
    fn of(name: &str) -> Self {
        let endpoint = ENDPOINTS.into_iter().find(|endpoint| endpoint.name == name).expect("the endpoint exists");
        Self { endpoint, id: None, query: Vec::new(), body: None }
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
