//! What a process says of itself: one JSON line for each request, few others, and as an option the
//! spans of OpenTelemetry. Of a request they hold identifiers (organization, user, key, client, trace) and
//! nothing else that it brought: no key, no header, no body, nothing out of a client.

mod format;
mod line;
#[cfg_attr(not(feature = "otel"), path = "no_spans.rs")]
mod spans;

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
pub(crate) use line::{Entry, RequestLines};

/// The telemetry of a process that has been set up.
#[must_use = "spans are kept back until they are flushed"]
#[derive(Debug, Default)]
pub struct Telemetry {
    spans: spans::Exporter,
}

impl Telemetry {
    /// Sends off the spans that have ended. The platform freezes a process between its requests: what
    /// is not sent by the end of one may never be. Where there is no collector, nothing happens; where it
    /// does not answer, this is given up after a while.
    pub async fn flush(&self) {
        self.spans.flush().await;
    }
}

/// Sends the log to standard output as JSON, as the platform collects it, and spans to where
/// `OTEL_EXPORTER_OTLP_ENDPOINT` says, if this program is built to. Only this program's own lines follow
/// `AWS_LAMBDA_LOG_LEVEL`: below warnings, libraries may write out what they send.
pub fn init() -> Telemetry {
    let spans = spans::Exporter::from_env();
    subscriber(std::io::stdout, spans.layer()).init();
    log_panics();
    Telemetry { spans }
}

/// Sends the log to another place, and spans nowhere.
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

/// A panic's message can quote what the program was working on: the log gets its place alone.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic");
        PLACE_OF_PANIC.replace(place);
    }));
}

/// Where this thread panicked last: what unwinds does not say.
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
    use crate::route::Route;

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

    /// The runtime works within spans of its own.
    #[test]
    fn request_lines_and_others_are_one_json_object_a_line_within_spans_too() {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber(move || writer.clone(), None), || {
            let route = Route { method: "GET", path: "/", is_read: true, takes_body: false };
            let entry = Entry::new(route, &Arc::new(RequestLines::from_env()), &Context::default());
            let span = tracing::info_span!(target: "elsewhere", "invocation", id = 1);
            span.in_scope(|| {
                entry.write(StatusCode::OK, None);
                tracing::warn!("another line");
                tracing::info!(target: "elsewhere", "not of ours");
            });
            entry.write(StatusCode::INTERNAL_SERVER_ERROR, None);
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let said: Vec<_> = lines.iter().map(|line| (line["level"].as_str(), line["message"].as_str())).collect();
        let expected = [("INFO", "request"), ("WARN", "another line"), ("ERROR", "request")];
        assert_eq!(said, expected.map(|(level, message)| (Some(level), Some(message))));
    }
}
