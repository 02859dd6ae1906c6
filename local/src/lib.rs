//! The whole API on one machine, with nothing to install: the functions behind a gateway that works like API
//! Gateway, on an embedded DynamoDB.
//!
//! | module | idea |
//! |---|---|
//! | [`gateway`] | API Gateway and Lambda: from an HTTP request to an event, and from an answer to HTTP |
//! | [`engine`] | DynamoDB in this process |
//! | [`setup`] | the tables and an API key |
//! | [`demo`] | demo clients |

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
