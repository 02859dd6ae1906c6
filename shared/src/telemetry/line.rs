//! The log line of a request: everything that an operator needs to know about it. The line is also a
//! document in CloudWatch's embedded metric format, from which CloudWatch makes the metrics. One line
//! costs half of two, and each sample of a metric can be found in the log.

use std::{
    env,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use domain::{Caller, Timestamp};
use lambda_http::{
    Context,
    http::{HeaderMap, StatusCode},
};
use metrique_writer::{Entry as Document, format::Format as _, unit::AsCount};
use metrique_writer_format_emf::{Emf, NoMetric};
use serde_json::json;
use tracing::{Level, Span};

use super::{CheckpointUse, Tally, spans};

/// The namespace of the metrics.
pub const NAMESPACE: &str = "ClientsApi";
/// The one dimension of the metrics: the name of the Lambda function.
pub const DIMENSION: &str = "function";
/// The names of the metrics. Every line is a sample of each, except that only lists have the last two.
pub const METRICS: [&str; 6] =
    ["read_units", "write_units", "server_errors", "unauthorized", "replica_loads", "checkpoints_refused"];

/// The target of request lines among all log events.
pub(super) const TARGET: &str = concat!(env!("CARGO_CRATE_NAME"), "::request");
/// The value of the dimension outside of Lambda.
const NO_FUNCTION: &str = "local";

/// The parts that all lines of an endpoint share.
pub(crate) struct RequestLines {
    emf: Mutex<Emf>,
    function: String,
    version: Option<String>,
    cold: AtomicBool,
}

impl RequestLines {
    /// The parts that the platform's variables describe.
    pub(crate) fn from_env() -> Self {
        let dimensions = vec![vec![DIMENSION.to_owned()]];
        Self {
            emf: Mutex::new(Emf::builder(NAMESPACE.to_owned(), dimensions).build()),
            function: function_from_env(),
            version: env::var("AWS_LAMBDA_FUNCTION_VERSION").ok(),
            cold: AtomicBool::new(true),
        }
    }
}

/// The value of the dimension: the name of this function.
pub(super) fn function_from_env() -> String {
    env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|_| NO_FUNCTION.to_owned())
}

/// The line of one request, while it is gathered.
pub(crate) struct Entry {
    pub(crate) tally: Tally,
    pub(crate) caller: Option<Caller>,
    pub(crate) request_id: String,
    trace_id: Option<String>,
    /// The request's span. It is [`Span::none`] if nobody asks for spans.
    pub(crate) span: Span,
    cold_start: bool,
    method: &'static str,
    path: &'static str,
    lines: Arc<RequestLines>,
    start: Instant,
}

/// The failure of a request, as its line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The HTTP status that it has, or would have: that of an operation of a batch is in the batch's results.
    pub(crate) status: StatusCode,
    /// The code of the problem document.
    pub(crate) code: &'static str,
    /// The cause, if the failure is a fault. The caller is not shown it.
    pub(crate) cause: Option<String>,
}

impl Failure {
    /// Whether it is a fault of ours, and not a caller's mistake.
    pub(crate) fn is_fault(&self) -> bool {
        self.status.is_server_error()
    }
}

/// The fields of the line. Numbers are metrics unless they are marked otherwise.
#[derive(Document)]
struct Line<'line> {
    #[entry(timestamp)]
    at: SystemTime,
    timestamp: &'line str,
    level: &'line str,
    message: &'line str,
    request_id: &'line str,
    trace_id: Option<&'line str>,
    function: &'line str,
    version: Option<&'line str>,
    cold_start: Option<NoMetric<bool>>,
    route: &'line str,
    status: NoMetric<u16>,
    duration_ms: NoMetric<f64>,
    org: Option<&'line str>,
    user: Option<&'line str>,
    key_id: Option<&'line str>,
    round_trips: NoMetric<u32>,
    read_units: AsCount<f64>,
    write_units: AsCount<f64>,
    replica: Option<&'line str>,
    replica_bytes: Option<NoMetric<usize>>,
    replica_loads: Option<AsCount<bool>>,
    search: Option<&'line str>,
    checkpoint: Option<&'line str>,
    checkpoint_refusal: Option<&'line str>,
    checkpoint_bytes: Option<NoMetric<u64>>,
    checkpoint_age_s: Option<NoMetric<u64>>,
    checkpoint_tail: Option<NoMetric<usize>>,
    checkpoints_refused: Option<AsCount<bool>>,
    object_calls: Option<NoMetric<u32>>,
    change: Option<&'line str>,
    client_id: Option<&'line str>,
    client_version: Option<NoMetric<u64>>,
    fields: Option<&'line str>,
    changes: Option<&'line str>,
    error: Option<&'line str>,
    cause: Option<&'line str>,
    server_errors: AsCount<bool>,
    unauthorized: AsCount<bool>,
}

impl Entry {
    /// The line of the request that this invocation is for.
    pub(crate) fn new(method: &'static str, path: &'static str, lines: &Arc<RequestLines>, context: &Context) -> Self {
        Self {
            tally: Tally::default(),
            caller: None,
            request_id: context.request_id.clone(),
            trace_id: context.xray_trace_id.as_deref().and_then(xray_root).map(str::to_owned),
            cold_start: lines.cold.swap(false, Ordering::Relaxed),
            span: Span::none(),
            lines: lines.clone(),
            method,
            path,
            start: Instant::now(),
        }
    }

    /// Opens the request's span, within the trace that its headers name.
    pub(crate) fn traced(mut self, headers: &HeaderMap) -> Self {
        let (span, trace_id) = spans::of_request(self.method, self.path, &self.request_id, self.cold_start, headers);
        self.span = span;
        self.trace_id = trace_id.or(self.trace_id);
        self
    }

    /// Writes the line and completes the span. The level is `ERROR` for a fault of this program, `WARN`
    /// for one of the tables, and `INFO` otherwise, also for a caller's mistakes.
    pub(crate) fn write(&self, status: StatusCode, failure: Option<&Failure>) {
        self.span.record("http.response.status_code", status.as_u16());
        let fault = failure.filter(|failure| failure.is_fault());
        if let Some(fault) = fault {
            self.span.record("otel.status_code", "ERROR").record("error.type", fault.code);
        }
        // The fields of an event are computed only if its level is enabled.
        match fault.map(|fault| fault.status) {
            Some(StatusCode::INTERNAL_SERVER_ERROR) => {
                tracing::event!(target: TARGET, Level::ERROR, line = self.document("ERROR", status, failure).as_str());
            }
            Some(_) => {
                tracing::event!(target: TARGET, Level::WARN, line = self.document("WARN", status, failure).as_str());
            }
            None => {
                tracing::event!(target: TARGET, Level::INFO, line = self.document("INFO", status, failure).as_str())
            }
        }
    }

    fn document(&self, level: &str, status: StatusCode, failure: Option<&Failure>) -> String {
        let now = SystemTime::now();
        let (caller, units, replica) = (self.caller.as_ref(), self.tally.units(), self.tally.replica());
        let (write, replica) = (self.tally.client_write(), replica.as_ref());
        let checkpoint = replica.and_then(|replica| replica.checkpoint.as_ref());
        let restored = checkpoint.filter(|checkpoint| checkpoint.bytes > 0);
        let changes: Vec<String> = self.tally.operation_writes().iter().map(ToString::to_string).collect();
        let changes = (!changes.is_empty()).then(|| changes.join("; "));
        let client_id = self.tally.subject().map(|id| id.to_string());
        let line = Line {
            at: now,
            timestamp: &Timestamp::from(now).to_string(),
            level,
            message: "request",
            request_id: &self.request_id,
            trace_id: self.trace_id.as_deref(),
            function: &self.lines.function,
            version: self.lines.version.as_deref(),
            cold_start: self.cold_start.then_some(true.into()),
            route: &format!("{} {}", self.method, self.path),
            status: status.as_u16().into(),
            duration_ms: (self.start.elapsed().as_micros() as f64 / 1000.0).into(),
            org: caller.map(|caller| caller.org.as_str()),
            user: caller.map(|caller| caller.user.as_str()),
            key_id: caller.map(|caller| caller.key_id.as_str()),
            round_trips: self.tally.calls().into(),
            read_units: units.read.into(),
            write_units: units.write.into(),
            replica: replica.map(|replica| replica.state),
            replica_bytes: replica.map(|replica| replica.bytes.into()),
            replica_loads: replica.map(|replica| replica.loaded.into()),
            search: replica.map(|replica| if replica.has_postings { "postings" } else { "scan" }),
            checkpoint: checkpoint.map(|checkpoint| checkpoint.outcome),
            checkpoint_refusal: checkpoint.and_then(|checkpoint| checkpoint.refusal.as_deref()),
            checkpoint_bytes: restored.map(|checkpoint| checkpoint.bytes.into()),
            checkpoint_age_s: restored.map(|checkpoint| checkpoint.age_seconds.into()),
            checkpoint_tail: restored.map(|checkpoint| checkpoint.tail.into()),
            checkpoints_refused: replica.map(|_| checkpoint.is_some_and(CheckpointUse::is_a_fault).into()),
            object_calls: Some(self.tally.object_calls()).filter(|calls| *calls > 0).map(Into::into),
            change: write.as_ref().map(|write| write.action.as_str()),
            client_id: client_id.as_deref(),
            client_version: write.as_ref().and_then(|write| write.version).map(Into::into),
            fields: write.as_ref().map(|write| write.fields.as_str()).filter(|fields| !fields.is_empty()),
            changes: changes.as_deref(),
            error: failure.map(|failure| failure.code),
            cause: failure.and_then(|failure| failure.cause.as_deref()),
            server_errors: failure.is_some_and(Failure::is_fault).into(),
            unauthorized: (status == StatusCode::UNAUTHORIZED).into(),
        };
        let mut document = Vec::new();
        let mut emf = self.lines.emf.lock().unwrap_or_else(PoisonError::into_inner);
        let written = emf.format(&line, &mut document).map_err(|error| error.to_string());
        // The tests show that the line breaks no rule of the format; if it did, the answer must not suffer.
        match written.and_then(|()| String::from_utf8(document).map_err(|error| error.to_string())) {
            Ok(document) => document,
            Err(fault) => format!("{}\n", json!({ "level": "ERROR", "message": "request", "line": fault })),
        }
    }
}

/// The trace's identifier in the platform's header: `Root=1-5759e988-bd86…;Parent=…;Sampled=1`.
fn xray_root(header: &str) -> Option<&str> {
    let root = header.split(';').find_map(|field| field.strip_prefix("Root="))?;
    // The header can come from the caller: nothing else in it may go into the log.
    let mut parts = root.split('-');
    let is_hex = |part: Option<&str>, digits| {
        part.is_some_and(|part| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let well_formed = parts.next() == Some("1") && is_hex(parts.next(), 8) && is_hex(parts.next(), 24);
    (well_formed && parts.next().is_none()).then_some(root)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use domain::{Action, ClientId};

    use super::*;
    use crate::telemetry::ReplicaUse;

    fn entry() -> Entry {
        let mut context = Context::default();
        context.request_id = "request".to_owned();
        context.xray_trace_id = Some("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1".to_owned());
        Entry::new("GET", "/clients", &Arc::new(RequestLines::from_env()), &context)
    }

    fn line(entry: &Entry, status: StatusCode, failure: Option<&Failure>) -> Value {
        let document = entry.document("INFO", status, failure);
        assert_eq!(document.find('\n'), Some(document.len() - 1), "one line: {document}");
        serde_json::from_str(&document).unwrap()
    }

    fn failure(status: u16, code: &'static str, cause: Option<&str>) -> Failure {
        Failure { status: StatusCode::from_u16(status).unwrap(), code, cause: cause.map(str::to_owned) }
    }

    /// A request whose line has every field.
    fn full() -> Entry {
        let caller =
            Caller { org: "acme".parse().unwrap(), user: "ann".parse().unwrap(), key_id: "key_1".parse().unwrap() };
        let entry = Entry { caller: Some(caller), ..entry() };
        entry.tally.set_replica(ReplicaUse {
            state: "loaded",
            bytes: 1_000_000,
            loaded: true,
            has_postings: true,
            checkpoint: Some(CheckpointUse {
                outcome: "refused",
                refusal: Some("not a checkpoint".to_owned()),
                bytes: 60,
                age_seconds: 7,
                tail: 2,
            }),
        });
        entry.tally.count_object_call();
        entry.tally.begin_write(Action::Update, ClientId::from_bits([7; 16]), "name,phone".to_owned());
        entry.tally.end_write(3);
        entry
    }

    #[test]
    fn the_line_is_a_document_in_the_embedded_metric_format() {
        let line = line(&full(), StatusCode::OK, None);
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(directives.len(), 1);
        assert_eq!(directives[0]["Namespace"], NAMESPACE);
        assert_eq!(directives[0]["Dimensions"], json!([[DIMENSION]]));
        let metrics = directives[0]["Metrics"].as_array().unwrap();
        let mut names: Vec<&str> = metrics.iter().map(|metric| metric["Name"].as_str().unwrap()).collect();
        names.sort_unstable();
        let mut expected = METRICS;
        expected.sort_unstable();
        assert_eq!(names, expected);
        // Whatever a directive names must be there: a text for a dimension, a number for a metric.
        assert!(line[DIMENSION].is_string());
        for metric in metrics {
            assert_eq!(metric["Unit"], "Count");
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric} in {line}");
        }
        assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
    }

    #[test]
    fn every_field_is_in_the_line() {
        let line = line(&full(), StatusCode::OK, None);
        for (field, value) in [
            ("level", json!("INFO")),
            ("message", json!("request")),
            ("request_id", json!("request")),
            ("trace_id", json!("1-5759e988-bd862e3fe1be46a994272793")),
            ("function", json!("local")),
            ("cold_start", json!(1)),
            ("route", json!("GET /clients")),
            ("status", json!(200)),
            ("org", json!("acme")),
            ("user", json!("ann")),
            ("key_id", json!("key_1")),
            ("round_trips", json!(0)),
            ("read_units", json!(0)),
            ("replica", json!("loaded")),
            ("replica_bytes", json!(1_000_000)),
            ("replica_loads", json!(1)),
            ("search", json!("postings")),
            ("checkpoint", json!("refused")),
            ("checkpoint_refusal", json!("not a checkpoint")),
            ("checkpoint_bytes", json!(60)),
            ("checkpoint_age_s", json!(7)),
            ("checkpoint_tail", json!(2)),
            ("checkpoints_refused", json!(1)),
            ("object_calls", json!(1)),
            ("change", json!("update")),
            ("client_id", json!("07070707-0707-8707-8707-070707070707")),
            ("client_version", json!(3)),
            ("fields", json!("name,phone")),
            ("server_errors", json!(0)),
            ("unauthorized", json!(0)),
        ] {
            assert_eq!(line[field], value, "{field} in {line}");
        }
        assert!(line["timestamp"].as_str().unwrap().parse::<Timestamp>().is_ok());
        assert!(line["duration_ms"].as_f64().unwrap() >= 0.0);
        assert!(line.get("error").is_none() && line.get("cause").is_none());
    }

    #[test]
    fn absent_fields_are_left_out() {
        let line = line(&entry(), StatusCode::UNAUTHORIZED, Some(&failure(401, "unauthorized", None)));
        for field in ["org", "user", "key_id", "replica", "replica_loads", "checkpoint", "change", "client_id", "cause"]
        {
            assert!(line.get(field).is_none(), "{field} in {line}");
        }
        assert_eq!((&line["error"], &line["unauthorized"]), (&json!("unauthorized"), &json!(1)));
    }

    #[test]
    fn faults_are_counted_and_mistakes_of_callers_are_not() {
        for (status, cause) in [(503, Some("a timeout")), (500, Some("panic at src/a.rs:1")), (404, None)] {
            let failure = failure(status, "code", cause);
            let line = line(&entry(), failure.status, Some(&failure));
            assert_eq!(line["server_errors"], json!(u8::from(cause.is_some())), "{line}");
            assert_eq!(line["cause"].as_str(), cause, "{line}");
        }
    }

    #[test]
    fn the_line_of_a_batch_has_every_change_and_the_fault_of_an_operation() {
        let entry = entry();
        for (version, fields) in [(Some(1), ""), (None, "name"), (Some(7), "name,phone")] {
            let operation = entry.tally.operation();
            operation.begin_write(Action::Update, ClientId::from_bits([7; 16]), fields.to_owned());
            version.into_iter().for_each(|version| operation.end_write(version));
        }
        let refused = entry.tally.operation();
        refused.begin_write(Action::Delete, ClientId::from_bits([8; 16]), String::new());
        refused.cancel_write();
        let line = line(&entry, StatusCode::OK, Some(&failure(503, "unavailable", Some("a timeout"))));
        let id = "07070707-0707-8707-8707-070707070707";
        let changes = format!("update {id} 1; update {id} ? name; update {id} 7 name,phone");
        assert_eq!(
            (&line["changes"], &line["client_id"], &line["change"]),
            (&json!(changes), &json!(null), &json!(null))
        );
        assert_eq!(
            (&line["status"], &line["server_errors"], &line["error"]),
            (&json!(200), &json!(1), &json!("unavailable"))
        );
    }

    #[test]
    fn nothing_but_a_traces_identifier_is_taken_from_the_header() {
        let id = "1-5759e988-bd862e3fe1be46a994272793";
        assert_eq!(xray_root(&format!("Self=1-2;Root={id};Sampled=1")), Some(id));
        for header in
            ["", "Root=", "Root=ba_0123", "Root=1-5759e988-x", &format!("Root={id}-1"), &format!("Root={id} ")]
        {
            assert_eq!(xray_root(header), None, "{header}");
        }
    }

    #[test]
    fn only_the_first_request_of_a_process_is_a_cold_start() {
        let (lines, context) = (Arc::new(RequestLines::from_env()), Context::default());
        let starts = [0, 1, 2].map(|_| Entry::new("GET", "/clients", &lines, &context).cold_start);
        assert_eq!(starts, [true, false, false]);
    }
}
