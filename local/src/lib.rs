//! The whole API on one machine, with nothing to install: the functions' own endpoints behind a
//! gateway that hands them the events API Gateway would, on an embedded DynamoDB engine.
//!
//! | module | idea |
//! |---|---|
//! | [`gateway`] | HTTP in, payload-2.0 events to the endpoints, HTTP out |
//! | [`engine`] | DynamoDB in this process, spoken to over its HTTP interface |
//! | [`setup`] | tables, an organization and a key on first use |
//! | [`demo`] | plausible clients to play with |

pub mod demo;
pub mod engine;
pub mod gateway;
pub mod setup;

use std::time::Duration;

use shared::{App, Endpoint, Route, limits};

pub use engine::config_for;

/// All endpoints of the API, on the tables of `app`.
#[must_use]
pub fn endpoints(app: &App) -> Vec<Endpoint> {
    vec![
        list_clients::endpoint(app.clone()),
        get_client::endpoint(app.clone()),
        create_client::endpoint(app.clone()),
        update_client::endpoint(app.clone()),
        delete_client::endpoint(app.clone()),
    ]
}

/// The timeout that the template gives to the function at `route`.
#[must_use]
pub fn timeout(route: Route) -> Duration {
    if route == list_clients::ROUTE { limits::LIST_TIMEOUT } else { limits::WRITE_TIMEOUT }
}
