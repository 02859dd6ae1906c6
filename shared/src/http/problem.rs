//! The errors of the API, and their problem documents (RFC 9457).

use std::borrow::Cow;

use domain::{
    FieldError, Invalid,
    limits::{RETRY_AFTER_SECONDS, TOO_LARGE_PAUSE},
};
use lambda_http::{
    Body, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;

use crate::{
    store::{StoreError, WriteError},
    telemetry::Failure,
};

/// The reason why a request failed. Only the pipeline turns it into a response.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Input in the body, the parameters or the headers is illegal.
    #[error("invalid input")]
    Invalid(Invalid),
    /// There is no API key, or it is malformed, unknown, expired or revoked. The caller is not told which.
    #[error("no valid key")]
    Unauthorized,
    /// There is no such resource in the caller's organization.
    #[error("not found")]
    NotFound,
    /// `If-Match` or `If-None-Match` does not allow the current version.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The body is larger than this number of bytes.
    #[error("payload too large")]
    PayloadTooLarge(usize),
    /// The `Content-Type` is not `application/json`.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// The body has a `Content-Encoding` other than `identity`.
    #[error("unsupported content encoding")]
    UnsupportedContentEncoding,
    /// The cursor cannot be continued: the caller must start over.
    #[error("cursor expired")]
    CursorExpired,
    /// The idempotency key was used before with another body.
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    /// The key or its organization has used up its limit. More requests are admitted after these seconds.
    #[error("rate limited")]
    RateLimited {
        /// The seconds.
        seconds: u64,
    },
    /// The handler panicked at this place.
    #[error("panic at {0}")]
    Panic(String),
    /// An item breaks the rules it was written by.
    #[error("corrupt item")]
    Corrupt(#[source] StoreError),
    /// A table failed, throttled or took too long.
    #[error("unavailable")]
    Unavailable(#[source] StoreError),
    /// The function's own deadline passed.
    #[error("deadline exceeded")]
    DeadlineExceeded,
    /// This operation of a batch was left out.
    #[error("not attempted")]
    NotAttempted,
    /// The organization has more data than a function's memory holds.
    #[error("too large")]
    TooLarge,
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

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotFound => Self::NotFound,
            WriteError::UnexpectedVersion => Self::PreconditionFailed,
            // Whoever gives a token expects this, and does not come here.
            WriteError::TookEffect { .. } => Self::Panic("a change without a token".to_owned()),
            WriteError::Store(error) => error.into(),
        }
    }
}

/// An error as the contract lists it. Each code has one title and one detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code that programs match on.
    pub code: &'static str,
    /// A short title for people.
    pub title: &'static str,
    /// The explanation and the remedy, for people.
    pub detail: Cow<'static, str>,
}

/// A problem document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: Cow<'static, str>,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl ApiError {
    /// The failure as the log line has it: the code, and for a fault its cause.
    #[must_use]
    pub(crate) fn failure(&self) -> Failure {
        let cause = match self {
            Self::Unavailable(cause) | Self::Corrupt(cause) => Some(cause.to_string()),
            Self::Panic(_) | Self::TooLarge => Some(self.to_string()),
            _ => None,
        };
        let Problem { status, code, .. } = self.problem();
        Failure { status, code, cause }
    }

    /// The problem that the caller is shown.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (status, code, title, detail) = match self {
            Self::Invalid(_) => (
                StatusCode::BAD_REQUEST,
                "invalid_input",
                "Invalid input",
                "The request has invalid input; `errors` names every field, parameter or header at fault.",
            ),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Unauthorized",
                "A valid API key is required: `Authorization: Bearer ba_…`.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "Not found", "There is no such resource in your organization.")
            }
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "Precondition failed",
                "The current version does not meet `If-Match` or `If-None-Match`; read the resource again.",
            ),
            Self::PayloadTooLarge(most) => {
                let detail = format!("The body of this request may be at most {} KiB.", most / 1024);
                return Problem {
                    status: StatusCode::PAYLOAD_TOO_LARGE,
                    code: "payload_too_large",
                    title: "Payload too large",
                    detail: detail.into(),
                };
            }
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Unsupported media type",
                "The body must be sent as `Content-Type: application/json`.",
            ),
            Self::UnsupportedContentEncoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_content_encoding",
                "Unsupported content encoding",
                "The body must be sent as it is: a `Content-Encoding` other than `identity` is not supported.",
            ),
            Self::CursorExpired => (
                StatusCode::GONE,
                "cursor_expired",
                "Cursor expired",
                "This cursor cannot be continued; start over without `cursor`, and drop what you do not read again.",
            ),
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "Idempotency key reused",
                "This `Idempotency-Key` was used before with another body; use a new key for a new request.",
            ),
            Self::RateLimited { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "Too many requests",
                "The limit of your key or your organization is used up; try again after `Retry-After` seconds.",
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
            Self::NotAttempted => (
                StatusCode::SERVICE_UNAVAILABLE,
                "not_attempted",
                "Not attempted",
                "There was no time for this operation, or an earlier one on the same resource did not succeed. It had no \
                 effect; send it again.",
            ),
            Self::TooLarge => (
                StatusCode::SERVICE_UNAVAILABLE,
                "organization_too_large",
                "Organization too large",
                "Your organization has more clients than can be listed; each of them can still be read and changed.",
            ),
        };
        Problem { status, code, title, detail: detail.into() }
    }

    /// The problem document.
    pub(super) fn document<'a>(&'a self, request_id: &'a str) -> Document<'a> {
        let Problem { status, code, title, detail } = self.problem();
        let errors = if let Self::Invalid(invalid) = self { invalid.errors() } else { &[] };
        let r#type = format!("urn:clients-api:problem:{code}");
        Document { r#type, title, status: status.as_u16(), detail, code, request_id, errors }
    }

    /// The response: a problem document.
    #[must_use]
    pub fn to_response(&self, request_id: &str) -> Response<Body> {
        let document = self.document(request_id);
        let body = serde_json::to_string(&document).expect("a problem document is plain text and numbers");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.problem().status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Unavailable(_) | Self::DeadlineExceeded | Self::NotAttempted => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
            }
            Self::RateLimited { seconds } => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::TooLarge => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(TOO_LARGE_PAUSE.as_secs()));
            }
            Self::UnsupportedContentEncoding => {
                headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_have_a_cause() {
        let unavailable = ApiError::Unavailable(StoreError::outcome_unknown("UpdateItem clients"));
        for (error, is_fault) in [
            (unavailable, true),
            (ApiError::Panic("src/a.rs:1".to_owned()), true),
            (ApiError::NotFound, false),
            (ApiError::DeadlineExceeded, false),
        ] {
            assert_eq!(error.failure().cause.is_some(), is_fault, "{error}");
        }
    }
}
