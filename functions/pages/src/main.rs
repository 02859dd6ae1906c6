//! The Lambda function `pages`. It has no tables and no rights but its logs.

use lambda_http::{
    Body, Error, LambdaEvent,
    aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    http::StatusCode,
    lambda_runtime::{run, service_fn},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<ApiGatewayV2httpRequest>| Ok::<_, Error>(answer(&event.payload)))).await
}

/// The answer in the platform's form. `lambda_http` would make a URI of the event, and panic if it is none.
fn answer(request: &ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
    let (method, path) = (&request.request_context.http.method, request.raw_path.as_deref().unwrap_or_default());
    let mut answer = ApiGatewayV2httpResponse::default();
    let Some(response) = pages::respond(method, path, &request.headers, None) else {
        answer.status_code = StatusCode::NOT_FOUND.as_u16().into();
        return answer;
    };
    let (parts, body) = response.into_parts();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    // Text is sent as it is, and anything else as base64.
    let body = String::from_utf8(body.into()).map_or_else(|error| Body::Binary(error.into_bytes()), Body::Text);
    answer.is_base64_encoded = matches!(body, Body::Binary(_));
    answer.body = Some(body);
    answer
}
