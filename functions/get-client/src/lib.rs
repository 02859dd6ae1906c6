//! `GET /api/v1/clients/{id}`: reads a client.

use domain::{
    Invalid,
    limits::{BODY_BYTES, FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "get-client",
    method: "GET",
    path: "/api/v1/clients/{id}",
    query: &[],
    is_read: true,
    takes_body: false,
    body_bytes: BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let ((), preconditions) = Invalid::all((request.query().check(), request.preconditions()))?;
    let id = request.path_id()?;
    let client = app.store.get(&request.caller, id).await?.ok_or(ApiError::NotFound)?;
    response::read_resource(&client, client.version, &preconditions)
}
