//! A function whose handler panics for the client called `panic` and answers for every other: a
//! stand-in for a fault of ours, wired as the functions of the product are.

use lambda_http::{Body, Response};
use shared::{ApiError, App, Endpoint, Request, Route, response, telemetry};

const ROUTE: Route = Route { method: "GET", path: "/api/v1/clients/{id}", is_read: true, takes_body: false };

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let telemetry = telemetry::init();
    shared::run(Endpoint::new(ROUTE, App::from_env().await, handle), telemetry).await
}

#[allow(clippy::panic, reason = "this is what it is for")]
async fn handle(_: App, request: Request) -> Result<Response<Body>, ApiError> {
    // The query is where the test puts what no log may repeat.
    let query = request.query(&["secret"]);
    match request.client_id() {
        Ok(_) => Ok(response::success()),
        Err(_) => panic!("a fault over {:?}", query.get("secret")),
    }
}
