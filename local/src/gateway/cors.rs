//! Calls from pages of other origins, as API Gateway answers them if it is configured for CORS. Here every
//! origin on this machine is allowed.

use lambda_http::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::answer::{self, HttpAnswer};

/// The `CorsConfiguration` of `template.yaml`.
const ALLOW_METHODS: &str = "GET, POST, PUT, PATCH, DELETE";
const ALLOW_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match";
const EXPOSE_HEADERS: &str =
    "ETag, Location, Idempotency-Replayed, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy";
const MAX_AGE: &str = "3600";

/// The answer to a preflight, without the headers that allow an origin.
pub(super) fn preflight() -> HttpAnswer {
    answer::empty(StatusCode::NO_CONTENT)
}

/// Adds the headers that let a page read the answer, if the request comes from a page on this machine.
pub(super) fn allow_local_origin(request: &HeaderMap, answer: &mut HeaderMap) {
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.get(header::ORIGIN).filter(|origin| is_local(origin)) else { return };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSE_HEADERS));
    if request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOW_METHODS));
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS));
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    }
}

fn is_local(origin: &HeaderValue) -> bool {
    let uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok()).unwrap_or_default();
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    is_web && matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_on_this_machine_are_local() {
        for origin in ["http://localhost:5173", "https://localhost", "http://127.0.0.1:8080", "http://[::1]:3000"] {
            assert!(is_local(&HeaderValue::from_static(origin)), "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://example.com",
            "http://localhost.example.com",
            "http://localhost@example.com",
            "file://localhost",
            "http://10.0.0.1:3000",
        ] {
            assert!(!is_local(&HeaderValue::from_static(origin)), "{origin}");
        }
    }

    #[test]
    fn the_headers_are_those_of_the_template() {
        let template = include_str!("../../../template.yaml");
        for expected in [
            format!("AllowMethods: [{ALLOW_METHODS}]"),
            format!("AllowHeaders: [{ALLOW_HEADERS}]"),
            format!("ExposeHeaders: [{EXPOSE_HEADERS}]"),
            format!("MaxAge: {MAX_AGE}"),
        ] {
            assert!(template.contains(&expected), "{expected}");
        }
    }
}
