//! The log: one JSON line for each request, and none that holds a key, a header, a body or
//! personal data.

use std::{panic, time::Instant};

use lambda_http::http::StatusCode;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{error::ApiError, identity::Caller, request_log::RequestLog, route::Route};

/// Sends the log to standard output as JSON, as the platform collects it. Only this program's own
/// lines follow `AWS_LAMBDA_LOG_LEVEL`: below warnings, libraries may write out what they send.
pub fn init() {
    init_with(std::io::stdout);
}

/// As [`init`], to another place.
pub fn init_with<W>(writer: W)
where
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let ours = level.unwrap_or(LevelFilter::INFO);
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target(env!("CARGO_CRATE_NAME"), ours);
    let format =
        fmt::layer().with_writer(writer).json().flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::registry().with(filter).with(format).init();
    log_panics();
}

/// A panic's message can quote what the program was working on: the log gets its place alone.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
    }));
}

/// The log line of one request.
pub(crate) struct Entry {
    pub(crate) log: RequestLog,
    pub(crate) caller: Option<Caller>,
    pub(crate) request_id: String,
    route: Route,
    start: Instant,
}

impl Entry {
    pub(crate) fn new(route: Route, request_id: String) -> Self {
        Self { log: RequestLog::default(), caller: None, route, request_id, start: Instant::now() }
    }

    pub(crate) fn write(&self, status: StatusCode, error: Option<&ApiError>) {
        let caller = self.caller.as_ref();
        let units = self.log.units();
        let replica = self.log.replica();
        let cause = match error {
            Some(ApiError::Unavailable(cause) | ApiError::Corrupt(cause)) => Some(cause.to_string()),
            _ => None,
        };
        tracing::info!(
            request_id = self.request_id,
            route = format!("{} {}", self.route.method, self.route.path),
            status = status.as_u16(),
            duration_ms = self.start.elapsed().as_secs_f64() * 1000.0,
            org = caller.map(|caller| caller.org.as_str()),
            user = caller.map(|caller| caller.user.as_str()),
            key_id = caller.map(|caller| caller.key.as_str()),
            round_trips = self.log.calls(),
            read_units = units.read,
            write_units = units.write,
            replica = replica.map(|replica| replica.state),
            replica_bytes = replica.map(|replica| replica.bytes),
            error = error.map(|error| error.problem().code),
            cause,
            "request"
        );
    }
}
