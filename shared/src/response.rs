//! The answers of the API, as its contract writes them.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use crate::{client::Client, etag, etag::Tags};

/// `{"data": …}` and, on lists, `total`.
#[derive(Serialize)]
struct Data<T> {
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
}

/// One client with its entity tag, or 304 where the caller has that version.
#[must_use]
pub fn client(status: StatusCode, client: &Client, if_none_match: Option<&Tags>) -> Response<Body> {
    let body = json(&Data { data: client, total: None });
    tagged(status, body, &etag::of_version(client.version), if_none_match)
}

/// A page of clients and the number of all matches, or 304 where the caller has just that.
#[must_use]
pub fn page(clients: &[Client], total: usize, if_none_match: Option<&Tags>) -> Response<Body> {
    let body = json(&Data { data: clients, total: Some(total) });
    let tag = etag::of_bytes(body.as_bytes());
    tagged(StatusCode::OK, body, &tag, if_none_match)
}

/// `{"success": true}`.
#[must_use]
pub fn success() -> Response<Body> {
    with_body(StatusCode::OK, "{\"success\":true}".to_owned())
}

fn tagged(status: StatusCode, body: String, tag: &str, if_none_match: Option<&Tags>) -> Response<Body> {
    let mut response = if if_none_match.is_some_and(|tags| tags.include(tag)) {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        with_body(status, body)
    };
    let tag = HeaderValue::from_str(tag).expect("an entity tag is printable ASCII");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

fn with_body(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("answers are plain texts and numbers")
}
