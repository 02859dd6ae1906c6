//! `POST /api/v1/clients/batch`: up to 100 operations on clients, with a result for each. Each is a write of its own,
//! so some can succeed while others do not. With an `Idempotency-Key`, a repeated batch takes effect once.

mod batch;
mod idempotency;
mod operation;
mod run;

use domain::{
    Invalid,
    limits::{BATCH_BODY_BYTES, BATCH_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

use idempotency::BatchKey;
use run::Run;

pub use batch::Batch;
pub use operation::{Change, Operation};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "batch-clients",
    method: "POST",
    path: "/api/v1/clients/batch",
    query: &[],
    is_read: false,
    takes_body: true,
    body_bytes: BATCH_BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: BATCH_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let inputs = (request.query().check(), request.idempotency_key(), Batch::parse(request.body()));
    let ((), key, batch) = Invalid::all(inputs)?;
    request.charge(batch.len());
    let key = key.map(|key| BatchKey::new(&request.caller.org, key, &batch));
    if let Some(key) = &key {
        let context = request.write_context(app.clock.now());
        if !app.store.claim(&context, &key.claim(), key.request_hash()).await? {
            return Err(ApiError::IdempotencyKeyReused);
        }
    }
    let run = Run { app: &app, request: &request, key: key.as_ref() };
    Ok(response::results(&request, &run.all(batch.operations()).await))
}
