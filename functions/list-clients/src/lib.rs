//! `GET /api/v1/clients`: a page of an organization's clients in any order, with search, filter and an
//! exact total, as of now.
//!
//! | file | purpose |
//! |---|---|
//! | `params.rs` | the query parameters |
//! | [`replicas`] | the replicas of many organizations, under a byte budget |
//! | [`replica`] | one organization's replica, and how it follows the change feed |
//!
//! The crate `list-engine` is the index in a replica.

mod params;
pub mod replica;
pub mod replicas;

use domain::{
    Invalid,
    limits::{LIST_MEMORY_MB, LIST_TIMEOUT},
};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

pub use params::list_params;
use replicas::Replicas;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "list-clients",
    method: "GET",
    path: "/api/v1/clients",
    query: params::PARAMETERS,
    is_read: true,
    takes_body: false,
    timeout: LIST_TIMEOUT,
    memory_mb: LIST_MEMORY_MB,
    service,
};

/// The service, with replicas of its own.
fn service(app: App) -> Service {
    let replicas = Replicas::new(replicas::budget_from_env());
    Service::new(&ENDPOINT, app, move |app, request| handle(app, replicas.clone(), request))
}

async fn handle(app: App, replicas: Replicas, request: Request) -> Result<Response<Body>, ApiError> {
    let (params, preconditions) = Invalid::all((list_params(&request.query()), request.preconditions()))?;
    let page = replicas.page(&app, &request.caller.org, &params).await?;
    response::read_page(&page.clients, page.total, &preconditions)
}
