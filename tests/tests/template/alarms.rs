//! Alarms, the dashboard, and the page that says what to do about them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::telemetry::{DIMENSION, METRICS, NAMESPACE};

use crate::{endpoints, for_every_set, properties, resources};

/// An alarm's name without the stack's. The alarms on faults share one name.
fn short_name(alarm: &Value) -> &str {
    let name = alarm["Properties"]["AlarmName"].as_str().unwrap().strip_prefix("clients-api-").unwrap();
    if name.starts_with("faults-") { "faults" } else { name }
}

#[test]
fn every_alarm_has_its_section_and_every_section_its_alarm() {
    let page = include_str!("../../../docs/alarms.md");
    let section = page.split("\n## ").find(|section| section.starts_with("Alarms\n")).unwrap();
    let sections: BTreeSet<_> = section.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    for_every_set(|_, template| {
        let alarms = resources(template, "AWS::CloudWatch::Alarm").map(|(_, alarm)| short_name(alarm));
        assert_eq!(alarms.collect::<BTreeSet<_>>(), sections);
        for (_, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            let description = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
            let name = short_name(alarm);
            assert!(description.ends_with(&format!("See docs/alarms.md, \"{name}\".")), "{name}: {description}");
        }
    });
}

#[test]
fn every_alarm_notifies_the_topic_but_those_that_roll_back() {
    for_every_set(|_, template| {
        for (name, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            let topic = (short_name(alarm) != "faults").then(|| json!(["${AlarmTopic}"]));
            for action in ["AlarmActions", "OKActions"] {
                assert_eq!(alarm["Properties"].get(action), topic.as_ref(), "{name}");
            }
        }
    });
}

/// The metrics that an alarm watches: namespace, name and dimensions.
pub(crate) fn metrics(alarm: &Value) -> Vec<(&str, &str, &Value)> {
    let alarm = &alarm["Properties"];
    let several = alarm["Metrics"].as_array().into_iter().flatten().map(|one| &one["MetricStat"]["Metric"]);
    let single = alarm.get("MetricName").map(|_| alarm);
    several
        .chain(single)
        .filter(|metric| metric.is_object())
        .map(|metric| {
            (metric["Namespace"].as_str().unwrap(), metric["MetricName"].as_str().unwrap(), &metric["Dimensions"])
        })
        .collect()
}

#[test]
fn alarms_watch_metrics_that_exist() {
    for_every_set(|_, template| {
        let functions: Vec<_> = endpoints::by_logical_name()
            .map(|(name, _)| json!([{ "Name": DIMENSION, "Value": format!("${{{name}Function}}") }]))
            .collect();
        let counted: Vec<_> = resources(template, "AWS::Logs::MetricFilter")
            .map(|(_, filter)| &filter["Properties"]["MetricTransformations"][0]["MetricName"])
            .collect();
        for (name, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            let watched = metrics(alarm);
            assert!(!watched.is_empty(), "{name}");
            for (namespace, metric, dimensions) in watched {
                let exists = match namespace {
                    NAMESPACE => METRICS.contains(&metric) && functions.contains(dimensions),
                    "ClientsApi/Logs" => counted.contains(&&json!(metric)) && dimensions.is_null(),
                    "AWS/ApiGateway" => ["Count", "5xx", "Latency"].contains(&metric),
                    "AWS/DynamoDB" => ["ReadThrottleEvents", "WriteThrottleEvents"].contains(&metric),
                    "AWS/Lambda" if dimensions.is_null() => {
                        ["ClaimedAccountConcurrency", "ConcurrentExecutions"].contains(&metric)
                    }
                    "AWS/Lambda" => ["Errors", "Invocations", "Throttles"].contains(&metric),
                    _ => false,
                };
                assert!(exists, "{name}: {namespace} {metric} {dimensions}");
            }
        }
    });
}

#[test]
fn the_dashboard_shows_every_alarm_and_every_metric_of_the_request_line() {
    for_every_set(|_, template| {
        let body = properties(template, "Dashboard")["DashboardBody"].as_str().unwrap();
        let dashboard: Value = serde_json::from_str(body).unwrap();
        let shown = dashboard["widgets"][0]["properties"]["alarms"].as_array().unwrap();
        let alarms = resources(template, "AWS::CloudWatch::Alarm").map(|(name, _)| json!(format!("${{{name}.Arn}}")));
        assert_eq!(
            shown.iter().map(Value::to_string).collect::<BTreeSet<_>>(),
            alarms.map(|alarm| alarm.to_string()).collect()
        );
        // Faults show in the gateway's 5xx; some metrics are of lists alone.
        let of_lists = |metric: &str| body.contains(&format!(r#"["{NAMESPACE}", "{metric}", "{DIMENSION}""#));
        for metric in METRICS.iter().filter(|metric| **metric != "server_errors" && !of_lists(metric)) {
            let search = format!(r#"SEARCH('{{{NAMESPACE},{DIMENSION}}} MetricName=\"{metric}\""#);
            assert!(body.contains(&search), "{search}");
        }
    });
}
