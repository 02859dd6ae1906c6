//! The telemetry of a process: one JSON line for each request, few other lines, and optionally
//! OpenTelemetry spans. They hold identifiers (organization, user, API key, client, trace) and nothing else
//! from a request: no key, no header, no body, no field of a client.

mod format;
mod line;
#[cfg_attr(not(feature = "otel"), path = "no_spans.rs")]
mod spans;
mod tally;
mod upkeep;

use std::{cell::RefCell, panic};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, format::JsonFields},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub use line::{DIMENSION, METRICS, NAMESPACE};
pub(crate) use line::{Entry, Failure, RequestLines};
pub(crate) use spans::of_call;
pub use tally::{CheckpointUse, ClientWrite, ReplicaUse, Tally, Units};
pub use upkeep::{REPLICA_DIFFERENCES, Upkeep};

/// The telemetry of a process, after its set-up.
#[must_use = "spans are kept until they are flushed"]
#[derive(Debug, Default)]
pub struct Telemetry {
    spans: spans::Exporter,
}

impl Telemetry {
    /// Sends the spans that have ended. The platform freezes a process between its requests, so spans that
    /// are not sent before the answer may be lost. If there is no collector, nothing happens; if it does
    /// not answer, this ends after a short time.
    pub async fn flush(&self) {
        self.spans.flush().await;
    }
}

/// Sets up the telemetry of a function: the log goes to standard output as JSON, where the platform
/// collects it. Spans go to `OTEL_EXPORTER_OTLP_ENDPOINT` if this program is built with them. Only this
/// program's own lines follow `AWS_LAMBDA_LOG_LEVEL`: below warnings, libraries may log what they send.
pub fn init() -> Telemetry {
    let spans = spans::Exporter::from_env();
    subscriber(std::io::stdout, spans.layer()).init();
    log_panics();
    Telemetry { spans }
}

/// Sets up a log that goes to `writer`, without spans.
pub fn init_with<W>(writer: W)
where
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    subscriber(writer, None).init();
    log_panics();
}

fn subscriber<W>(writer: W, spans: Option<spans::Layer>) -> impl Subscriber + Send + Sync
where
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let ours = level.unwrap_or(LevelFilter::INFO);
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target(env!("CARGO_CRATE_NAME"), ours);
    let json = fmt::format().json().flatten_event(true).with_current_span(false).with_span_list(false);
    let lines = fmt::layer()
        .with_writer(writer)
        .fmt_fields(JsonFields::new())
        .event_format(format::Format::new(json))
        .with_filter(filter);
    tracing_subscriber::registry().with(spans).with(lines)
}

thread_local! {
    static PLACE_OF_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Logs the place of every panic, and not its message: the message can quote a caller's data.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        PLACE_OF_PANIC.replace(place);
    }));
}

/// The place of this thread's last panic. `catch_unwind` does not return it.
pub(crate) fn place_of_panic() -> String {
    PLACE_OF_PANIC.take()
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use lambda_http::{Context, http::StatusCode};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The Lambda runtime opens spans of its own.
    #[test]
    fn request_lines_and_others_are_one_json_object_a_line_within_spans_too() {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber(move || writer.clone(), None), || {
            let entry = Entry::new("GET", "/", &Arc::new(RequestLines::from_env()), &Context::default());
            let span = tracing::info_span!(target: "elsewhere", "invocation", id = 1);
            span.in_scope(|| {
                entry.write(StatusCode::OK, None);
                tracing::warn!("another line");
                tracing::info!(target: "elsewhere", "not of ours");
            });
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            entry.write(status, Some(&Failure { status, code: "internal_error", cause: None }));
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said: Vec<_> = lines.iter().map(|line| (line["level"].as_str(), line["message"].as_str())).collect();
        let expected = [("INFO", "request"), ("WARN", "another line"), ("ERROR", "request")];
        assert_eq!(said, expected.map(|(level, message)| (Some(level), Some(message))));
    }
}
