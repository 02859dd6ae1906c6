//! What `template.yaml` says that costs money, counted in its text, so that the figures follow it.

/// The template.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The lines that Lambda itself writes for a request: a start and a report, as its documentation shows them.
const START: &str = r#"{"time":"2026-01-01T00:00:00.000Z","type":"platform.start","record":{"requestId":"459921b5-681c-4a96-beb0-81e0aa586026","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:clients-api-prod-list-clients","version":"12"}}"#;
const REPORT: &str = r#"{"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"459921b5-681c-4a96-beb0-81e0aa586026","metrics":{"durationMs":7.412,"billedDurationMs":8,"memorySizeMB":1769,"maxMemoryUsedMB":64},"status":"success"}}"#;
/// A line of the gateway's access log, in bytes: an estimate.
const ACCESS_LINE: usize = 400;
/// The metrics in a request's log line, as `CloudWatch` charges them: for each function.
const METRICS_OF_A_FUNCTION: usize = 5;

/// How often something stands in the template.
fn count(text: &str) -> usize {
    TEMPLATE.matches(text).count()
}

/// The lines that are written for a request beside the function's own, in bytes each.
pub(crate) fn other_lines() -> Vec<usize> {
    let mut lines = Vec::new();
    if lambda_writes_lines() {
        lines.extend([START.len(), REPORT.len()]);
    }
    if gateway_writes_a_line() {
        lines.push(ACCESS_LINE);
    }
    lines
}

/// The same, for people.
pub(crate) fn other_lines_in_words() -> String {
    let lambda = format!("Lambda's start and report ({} bytes)", START.len() + REPORT.len());
    let gateway = format!("the gateway's line ({ACCESS_LINE} bytes, estimated)");
    match (lambda_writes_lines(), gateway_writes_a_line()) {
        (true, true) => format!("{lambda}, {gateway}"),
        (true, false) => lambda,
        (false, true) => gateway,
        (false, false) => "nothing".to_owned(),
    }
}

/// At level WARN, Lambda writes neither a start nor a report.
fn lambda_writes_lines() -> bool {
    count("SystemLogLevel: WARN") == 0
}

fn gateway_writes_a_line() -> bool {
    count("AccessLogSettings:") + count("AccessLogSetting:") > 0
}

/// The stack's alarms and how many metrics they watch in all: each is charged.
pub(crate) fn alarms() -> (usize, usize) {
    // A metric filter names the metric that it makes, too.
    (count("Type: AWS::CloudWatch::Alarm"), count("MetricName:").saturating_sub(metric_filters()))
}

/// Its dashboards.
pub(crate) fn dashboards() -> usize {
    count("Type: AWS::CloudWatch::Dashboard")
}

/// The metrics that are its own.
pub(crate) fn custom_metrics() -> usize {
    count("Type: AWS::Serverless::Function") * METRICS_OF_A_FUNCTION + metric_filters()
}

fn metric_filters() -> usize {
    count("Type: AWS::Logs::MetricFilter")
}
