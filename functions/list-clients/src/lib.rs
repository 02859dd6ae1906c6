//! `GET /api/v1/clients`: any order, search, filter and offset, with an exact total, as of now.
//!
//! | file | idea |
//! |---|---|
//! | [`params`] | what is asked for |
//! | [`replicas`] | the replicas of many organizations, under a byte budget |
//! | [`replica`] | one organization's replica, and how it follows the change feed |
//! | [`index`] | the clients in memory, and the page they make |

pub mod index;
pub mod params;
pub mod replica;
pub mod replicas;

use lambda_http::{Body, Response};
use shared::{ApiError, App, Endpoint, Invalid, Request, Route, response};

use params::ListParams;
use replicas::Replicas;

/// Where this endpoint is found.
pub const ROUTE: Route = Route { method: "GET", path: "/api/v1/clients", is_read: true, takes_body: false };

/// The endpoint, with replicas of its own.
#[must_use]
pub fn endpoint(app: App) -> Endpoint {
    let replicas = Replicas::new(replicas::budget_from_env());
    Endpoint::new(ROUTE, app, move |app, request| handle(app, replicas.clone(), request))
}

async fn handle(app: App, replicas: Replicas, request: Request) -> Result<Response<Body>, ApiError> {
    let params = ListParams::read(&request.query(params::NAMES));
    let (params, if_none_match) = Invalid::both(params, request.if_none_match())?;
    let page = replicas.page(&app, &request.caller.org, &params).await?;
    Ok(response::page(&page.clients, page.total, if_none_match.as_ref()))
}
