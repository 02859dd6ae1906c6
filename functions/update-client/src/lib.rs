//! `PATCH /api/v1/clients/{id}`: changes some fields of a client in one atomic write.

use lambda_http::{Body, Response, http::StatusCode};
use shared::{ApiError, App, ClientPatch, Endpoint, Invalid, Request, Route, response};

/// Where this endpoint is found.
pub const ROUTE: Route = Route { method: "PATCH", path: "/api/v1/clients/{id}", is_read: false, takes_body: true };

/// The endpoint.
#[must_use]
pub fn endpoint(app: App) -> Endpoint {
    Endpoint::new(ROUTE, app, handle)
}

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let headers = Invalid::both(request.no_query(), request.if_match());
    let ((_, versions), patch) = Invalid::both(headers, ClientPatch::parse(request.body()))?;
    let id = request.client_id()?;
    let stamp = request.stamp(app.clock.now());
    let client = app.store.update(&stamp, id, &patch, versions.as_deref()).await?;
    Ok(response::client(StatusCode::OK, &client, None))
}
