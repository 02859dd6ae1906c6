//! The platform's event and answer (payload format 2.0).

use lambda_http::{
    Body, Response,
    aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    http::StatusCode,
};
use shared::http::platform_answer;

use crate::respond;

/// The answer to an event. `lambda_http` would make a URI of the event, and panic if it is none.
#[must_use]
pub fn answer(request: &ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
    let (method, path) = (&request.request_context.http.method, request.raw_path.as_deref().unwrap_or_default());
    let response = match respond(method, path, &request.headers, None) {
        Some(response) => response.map(|body| {
            String::from_utf8(body.into()).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text)
        }),
        None => {
            let mut response = Response::new(Body::Empty);
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    };
    platform_answer(response)
}

#[cfg(test)]
mod tests {
    use lambda_http::http::{HeaderMap, HeaderValue, Method, header::ACCEPT_ENCODING};

    use super::*;
    use crate::{ROUTES, assets};

    /// The most bytes that Lambda takes as an answer.
    const ANSWER_BYTES: usize = 6 * 1024 * 1024;

    fn event(method: Method, path: &str, accept_encoding: &'static str) -> ApiGatewayV2httpRequest {
        let mut event = ApiGatewayV2httpRequest::default();
        event.request_context.http.method = method;
        event.raw_path = Some(path.to_owned());
        event.headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(accept_encoding))]);
        event
    }

    #[test]
    fn every_answer_fits_lambda_whether_compressed_or_not() {
        let pages = ROUTES.iter().filter(|route| !route.contains('{')).map(|route| (*route).to_owned());
        for path in pages.chain(assets()) {
            for encoding in ["gzip", "identity"] {
                let answer = answer(&event(Method::GET, &path, encoding));
                assert_eq!((answer.status_code, answer.is_base64_encoded), (200, encoding == "gzip"), "{path}");
                let bytes = serde_json::to_vec(&answer).unwrap().len();
                assert!(bytes < ANSWER_BYTES, "{path}, {encoding}: {bytes} bytes");
            }
        }
    }

    #[test]
    fn a_sample_event_is_answered() {
        let event = serde_json::from_str(include_str!("../../../events/pages.json")).unwrap();
        let answer = answer(&event);
        assert_eq!(answer.status_code, 200);
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert!(serde_json::to_value(&answer).unwrap()["body"].is_string());
    }

    #[test]
    fn an_event_without_a_route_of_ours_is_a_404_and_no_crash() {
        for (method, path) in
            [(Method::POST, "/docs"), (Method::GET, "/doc"), (Method::GET, ""), (Method::GET, "\u{0}")]
        {
            let answer = answer(&event(method, path, "gzip"));
            assert_eq!(answer.status_code, 404, "{path}");
        }
    }
}
