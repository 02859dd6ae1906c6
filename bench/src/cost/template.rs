//! What `template.yaml` says that costs money, counted in its text, so that the figures follow it.

use std::collections::HashSet;

use saphyr::{LoadableYamlNode, Yaml};
use shared::telemetry::METRICS;

/// The template.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The lines that Lambda itself writes for a request: a start and a report, as its documentation shows them.
const START: &str = r#"{"time":"2026-01-01T00:00:00.000Z","type":"platform.start","record":{"requestId":"459921b5-681c-4a96-beb0-81e0aa586026","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:clients-api-prod-list-clients","version":"12"}}"#;
const REPORT: &str = r#"{"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"459921b5-681c-4a96-beb0-81e0aa586026","metrics":{"durationMs":7.412,"billedDurationMs":8,"memorySizeMB":1769,"maxMemoryUsedMB":64},"status":"success"}}"#;
/// A line of the gateway's access log, in bytes: an estimate.
const ACCESS_LINE: usize = 400;

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
    let alarms = properties_of("AWS::CloudWatch::Alarm");
    let watched = alarms.iter().map(|alarm| match alarm.as_mapping_get("Metrics").and_then(Yaml::as_sequence) {
        Some(metrics) => metrics.iter().filter(|metric| metric.as_mapping_get("MetricStat").is_some()).count(),
        None => 1,
    });
    (alarms.len(), watched.sum())
}

/// Its dashboards.
pub(crate) fn dashboards() -> usize {
    properties_of("AWS::CloudWatch::Dashboard").len()
}

/// The metrics that are its own: those of the functions' request lines, of which `replica_loads` comes from
/// lists alone, and those that filters count in log lines.
pub(crate) fn custom_metrics() -> usize {
    let functions = properties_of("AWS::Serverless::Function").len();
    let filters = properties_of("AWS::Logs::MetricFilter");
    let counted: HashSet<_> =
        filters.iter().map(|filter| filter["MetricTransformations"][0]["MetricName"].clone()).collect();
    (METRICS.len() - 1) * functions + 1 + counted.len()
}

fn properties_of(kind: &str) -> Vec<Yaml<'static>> {
    let template = Yaml::load_from_str(TEMPLATE).expect("the template is YAML").remove(0);
    let resources = template["Resources"].as_mapping().expect("resources").values();
    resources.filter(|resource| resource["Type"].as_str() == Some(kind)).map(|one| one["Properties"].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_template_has_is_counted() {
        let ((alarms, watched), filters) = (alarms(), properties_of("AWS::Logs::MetricFilter").len());
        assert!(alarms > 0 && watched >= alarms && filters > 0 && dashboards() > 0);
        // Several filters count into one metric.
        assert!(custom_metrics() > METRICS.len() * 4 + 1 && custom_metrics() < METRICS.len() * 5 + filters);
    }
}
