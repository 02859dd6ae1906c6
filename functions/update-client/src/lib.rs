//! `PATCH /api/v1/clients/{id}`: changes some fields of a client in one atomic write.

use domain::{
    ClientPatch, Invalid,
    limits::{BODY_BYTES, FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response, http::StatusCode};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "update-client",
    method: "PATCH",
    path: "/api/v1/clients/{id}",
    query: &[],
    is_read: false,
    takes_body: true,
    body_bytes: BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let inputs = (request.query().check(), request.preconditions(), ClientPatch::parse(request.body()));
    let ((), preconditions, patch) = Invalid::all(inputs)?;
    let id = request.path_id()?;
    let context = request.write_context(app.clock.now());
    let client = app.store.update(&context, id, &patch, &preconditions.expected_versions()).await?;
    Ok(response::resource(StatusCode::OK, &client, client.version))
}
