//! The life of a function's process on Lambda.

use std::sync::Arc;

use crate::{app::App, http::Endpoint, telemetry};

/// Runs an endpoint as a Lambda function, for as long as the process lives. The spans of a request are
/// sent before its answer, because the platform may freeze the process after it.
///
/// # Errors
/// Fails if the Lambda runtime cannot be reached.
pub async fn run(endpoint: &'static Endpoint) -> Result<(), lambda_http::Error> {
    let telemetry = Arc::new(telemetry::init());
    let service = (endpoint.service)(App::from_env().await);
    let invoke = move |event| {
        let (service, telemetry) = (service.clone(), telemetry.clone());
        async move {
            let answer = service.invoke(event).await;
            telemetry.flush().await;
            answer
        }
    };
    lambda_http::lambda_runtime::run(lambda_http::service_fn(invoke)).await
}
