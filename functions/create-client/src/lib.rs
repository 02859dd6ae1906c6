//! `POST /api/v1/clients`: a new client, made once however often the request is repeated under one
//! `Idempotency-Key`.

mod idempotency;

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use shared::{ApiError, App, ClientId, Created, Endpoint, Invalid, NewClient, Request, Route, response};

pub use idempotency::REPLAYED;

/// Where this endpoint is found.
pub const ROUTE: Route = Route { method: "POST", path: "/api/v1/clients", is_read: false, takes_body: true };

/// The endpoint.
#[must_use]
pub fn endpoint(app: App) -> Endpoint {
    Endpoint::new(ROUTE, app, handle)
}

async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let headers = Invalid::both(request.no_query(), request.idempotency_key());
    let ((_, key), new) = Invalid::both(headers, NewClient::parse(request.body()))?;
    let (id, hash) = match key {
        Some(key) => (idempotency::client_id(&request.caller.org, key), Some(idempotency::request_hash(key, &new))),
        None => (ClientId::random(), None),
    };
    let stamp = request.stamp(app.clock.now());
    let (client, replayed) = match app.store.create(&stamp, id, new, hash.as_deref()).await? {
        Created::New(client) => (client, false),
        Created::Replayed(client) => (client, true),
        Created::Conflict => return Err(ApiError::IdempotencyKeyReused),
    };
    let mut response = response::client(StatusCode::CREATED, &client, None);
    let location = HeaderValue::try_from(format!("{}/{id}", ROUTE.path)).expect("a path and a UUID are plain ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
