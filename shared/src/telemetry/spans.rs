//! OpenTelemetry spans (feature `otel`): one for each request, and under it one for each call of a table. Log events
//! are not sent along. A caller's `traceparent` names the trace and says whether it is sampled.

use std::{env, time::Duration};

use domain::limits::DEADLINE_MARGIN;
use lambda_http::http::HeaderMap;
use opentelemetry::{
    KeyValue,
    propagation::TextMapPropagator,
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::{Span, field::Empty, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer as _, Registry, filter::FilterFn};

/// OpenTelemetry's variable for the collector's URL. If it is absent or empty, there is no collector.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The longest time that a request waits for its spans to be sent. The collector is on this machine.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(150);
// A request that ends at its deadline has the margin for this, and for its answer.
const _: () = assert!(FLUSH_TIMEOUT.as_millis() * 2 <= DEADLINE_MARGIN.as_millis());
/// The target of the spans.
const TARGET: &str = concat!(env!("CARGO_CRATE_NAME"), "::span");

/// The layer that adds the spans to the log.
pub(super) type Layer = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

/// Sends spans to the collector, if there is one.
#[derive(Debug, Default)]
pub(super) struct Exporter(Option<SdkTracerProvider>);

impl Exporter {
    pub(super) fn from_env() -> Self {
        if env::var(ENDPOINT).is_ok_and(|url| !url.is_empty()) {
            let exporter = SpanExporter::builder().with_http().with_timeout(FLUSH_TIMEOUT).build();
            // Without spans, requests are still served.
            let provider = exporter.map(|exporter| {
                SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build()
            });
            return Self(provider.ok());
        }
        Self(None)
    }

    pub(super) fn layer(&self) -> Option<Layer> {
        let tracer = self.0.as_ref()?.tracer("clients-api");
        let spans = FilterFn::new(|metadata| metadata.is_span() && metadata.target() == TARGET);
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(spans.with_max_level_hint(LevelFilter::DEBUG));
        Some(layer.boxed())
    }

    pub(super) async fn flush(&self) {
        let Some(provider) = self.0.clone() else { return };
        // This blocks until everything is sent.
        let flushed = tokio::task::spawn_blocking(move || provider.force_flush());
        if !matches!(tokio::time::timeout(FLUSH_TIMEOUT, flushed).await, Ok(Ok(Ok(())))) {
            tracing::warn!("could not send spans");
        }
    }
}

/// The resource that spans are attributed to: from OpenTelemetry's variables, or else the Lambda function.
fn resource() -> Resource {
    let mut resource = Resource::builder();
    if let Ok(function) = env::var("AWS_LAMBDA_FUNCTION_NAME") {
        if env::var("OTEL_SERVICE_NAME").is_err() {
            resource = resource.with_service_name(function.clone());
        }
        resource = resource.with_attribute(KeyValue::new("faas.name", function));
    }
    if let Ok(version) = env::var("AWS_LAMBDA_FUNCTION_VERSION") {
        resource = resource.with_attribute(KeyValue::new("faas.version", version));
    }
    resource.build()
}

/// The span of a request, within the trace that its `traceparent` names, and the trace's identifier.
pub(super) fn of_request(
    method: &str,
    path: &str,
    request_id: &str,
    cold_start: bool,
    headers: &HeaderMap,
) -> (Span, Option<String>) {
    // The log does not usually listen to this level.
    let span = tracing::debug_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {path}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = path,
        http.response.status_code = Empty,
        "error.type" = Empty,
        faas.invocation_id = request_id,
        faas.coldstart = cold_start,
    );
    if span.is_disabled() {
        return (span, None);
    }
    // Only a span that nobody has entered can still get a parent.
    drop(span.set_parent(TraceContextPropagator::new().extract(&HeaderExtractor(headers))));
    // If the log itself listens to spans (DEBUG), the span has no trace.
    let context = span.context();
    let context = context.span().span_context().clone();
    (span, context.is_valid().then(|| context.trace_id().to_string()))
}

/// The span of a call of a table, under that of its request. Calls outside of a request have none.
pub(crate) fn of_call(operation: &str) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    tracing::debug_span!(
        target: TARGET,
        "call",
        otel.name = format!("DynamoDB.{operation}"),
        otel.kind = "client",
        db.system.name = "aws.dynamodb",
        db.operation.name = operation,
    )
}
