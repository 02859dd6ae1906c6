//! The life of a function's process on Lambda.

use std::sync::Arc;

use futures_util::future;
use lambda_http::{LambdaEvent, lambda_runtime::Runtime, tower::util::MapFutureLayer};

use crate::{
    app::App,
    http::{Endpoint, Service},
    telemetry,
};

/// Runs an endpoint as a Lambda function, for as long as the process lives.
///
/// It connects to DynamoDB before the first event: the platform gives a starting process more of a processor than
/// a small function has later. The spans of a request are sent before its answer, because the platform may freeze
/// the process after it. Other work waits for the time between the answer and the next poll, when no caller waits.
///
/// # Errors
/// Fails if the environment lacks a variable, or if the Lambda runtime cannot be reached.
pub async fn run(endpoint: &'static Endpoint) -> Result<(), lambda_http::Error> {
    let app = App::from_env()?;
    let store = app.store.clone();
    let set_up = async { (Arc::new(telemetry::init()), (endpoint.service)(app)) };
    let ((), (telemetry, service)) = future::join(store.connect(), set_up).await;
    let answering = service.clone();
    let answer = move |event: LambdaEvent<_>| {
        let (service, telemetry) = (answering.clone(), telemetry.clone());
        async move {
            let answer = service.invoke(event).await;
            telemetry.flush().await;
            answer
        }
    };
    let after_answer = MapFutureLayer::new(move |answered| finish(answered, service.clone()));
    let runtime = Runtime::new(lambda_http::service_fn(answer)).layer(after_answer);
    // On one thread, waking a task costs no system call, but waking the future that blocks the thread does.
    tokio::spawn(runtime.run()).await?
}

/// Waits until an answer is sent, then does the work that was left for that time.
async fn finish<F: Future>(answered: F, service: Service) -> F::Output {
    let outcome = answered.await;
    service.after_answer().await;
    outcome
}
