//! Between the platform's event and the endpoint. `lambda_http` takes for granted that a host, a
//! path and a query make up a URI, and panics where they do not; strangers choose all three.

use std::convert::Infallible;

use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::{
    Context, Error, LambdaEvent, Service, aws_lambda_events::apigw::ApiGatewayV2httpRequest, http::header,
    request::LambdaRequest, service_fn,
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::{RawValue, to_raw_value};

use crate::{endpoint::Endpoint, limits::QUERY_BYTES};

/// What cannot stand in a URI's query as it is. Percent signs can: they encode.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

impl Endpoint {
    /// Answers one event of an HTTP API (payload version 2.0) with a response in the platform's
    /// form. An event that cannot be read is a 400.
    ///
    /// # Errors
    /// When the answer cannot be written as JSON, which no answer of ours can cause.
    pub async fn invoke(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
        let (payload, context) = event.into_parts();
        match serde_json::from_str::<ApiGatewayV2httpRequest>(payload.get()) {
            Ok(request) if can_be_taken(&request) => {
                let respond = |request| async { Ok::<_, Infallible>(self.respond(request).await) };
                through_lambda_http(respond, without_traps(request), context).await
            }
            _ => {
                let respond = |_| async { Ok::<_, Infallible>(self.refuse(&context)) };
                through_lambda_http(respond, ApiGatewayV2httpRequest::default(), context.clone()).await
            }
        }
    }
}

/// Removes what no handler reads, and encodes what is left so that it is a URI.
fn without_traps(mut request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpRequest {
    request.headers.remove(header::HOST);
    request.request_context.domain_name = None;
    request.request_context.stage = None;
    request.raw_path = Some("/".to_owned());
    request.raw_query_string =
        request.raw_query_string.map(|query| utf8_percent_encode(&query, NOT_IN_QUERY).to_string());
    request
}

/// `lambda_http` takes for granted, too, that the body can be decoded and that a URI has room for the
/// query.
fn can_be_taken(request: &ApiGatewayV2httpRequest) -> bool {
    let query = request.raw_query_string.as_deref().unwrap_or_default();
    let body = request.body.as_deref().unwrap_or_default();
    query.len() <= QUERY_BYTES && (!request.is_base64_encoded || BASE64_STANDARD.decode(body).is_ok())
}

async fn through_lambda_http<F, Fut>(
    respond: F,
    request: ApiGatewayV2httpRequest,
    context: Context,
) -> Result<Box<RawValue>, Error>
where
    F: Fn(lambda_http::Request) -> Fut,
    Fut: Future<Output = Result<lambda_http::Response<lambda_http::Body>, Infallible>> + Send,
{
    let mut adapter = lambda_http::Adapter::from(service_fn(respond));
    let response = adapter.call(LambdaEvent::new(LambdaRequest::ApiGatewayV2(request), context)).await?;
    Ok(to_raw_value(&response)?)
}
