//! The successful responses, as the contract describes them.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use super::{ApiError, EntityTag, Preconditions, Request, compression, problem};
use crate::telemetry::Failure;

/// `{"data": …}` and, on lists, `total`.
#[derive(Serialize)]
struct Data<T> {
    data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
}

/// A resource with the entity tag of its version.
#[must_use]
pub fn resource<T: Serialize>(status: StatusCode, resource: &T, version: u64) -> Response<Body> {
    tagged(status, json(&Data { data: resource, total: None }), &EntityTag::of_version(version))
}

/// A resource that was created, with the entity tag of its version.
///
/// # Panics
/// Panics if `path` is not printable ASCII.
#[must_use]
pub fn created<T: Serialize>(resource: &T, version: u64, path: &str) -> Response<Body> {
    let mut response = self::resource(StatusCode::CREATED, resource, version);
    let location = HeaderValue::from_str(path).expect("a path is printable ASCII");
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// A resource with the entity tag of its version, or 304 if the caller has this version.
///
/// # Errors
/// Fails if a precondition does.
pub fn read_resource<T: Serialize>(
    resource: &T,
    version: u64,
    preconditions: &Preconditions,
) -> Result<Response<Body>, ApiError> {
    if_modified(json(&Data { data: resource, total: None }), &EntityTag::of_version(version), preconditions)
}

/// A page of resources and the number of all matches, or 304 if the caller has exactly this page.
///
/// # Errors
/// Fails if a precondition does.
pub fn read_page<T: Serialize>(
    page: &[T],
    total: usize,
    preconditions: &Preconditions,
) -> Result<Response<Body>, ApiError> {
    let body = json(&Data { data: page, total: Some(total) });
    let tag = EntityTag::of_bytes(body.as_bytes());
    if_modified(body, &tag, preconditions).map(compression::vary)
}

/// A page without an entity tag, to which no preconditions apply: with its cursor, nobody asks for it again.
#[must_use]
pub fn untagged_page<T: Serialize>(page: &T) -> Response<Body> {
    compression::vary(with_body(StatusCode::OK, json(page)))
}

/// `{"success": true}`.
#[must_use]
pub fn success() -> Response<Body> {
    with_body(StatusCode::OK, "{\"success\":true}".to_owned())
}

/// The result of one operation of a batch, as the body shows it.
#[derive(Serialize)]
struct OperationResult<'a, T> {
    status: u16,
    #[serde(flatten)]
    success: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<problem::Document<'a>>,
}

impl<'a, T> OperationResult<'a, T> {
    fn of(outcome: &'a Result<(StatusCode, T), ApiError>, request_id: &'a str) -> Self {
        match outcome {
            Ok((status, success)) => Self { status: status.as_u16(), success: Some(success), problem: None },
            Err(error) => {
                let status = error.problem().status.as_u16();
                Self { status, success: None, problem: Some(error.document(request_id)) }
            }
        }
    }
}

/// The results of a batch's operations, in their order: what an operation gave, or its problem. The log line has the
/// worst fault among them.
#[must_use]
pub fn results<T: Serialize>(request: &Request, outcomes: &[Result<(StatusCode, T), ApiError>]) -> Response<Body> {
    #[derive(Serialize)]
    struct Results<T> {
        results: Vec<T>,
    }
    let results = outcomes.iter().map(|outcome| OperationResult::of(outcome, request.id())).collect();
    let mut response = compression::vary(with_body(StatusCode::OK, json(&Results { results })));
    let failures = outcomes.iter().filter_map(|outcome| outcome.as_ref().err().map(ApiError::failure));
    if let Some(worst) = failures.filter(Failure::is_fault).min_by_key(|fault| fault.status) {
        response.extensions_mut().insert(worst);
    }
    response
}

fn if_modified(body: String, tag: &EntityTag, preconditions: &Preconditions) -> Result<Response<Body>, ApiError> {
    if !preconditions.is_not_modified(tag)? {
        return Ok(tagged(StatusCode::OK, body, tag));
    }
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    Ok(with_tag(response, tag))
}

fn tagged(status: StatusCode, body: String, tag: &EntityTag) -> Response<Body> {
    with_tag(with_body(status, body), tag)
}

fn with_tag(mut response: Response<Body>, tag: &EntityTag) -> Response<Body> {
    let tag = HeaderValue::try_from(tag.to_string()).expect("an entity tag is printable ASCII");
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
    serde_json::to_string(value).expect("responses are plain texts and numbers")
}
