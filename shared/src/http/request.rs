//! The request that a handler gets.

use domain::{Caller, Invalid, Timestamp, limits::IDEMPOTENCY_KEY_CHARS};
use lambda_http::{
    Body, RequestExt,
    http::{HeaderMap, HeaderName, header},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{AfterAnswer, ApiError, Endpoint, Parameter, Preconditions, Query, rate_limit::Cost};
use crate::store::WriteContext;

/// The header that makes a `POST` safe to repeat.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request. A read's handler may get it before its API key is checked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The caller.
    pub caller: Caller,
    /// The parts of the HTTP request.
    pub parts: RequestParts,
    /// The time after the answer.
    pub after_answer: AfterAnswer,
}

/// The parts of an HTTP request that handlers read.
#[derive(Clone, Debug)]
pub struct RequestParts {
    id: String,
    deadline: Instant,
    path_id: Option<Uuid>,
    query: String,
    parameters: &'static [Parameter],
    headers: HeaderMap,
    body: Vec<u8>,
    pub(super) cost: Cost,
}

impl RequestParts {
    pub(crate) fn new(request: lambda_http::Request, endpoint: &Endpoint, deadline: Instant) -> Self {
        let invocation = request.lambda_context_ref().map(|context| context.request_id.clone());
        let id = request.path_parameters_ref().and_then(|parameters| parameters.first("id"));
        let path_id = id.and_then(domain::parse_uuid);
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        let (id, headers, parameters) = (invocation.unwrap_or_default(), parts.headers, endpoint.query);
        Self { id, deadline, path_id, query, parameters, headers, body, cost: Cost::default() }
    }

    /// The identifier in the path, if there is one and it is a UUID.
    pub(crate) fn path_id(&self) -> Option<Uuid> {
        self.path_id
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Succeeds if the body is declared to be JSON without an encoding.
    pub(crate) fn check_content_type(&self) -> Result<(), ApiError> {
        let encodings = self.headers.get_all(header::CONTENT_ENCODING).iter();
        for encoding in encodings.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')) {
            let encoding = encoding.trim_ascii();
            if !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity") {
                return Err(ApiError::UnsupportedContentEncoding);
            }
        }
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
        if essence.trim().eq_ignore_ascii_case("application/json") {
            Ok(())
        } else {
            Err(ApiError::UnsupportedMediaType)
        }
    }
}

impl Request {
    /// The identifier of the request, as problem documents have it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.parts.id
    }

    /// The time by which the handler must have answered.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.parts.deadline
    }

    /// The identifier in the path.
    ///
    /// # Errors
    /// Fails with [`ApiError::NotFound`] if the text is not a UUID.
    pub fn path_id<T: From<Uuid>>(&self) -> Result<T, ApiError> {
        self.parts.path_id.map(T::from).ok_or(ApiError::NotFound)
    }

    /// The identifier in the path, for a request that may create what it names. `None` if the text is not a UUID.
    #[must_use]
    pub fn path_uuid(&self) -> Option<Uuid> {
        self.parts.path_id
    }

    /// The query parameters.
    #[must_use]
    pub fn query(&self) -> Query {
        Query::parse(&self.parts.query, self.parts.parameters)
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.parts.body
    }

    /// The preconditions in `If-Match` and `If-None-Match`.
    ///
    /// # Errors
    /// Fails if a header is malformed.
    pub fn preconditions(&self) -> Result<Preconditions, Invalid> {
        Preconditions::read(&self.parts.headers)
    }

    /// The `Idempotency-Key`, if there is one.
    ///
    /// # Errors
    /// Fails if the key is empty, too long, repeated, or has characters that are not printable ASCII. A
    /// comma is illegal because API Gateway joins repeated headers with it.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Invalid> {
        let mut values = self.parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        // `to_str` accepts tabs, too.
        let text = value.to_str().ok().filter(|text| !text.contains(['\t', ','])).unwrap_or_default().trim();
        if text.is_empty() || text.len() > IDEMPOTENCY_KEY_CHARS || values.next().is_some() {
            let message = format!(
                "must be given once, as 1 to {IDEMPOTENCY_KEY_CHARS} printable ASCII characters without commas"
            );
            return Err(Invalid::field("Idempotency-Key", message));
        }
        Ok(Some(text))
    }

    /// Counts the request as `requests` instead of one against the limits of its key and its organization. That
    /// never refuses it: it was admitted as one.
    pub fn charge(&self, requests: usize) {
        self.parts.cost.set(u64::try_from(requests).unwrap_or(u64::MAX));
    }

    /// The author and time of a write that this request makes.
    #[must_use]
    pub fn write_context(&self, at: Timestamp) -> WriteContext {
        WriteContext::new(self.caller.clone(), at)
    }
}
