//! `DELETE /api/v1/clients/{id}`: deletes a client, for good if `permanently=true`.

use domain::{
    Invalid,
    limits::{BODY_BYTES, FUNCTION_MEMORY_MB, WRITE_TIMEOUT},
};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Parameter, Request, Service, response},
};

/// The parameter of a deletion that keeps no data.
const PERMANENTLY: &str = "permanently";

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "delete-client",
    method: "DELETE",
    path: "/api/v1/clients/{id}",
    query: &[Parameter::single(PERMANENTLY)],
    is_read: false,
    takes_body: false,
    body_bytes: BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (permanently, preconditions) = Invalid::all((request.query().flag(PERMANENTLY), request.preconditions()))?;
    let id = request.path_id()?;
    let context = request.write_context(app.clock.now());
    app.store.delete(&context, id, &preconditions.expected_versions(), permanently).await?;
    Ok(response::success())
}
