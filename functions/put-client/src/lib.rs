//! `PUT /api/v1/clients/{id}`: creates a client with an identifier of the caller's, or replaces it.

use domain::{
    ClientId, Invalid, NewClient,
    limits::{BODY_BYTES, FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response, http::StatusCode};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
    store::PutOutcome,
};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "put-client",
    method: "PUT",
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
    let id = ClientId::chosen(request.path_uuid());
    let inputs = (request.query().check(), request.preconditions(), id, NewClient::parse(request.body()));
    let ((), preconditions, id, new) = Invalid::all(inputs)?;
    let context = request.write_context(app.clock.now());
    Ok(match app.store.put(&context, id, &new, &preconditions.expected_versions()).await? {
        PutOutcome::Created(client) => {
            response::created(&client, client.version, &ENDPOINT.path.replace("{id}", &id.to_string()))
        }
        PutOutcome::Replaced(client) => response::resource(StatusCode::OK, &client, client.version),
    })
}
