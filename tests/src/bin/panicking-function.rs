//! A function that panics if the path has no identifier, and answers otherwise. It stands in for a fault
//! of ours, and runs as the functions of the product do.

use domain::{ClientId, limits};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Parameter, Request, Service, response},
};

static ENDPOINT: Endpoint = Endpoint {
    name: "panicking-function",
    method: "GET",
    path: "/api/v1/clients/{id}",
    // The test puts a text here that no log may repeat.
    query: &[Parameter::single("secret")],
    is_read: true,
    takes_body: false,
    body_bytes: limits::BODY_BYTES,
    timeout: limits::WRITE_TIMEOUT,
    memory_mb: limits::FUNCTION_MEMORY_MB,
    service: |app| Service::new(&ENDPOINT, app, handle),
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&ENDPOINT).await
}

#[allow(clippy::panic, reason = "this is what it is for")]
async fn handle(_: App, request: Request) -> Result<Response<Body>, ApiError> {
    match request.path_id::<ClientId>() {
        Ok(_) => Ok(response::success()),
        Err(_) => panic!("a fault over {:?}", request.query().get("secret")),
    }
}
