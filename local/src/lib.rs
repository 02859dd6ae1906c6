//! The whole API on one machine, with nothing to install: the functions' endpoints behind a gateway that
//! makes API Gateway's events, on an embedded DynamoDB.
//!
//! | module | idea |
//! |---|---|
//! | [`gateway`] | from HTTP to payload-2.0 events, and from answers to HTTP |
//! | [`engine`] | DynamoDB in this process, reached over its HTTP interface |
//! | [`setup`] | the tables, an organization and an API key on first use |
//! | [`demo`] | plausible clients to play with |

pub mod demo;
pub mod engine;
pub mod gateway;
pub mod setup;

use shared::{App, http::Service};

pub use engine::config_for;

/// The services of all endpoints, on the tables of `app`.
#[must_use]
pub fn services(app: &App) -> Vec<Service> {
    functions::ENDPOINTS.iter().map(|endpoint| (endpoint.service)(app.clone())).collect()
}
