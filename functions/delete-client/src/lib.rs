//! `DELETE /api/v1/clients/{id}`: deletes a client.

use domain::{
    Invalid,
    limits::{FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "delete-client",
    method: "DELETE",
    path: "/api/v1/clients/{id}",
    query: &[],
    is_read: false,
    takes_body: false,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let ((), preconditions) = Invalid::all((request.query().check(), request.preconditions()))?;
    let id = request.path_id()?;
    let context = request.write_context(app.clock.now());
    app.store.delete(&context, id, &preconditions.expected_versions(), false).await?;
    Ok(response::success())
}
