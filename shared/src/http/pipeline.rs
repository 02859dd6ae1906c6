//! The pipeline: the work around every handler.
//!
//! It authenticates the request, keeps the limits on requests, checks size and content type, runs the handler within
//! the deadline, turns an error or a panic into a problem document, compresses the answer where it pays, and writes one
//! log line.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, SystemTime},
};

use domain::{
    Caller, Invalid, KeyHash,
    limits::{AFTER_ANSWER_MARGIN, DEADLINE_MARGIN, WRITE_TIMEOUT},
};
use futures_util::{
    FutureExt,
    future::{self, Either},
};
use lambda_http::{
    Body, Context, RequestExt, Response,
    http::{HeaderName, HeaderValue, Method, header},
};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    ApiError, Endpoint, Request, RequestParts,
    after_answer::{AfterAnswer, Leftover},
    auth::{self, CallerCache},
    compression,
    rate_limit::{self, Admission},
};
use crate::{app::App, telemetry};

/// The header that names a request in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type Answer = Result<Response<Body>, ApiError>;
type Handler = dyn Fn(App, Request) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync;

/// An endpoint that answers requests: its handler within the pipeline. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    app: App,
    callers: CallerCache,
    left: Leftover,
    lines: Arc<telemetry::RequestLines>,
    handler: Arc<Handler>,
}

impl Service {
    /// The service that answers `endpoint` with `handler`.
    pub fn new<F, Fut>(endpoint: &'static Endpoint, app: App, handler: F) -> Self
    where
        F: Fn(App, Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let handler = Arc::new(move |app, request| -> Pin<Box<dyn Future<Output = _> + Send>> {
            Box::pin(handler(app, request))
        });
        let lines = Arc::new(telemetry::RequestLines::from_env());
        Self { endpoint, app, callers: CallerCache::default(), left: Leftover::default(), lines, handler }
    }

    /// Answers a request. It never fails: errors, panics and timeouts become responses.
    pub async fn respond(&self, request: lambda_http::Request) -> Response<Body> {
        let context = request.lambda_context_ref().cloned().unwrap_or_default();
        let mut exchange = Exchange { entry: self.entry(&context).traced(request.headers()), admission: None };
        let span = exchange.entry.span.clone();
        let app = self.app.counting_in(&exchange.entry.tally);
        let after_answer = Instant::now() + time_left(&context, AFTER_ANSWER_MARGIN);
        let is_head = request.method() == Method::HEAD;
        let accepts_gzip = compression::accepts_gzip(request.headers());
        let deadline = Instant::now() + time_left(&context, DEADLINE_MARGIN);
        let parts = RequestParts::new(request, self.endpoint, deadline);
        if let Some(id) = parts.path_id() {
            exchange.entry.tally.set_subject(id);
        }
        let cost = parts.cost.clone();
        let work = AssertUnwindSafe(self.run(&app, &mut exchange, parts, after_answer)).catch_unwind();
        let outcome = match tokio::time::timeout_at(deadline, work.instrument(span)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(ApiError::Panic(telemetry::place_of_panic())),
            Err(_) => Err(ApiError::DeadlineExceeded),
        };
        let outcome = if accepts_gzip { outcome.map(compression::compress) } else { outcome };
        let mut response = conclude(&exchange.entry, outcome);
        if let Some(mut admission) = exchange.admission {
            admission.charge(&self.app, &cost);
            admission.publish(response.headers_mut());
            if let Some(note) = rate_limit::note_use(&self.app, admission) {
                self.left.leave(note);
            }
        }
        if is_head {
            *response.body_mut() = Body::Empty;
        }
        response
    }

    /// Does the work that answered requests have left. Whoever sends the answers calls this after each.
    pub async fn after_answer(&self) {
        self.left.run().await;
    }

    /// Answers an event that cannot be read as a request.
    pub(crate) fn refuse(&self, context: &Context) -> Response<Body> {
        conclude(&self.entry(context), Err(Invalid::field("request", "is malformed").into()))
    }

    fn entry(&self, context: &Context) -> telemetry::Entry {
        telemetry::Entry::new(self.endpoint.method, self.endpoint.path, &self.lines, context)
    }

    /// Answers a request. The work that its handler leaves must end by `until`.
    async fn run(&self, app: &App, exchange: &mut Exchange, parts: RequestParts, until: Instant) -> Answer {
        let hash = auth::presented_key(parts.headers())?.hash();
        let early = self.callers.get(&hash).filter(|_| self.endpoint.is_read);
        let Some(caller) = early else {
            let caller = self.admit(app, exchange, &hash).await?;
            return self.handle_authorized(app, caller, parts, until).await;
        };
        self.read_early(app, exchange, &hash, caller, parts, until).await
    }

    /// Runs the handler for the caller that the key had last, while the key is checked: a read then takes one round
    /// trip. Its answer is dropped unless the key is active, still this caller's, and within its limits.
    async fn read_early(
        &self,
        app: &App,
        exchange: &mut Exchange,
        hash: &KeyHash,
        caller: Caller,
        parts: RequestParts,
        until: Instant,
    ) -> Answer {
        // For the log line of a request that ends at its deadline.
        exchange.entry.caller = Some(caller.clone());
        let after_answer = AfterAnswer::new(until);
        let answer = Box::pin(self.handle(app, caller.clone(), parts.clone(), &after_answer));
        let admitted = pin!(self.admit(app, exchange, hash));
        let (admitted, answer) = match future::select(admitted, answer).await {
            Either::Left((admitted, answer)) => (admitted?, Either::Left(answer)),
            Either::Right((answer, admitted)) => (admitted.await?, Either::Right(future::ready(answer))),
        };
        if admitted == caller {
            after_answer.authorize();
            let answer = answer.await;
            after_answer.hand_over(&self.left);
            return answer;
        }
        // A handler that is still under way may hold what the next one waits for.
        drop(answer);
        self.handle_authorized(app, admitted, parts, until).await
    }

    /// Runs the handler for a caller that is admitted.
    async fn handle_authorized(&self, app: &App, caller: Caller, parts: RequestParts, until: Instant) -> Answer {
        let after_answer = AfterAnswer::new(until);
        after_answer.authorize();
        let answer = self.handle(app, caller, parts, &after_answer).await;
        after_answer.hand_over(&self.left);
        answer
    }

    /// The caller of the API key, if the key is active and within its limits.
    async fn admit(&self, app: &App, exchange: &mut Exchange, hash: &KeyHash) -> Result<Caller, ApiError> {
        let record = auth::check(app, hash).await.inspect_err(|error| {
            if matches!(error, ApiError::Unauthorized) {
                self.callers.forget(hash);
                exchange.entry.caller = None;
            }
        })?;
        let caller = record.caller.clone();
        exchange.entry.caller = Some(caller.clone());
        self.callers.remember(hash.clone(), caller.clone());
        exchange.admission.insert(Admission::decide(app, record)).check()?;
        Ok(caller)
    }

    /// Checks the body's form and runs the handler.
    async fn handle(&self, app: &App, caller: Caller, parts: RequestParts, after_answer: &AfterAnswer) -> Answer {
        if parts.body().len() > self.endpoint.body_bytes {
            return Err(ApiError::PayloadTooLarge(self.endpoint.body_bytes));
        }
        // The handler reports a missing body, together with other missing input.
        if self.endpoint.takes_body && !parts.body().is_empty() {
            parts.check_content_type()?;
        }
        (self.handler)(app.clone(), Request { caller, parts, after_answer: after_answer.clone() }).await
    }
}

/// A request, as far as it is known.
struct Exchange {
    /// Its log line.
    entry: telemetry::Entry,
    /// The decision on it by the limits. `None` until its key is found to be active.
    admission: Option<Admission>,
}

/// The response to an outcome. Writes the log line.
fn conclude(entry: &telemetry::Entry, outcome: Answer) -> Response<Body> {
    let (mut response, failure) = match outcome {
        Ok(mut response) => {
            let fault = response.extensions_mut().remove::<telemetry::Failure>();
            (response, fault)
        }
        Err(error) => (error.to_response(&entry.request_id), Some(error.failure())),
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&entry.request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    entry.write(response.status(), failure.as_ref());
    response
}

/// The time until the platform's deadline, without a margin. An invocation that begins after its deadline
/// (`cargo lambda watch` sends such) gets the shortest timeout instead.
fn time_left(context: &Context, margin: Duration) -> Duration {
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or(WRITE_TIMEOUT);
    left.saturating_sub(margin)
}
