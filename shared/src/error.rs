//! Everything a request can come to besides success, and the problem document that says so.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use crate::{
    limits::{BODY_BYTES, RETRY_AFTER_SECONDS},
    store::{Refused, StoreError},
};

/// One field of a body, one parameter, or one header that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field, parameter or header by its name; `body` for the body as a whole.
    pub field: String,
    /// What is wrong with it and what would be right, for a person.
    pub message: String,
}

/// Everything in one request's input that cannot be accepted; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Vec<FieldError>);

impl Invalid {
    /// One field that cannot be accepted.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// All of these errors; `Ok` where there are none.
    ///
    /// # Errors
    /// When there is at least one error.
    pub fn unless_empty(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The errors.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }

    /// Both values, or everything that is wrong with either.
    ///
    /// # Errors
    /// When either is an error.
    pub fn both<A, B>(a: Result<A, Self>, b: Result<B, Self>) -> Result<(A, B), Self> {
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(mut a), Err(b)) => {
                a.0.extend(b.0);
                Err(a)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

/// Why a request was not answered with success. The pipeline alone turns one into a response.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Something in the body, the parameters or the headers cannot be accepted.
    #[error("invalid input")]
    Invalid(Invalid),
    /// No key, or one that is malformed, unknown, expired or revoked; the caller is not told which.
    #[error("no valid key")]
    Unauthorized,
    /// No such client in the caller's organization.
    #[error("not found")]
    NotFound,
    /// `If-Match` names no current version.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The body is larger than [`BODY_BYTES`].
    #[error("payload too large")]
    PayloadTooLarge,
    /// The body is something else than JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// The idempotency key came before with another body.
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    /// A fault in this program, and where in it.
    #[error("panic at {0}")]
    Panic(String),
    /// An item that breaks the rules under which it was written: a fault, too.
    #[error("corrupt item")]
    Corrupt(#[source] StoreError),
    /// The tables failed, throttled or took too long.
    #[error("unavailable")]
    Unavailable(#[source] StoreError),
    /// The function's own deadline passed.
    #[error("deadline exceeded")]
    DeadlineExceeded,
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_corrupt() { Self::Corrupt(error) } else { Self::Unavailable(error) }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound => Self::NotFound,
            Refused::Stale => Self::PreconditionFailed,
            Refused::Store(error) => error.into(),
        }
    }
}

/// An error as the contract lists it: status, stable code, and texts that depend on nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable name that programs match on.
    pub code: &'static str,
    /// A short name for people.
    pub title: &'static str,
    /// What happened and what to do.
    pub detail: &'static str,
}

impl ApiError {
    /// The problem that a caller is shown.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (status, code, title, detail) = match self {
            Self::Invalid(_) => (
                StatusCode::BAD_REQUEST,
                "invalid_input",
                "Invalid input",
                "The request was not understood; `errors` names every field, parameter or header at fault.",
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Unauthorized",
                "A valid API key is required: `Authorization: Bearer ba_…`.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "Not found", "There is no such client in your organization.")
            }
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "Precondition failed",
                "The client has changed since the version that `If-Match` names; read it again.",
            ),
            Self::PayloadTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                "Payload too large",
                "A request body may be at most 64 KiB.",
            ),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Unsupported media type",
                "The body must be sent as `Content-Type: application/json`.",
            ),
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "Idempotency key reused",
                "This `Idempotency-Key` came before with another body; use a new key for a new client.",
            ),
            Self::Panic(_) | Self::Corrupt(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "Internal error",
                "Something went wrong on our side; `requestId` names this request in our logs.",
            ),
            Self::Unavailable(_) | Self::DeadlineExceeded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Service unavailable",
                "The request could not be completed in time; try again after `Retry-After` seconds.",
            ),
        };
        Problem { status, code, title, detail }
    }

    /// The response that says so, an RFC 9457 problem document.
    #[must_use]
    pub fn to_response(&self, request_id: &str) -> Response<Body> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Document<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            request_id: &'a str,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
        }
        let Problem { status, code, title, detail } = self.problem();
        let errors = if let Self::Invalid(invalid) = self { invalid.errors() } else { &[] };
        let document = Document {
            r#type: format!("urn:clients-api:problem:{code}"),
            title,
            status: status.as_u16(),
            detail,
            code,
            request_id,
            errors,
        };
        let body = serde_json::to_string(&document).expect("a problem document is plain text and numbers");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Unavailable(_) | Self::DeadlineExceeded => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
            }
            _ => {}
        }
        response
    }
}

// The text of `PayloadTooLarge` names the limit.
const _: () = assert!(BODY_BYTES == 64 * 1024);
