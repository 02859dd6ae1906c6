//! `DELETE /api/v1/clients/{id}`: deletes a client, for good.

use lambda_http::{Body, Response};
use shared::{ApiError, App, Endpoint, Invalid, Request, Route, response};

/// Where this endpoint is found.
pub const ROUTE: Route = Route { method: "DELETE", path: "/api/v1/clients/{id}", is_read: false, takes_body: false };

/// The endpoint.
#[must_use]
pub fn endpoint(app: App) -> Endpoint {
    Endpoint::new(ROUTE, app, handle)
}

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (_, versions) = Invalid::both(request.no_query(), request.if_match())?;
    let id = request.client_id()?;
    let stamp = request.stamp(app.clock.now());
    app.store.delete(&stamp, id, versions.as_deref()).await?;
    Ok(response::success())
}
