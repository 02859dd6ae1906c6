//! The request pipeline: what happens to every request of every endpoint, around its handler.
//!
//! Authenticate, check size and content type, run the handler within the deadline, turn an error
//! or a panic into a problem document, write one log line.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{FutureExt, future};
use lambda_http::{
    Body, Context, RequestExt, Response,
    http::{HeaderName, HeaderValue, header},
};
use tracing::Instrument;

use crate::{
    app::App,
    auth::{self, Remembered},
    error::{ApiError, Invalid},
    limits::{BODY_BYTES, DEADLINE_MARGIN, WRITE_TIMEOUT},
    request::{Request, RequestParts},
    route::Route,
    telemetry,
};

/// The header that names a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type Handler =
    dyn Fn(App, Request) -> Pin<Box<dyn Future<Output = Result<Response<Body>, ApiError>> + Send>> + Send + Sync;

/// One endpoint: a handler within the pipeline. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint {
    /// Where it is found.
    pub route: Route,
    app: App,
    remembered: Remembered,
    lines: Arc<telemetry::RequestLines>,
    handler: Arc<Handler>,
}

impl Endpoint {
    /// The endpoint of `handler` at `route`.
    pub fn new<F, Fut>(route: Route, app: App, handler: F) -> Self
    where
        F: Fn(App, Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Response<Body>, ApiError>> + Send + 'static,
    {
        let handler = Arc::new(move |app, request| -> Pin<Box<dyn Future<Output = _> + Send>> {
            Box::pin(handler(app, request))
        });
        let lines = Arc::new(telemetry::RequestLines::from_env());
        Self { route, app, remembered: Remembered::default(), lines, handler }
    }

    /// Answers a request, whatever it is and whatever happens.
    pub async fn respond(&self, request: lambda_http::Request) -> Response<Body> {
        let context = request.lambda_context_ref().cloned().unwrap_or_default();
        let mut entry = telemetry::Entry::new(self.route, &self.lines, &context).traced(request.headers());
        let span = entry.span.clone();
        let app = App { store: self.app.store.counting_into(&entry.log), ..self.app.clone() };
        let parts = RequestParts::new(request);
        if let Some(client) = parts.client_id() {
            entry.log.set_client(client);
        }
        let work = AssertUnwindSafe(self.run(&app, &mut entry, parts)).catch_unwind();
        let outcome = match tokio::time::timeout(time_left(&context), work.instrument(span)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(ApiError::Panic(telemetry::place_of_panic())),
            Err(_) => Err(ApiError::DeadlineExceeded),
        };
        conclude(&entry, outcome)
    }

    /// Answers an event that cannot be read as a request.
    pub(crate) fn refuse(&self, context: &Context) -> Response<Body> {
        let entry = telemetry::Entry::new(self.route, &self.lines, context);
        conclude(&entry, Err(Invalid::field("request", "is malformed").into()))
    }

    async fn run(
        &self,
        app: &App,
        entry: &mut telemetry::Entry,
        parts: RequestParts,
    ) -> Result<Response<Body>, ApiError> {
        let hash = auth::presented_key(parts.headers())?.hash();
        let early = if self.route.is_read { self.remembered.caller(&hash) } else { None };
        let record = if let Some(caller) = early {
            // One round trip: the key is read beside the data. Whatever the handler finds is thrown
            // away unless the key turns out to be this caller's and active.
            let check = async {
                let record = auth::check(app, &hash).await?;
                auth::touch(app, &record).await;
                Ok(record)
            };
            let handle = (self.handler)(app.clone(), Request { caller: caller.clone(), parts: parts.clone() });
            // For the log line of a request that ends at its deadline.
            entry.caller = Some(caller.clone());
            let (record, answer) = future::try_join(check, handle.map(Ok)).await.inspect_err(|error| {
                if matches!(error, ApiError::Unauthorized) {
                    self.remembered.forget(&hash);
                    entry.caller = None;
                }
            })?;
            if record.caller == caller {
                check_body(self.route, &parts)?;
                return answer;
            }
            record
        } else {
            auth::check(app, &hash).await?
        };
        let caller = record.caller.clone();
        entry.caller = Some(caller.clone());
        self.remembered.remember(hash, caller.clone());
        check_body(self.route, &parts)?;
        let handle = (self.handler)(app.clone(), Request { caller, parts });
        let (answer, ()) = future::join(handle, auth::touch(app, &record)).await;
        answer
    }
}

/// The response to an outcome, and its log line.
fn conclude(entry: &telemetry::Entry, outcome: Result<Response<Body>, ApiError>) -> Response<Body> {
    let (mut response, error) = match outcome {
        Ok(response) => (response, None),
        Err(error) => (error.to_response(&entry.request_id), Some(error)),
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&entry.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    entry.write(response.status(), error.as_ref());
    response
}

fn check_body(route: Route, parts: &RequestParts) -> Result<(), ApiError> {
    if parts.body().len() > BODY_BYTES {
        return Err(ApiError::PayloadTooLarge);
    }
    // A missing body is the handler's to name, together with all else that is missing.
    if route.takes_body && !parts.body().is_empty() && !parts.is_json() {
        return Err(ApiError::UnsupportedMediaType);
    }
    Ok(())
}

/// What is left of the platform's deadline, less the margin in which to say so. An invocation that
/// begins after its deadline has none that can be believed (`cargo lambda watch` sends such).
fn time_left(context: &Context) -> Duration {
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or(WRITE_TIMEOUT);
    left.saturating_sub(DEADLINE_MARGIN)
}
