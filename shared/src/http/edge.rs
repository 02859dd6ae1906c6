//! Turns the platform's event into an HTTP request, and a response into the platform's form. `lambda_http` assumes that
//! host, path and query make a URI and panics if they do not, but callers choose all three.

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::limits::QUERY_BYTES;
use lambda_http::{
    Body, Error, LambdaEvent, RequestExt, Response,
    aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    http::header,
    request::LambdaRequest,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::{RawValue, to_raw_value};

use super::Service;

/// The characters that a URI's query cannot have. Percent signs stay: they start escapes.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

impl Service {
    /// Answers one event of an HTTP API (payload version 2.0) with a response in the platform's form. An
    /// event that cannot be read is a 400.
    ///
    /// # Errors
    /// Fails if the answer cannot be written as JSON, which does not happen with our answers.
    pub async fn invoke(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
        let (payload, context) = event.into_parts();
        let response = match serde_json::from_str::<ApiGatewayV2httpRequest>(payload.get()) {
            Ok(request) if is_readable(&request) => {
                let request = lambda_http::Request::from(LambdaRequest::ApiGatewayV2(sanitize(request)));
                self.respond(request.with_lambda_context(context)).await
            }
            _ => self.refuse(&context),
        };
        Ok(to_raw_value(&platform_answer(response))?)
    }
}

/// A response in the platform's form: text as it is, and anything else as base64. `lambda_http` would look up the
/// character set of a text, which is UTF-8.
#[must_use]
pub fn platform_answer(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = (!matches!(body, Body::Empty)).then_some(body);
    answer
}

/// Removes host and path, which no handler reads, and encodes the query so that it is a URI's.
fn sanitize(mut request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpRequest {
    request.headers.remove(header::HOST);
    request.request_context.domain_name = None;
    request.request_context.stage = None;
    request.raw_path = Some("/".to_owned());
    request.raw_query_string =
        request.raw_query_string.map(|query| utf8_percent_encode(&query, NOT_IN_QUERY).to_string());
    request
}

/// Whether `lambda_http` can read the request: it also assumes that the body can be decoded and that a
/// URI has room for the query.
fn is_readable(request: &ApiGatewayV2httpRequest) -> bool {
    let query = request.raw_query_string.as_deref().unwrap_or_default();
    let body = request.body.as_deref().unwrap_or_default();
    query.len() <= QUERY_BYTES && (!request.is_base64_encoded || BASE64_STANDARD.decode(body).is_ok())
}
