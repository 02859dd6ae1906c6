//! The description of an endpoint.

use std::time::Duration;

use super::{Parameter, Service};
use crate::app::App;

/// The description of an endpoint: its route, its parameters and its function's settings. Each function has
/// one, and the crate `functions` lists them all.
#[derive(Debug)]
pub struct Endpoint {
    /// The name of the function, its package and its binary: `get-client`.
    pub name: &'static str,
    /// The HTTP method. An endpoint that reads takes `HEAD` as well.
    pub method: &'static str,
    /// The path as API Gateway writes it, with its parameter in braces: `/api/v1/clients/{id}`.
    pub path: &'static str,
    /// The query parameters.
    pub query: &'static [Parameter],
    /// Whether the endpoint changes nothing, so that its handler may start before the API key is checked.
    pub is_read: bool,
    /// Whether the endpoint takes a JSON body.
    pub takes_body: bool,
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The function's timeout.
    pub timeout: Duration,
    /// The function's memory, in MB.
    pub memory_mb: u32,
    /// Makes the service of this endpoint.
    pub service: fn(App) -> Service,
}

impl Endpoint {
    /// The endpoint as API Gateway names a route: `GET /api/v1/clients`.
    #[must_use]
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether the endpoint answers this method on its path.
    #[must_use]
    pub fn takes(&self, method: &str) -> bool {
        method == self.method || (self.is_read && method == "HEAD")
    }
}
