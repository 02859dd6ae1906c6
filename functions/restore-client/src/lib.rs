//! `POST /api/v1/clients/{id}/restore`: brings a deleted client back.

use domain::{
    Invalid,
    limits::{BODY_BYTES, FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response, http::StatusCode};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "restore-client",
    method: "POST",
    path: "/api/v1/clients/{id}/restore",
    query: &[],
    is_read: false,
    takes_body: false,
    body_bytes: BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let ((), preconditions) = Invalid::all((request.query().check(), request.preconditions()))?;
    let id = request.path_id()?;
    let context = request.write_context(app.clock.now());
    let client = app.store.restore(&context, id, &preconditions.expected_versions()).await?;
    Ok(response::resource(StatusCode::OK, &client, client.version))
}
