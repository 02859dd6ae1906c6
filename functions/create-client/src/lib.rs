//! `POST /api/v1/clients`: creates a client. With an `Idempotency-Key`, repeated requests create it once.

mod idempotency;

use domain::{
    ClientId, Invalid, NewClient,
    limits::{BODY_BYTES, FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response, http::HeaderValue};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
    store::CreateOutcome,
};

pub use idempotency::REPLAYED;

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "create-client",
    method: "POST",
    path: "/api/v1/clients",
    query: &[],
    is_read: false,
    takes_body: true,
    body_bytes: BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let inputs = (request.query().check(), request.idempotency_key(), NewClient::parse(request.body()));
    let ((), key, new) = Invalid::all(inputs)?;
    let (id, hash) = match key {
        Some(key) => (idempotency::client_id(&request.caller.org, key), Some(idempotency::request_hash(key, &new))),
        None => (ClientId::random(), None),
    };
    let context = request.write_context(app.clock.now());
    let (client, replayed) = match app.store.create(&context, id, new, hash.as_deref()).await? {
        CreateOutcome::Created(client) => (client, false),
        CreateOutcome::Replayed(client) => (client, true),
        CreateOutcome::Conflict => return Err(ApiError::IdempotencyKeyReused),
    };
    let mut response = response::created(&client, client.version, &format!("{}/{id}", ENDPOINT.path));
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
