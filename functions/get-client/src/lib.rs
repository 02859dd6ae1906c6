//! `GET /api/v1/clients/{id}`: one client.

use lambda_http::{Body, Response, http::StatusCode};
use shared::{ApiError, App, Endpoint, Invalid, Request, Route, response};

/// Where this endpoint is found.
pub const ROUTE: Route = Route { method: "GET", path: "/api/v1/clients/{id}", is_read: true, takes_body: false };

/// The endpoint.
#[must_use]
pub fn endpoint(app: App) -> Endpoint {
    Endpoint::new(ROUTE, app, handle)
}

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (_, if_none_match) = Invalid::both(request.no_query(), request.if_none_match())?;
    let id = request.client_id()?;
    let client = app.store.get(&request.caller, id).await?.ok_or(ApiError::NotFound)?;
    Ok(response::client(StatusCode::OK, &client, if_none_match.as_ref()))
}
