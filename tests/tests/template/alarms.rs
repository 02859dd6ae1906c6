//! Alarms, the dashboard, and the page that says what to do about them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::telemetry::{DIMENSION, METRICS, NAMESPACE};

<<<<<<< HEAD
use crate::{for_every_set, functions, properties, resources};
=======
use crate::{endpoints, for_every_set, properties, resources};
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)

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
<<<<<<< HEAD
        let of_functions =
            functions().map(|(name, ..)| json!([{ "Name": DIMENSION, "Value": format!("${{{name}Function}}") }]));
        let api = json!([{ "Name": "ApiId", "Value": "${Api}" }, { "Name": "Stage", "Value": "$default" }]);
        let tables = ["ClientsTableName", "ApiKeysTableName"]
            .map(|output| json!([{ "Name": "TableName", "Value": template["Outputs"][output]["Value"] }]));
        for (name, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            let asked = metrics(alarm);
            assert!(!asked.is_empty(), "{name}");
            for (namespace, metric, dimensions) in asked {
                let is_there = match namespace {
                    NAMESPACE => METRICS.contains(&metric) && of_functions.contains(dimensions),
                    "ClientsApi/Logs" => COUNTED_IN_LOGS.contains(&metric) && dimensions.is_null(),
                    "AWS/ApiGateway" => ["Count", "4xx", "5xx", "Latency"].contains(&metric) && *dimensions == api,
                    "AWS/DynamoDB" => {
                        ["ReadThrottleEvents", "WriteThrottleEvents"].contains(&metric) && tables.contains(dimensions)
=======
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
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
                    }
                    "AWS/Lambda" => ["Errors", "Invocations", "Throttles"].contains(&metric),
                    _ => false,
                };
                assert!(exists, "{name}: {namespace} {metric} {dimensions}");
            }
        }
<<<<<<< HEAD
        // A sum over the functions misses none.
        for (alarm, metric, dimension) in
            [("UnauthorizedAlarm", "unauthorized", DIMENSION), ("FunctionThrottlesAlarm", "Throttles", "FunctionName")]
        {
            let asked = metrics(&template["Resources"][alarm]);
            let asked: BTreeSet<_> = asked.iter().map(|(_, name, dimensions)| format!("{name} {dimensions}")).collect();
            let expected = functions().map(|(name, ..)| {
                format!("{metric} {}", json!([{ "Name": dimension, "Value": format!("${{{name}Function}}") }]))
            });
            assert_eq!(asked, expected.into(), "{alarm}");
        }
=======
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
    });
}

#[test]
<<<<<<< HEAD
fn the_log_lines_of_every_function_are_counted() {
    for_every_set(|_, template| {
        for (name, ..) in functions() {
            let filter = properties(template, &format!("{name}ErrorLines"));
            assert_eq!(filter["LogGroupName"], format!("${{{name}LogGroup}}"));
            let pattern = filter["FilterPattern"].as_str().unwrap();
            assert!(pattern.contains(r#"$.level = "ERROR""#), "{pattern}");
            assert!(pattern.contains(r#"($.type = "platform.report" && $.record.status != "success")"#), "{pattern}");
            assert_eq!(filter["MetricTransformations"][0]["MetricName"], COUNTED_IN_LOGS[0]);
        }
        let filter = properties(template, "ApiTooManyRequests");
        assert_eq!(filter["LogGroupName"], "${ApiLogGroup}");
        assert_eq!(filter["MetricTransformations"][0]["MetricName"], COUNTED_IN_LOGS[1]);
    });
}

#[test]
fn the_dashboard_shows_every_alarm_route_and_function() {
    for_every_set(|_, template| {
        let body = properties(template, "Dashboard")["DashboardBody"].as_str().unwrap();
        let dashboard: Value = serde_json::from_str(body).unwrap();
        let widgets = dashboard["widgets"].as_array().unwrap();
        let alarms: BTreeSet<_> =
            widgets[0]["properties"]["alarms"].as_array().unwrap().iter().map(Value::to_string).collect();
        let expected = resources(template, "AWS::CloudWatch::Alarm").map(|(name, _)| format!("\"${{{name}.Arn}}\""));
        assert_eq!(alarms, expected.collect());
        for (name, _, route) in functions() {
            for metric in METRICS.iter().filter(|metric| !["server_errors", "replica_loads"].contains(metric)) {
                let row = format!("[\"{NAMESPACE}\",\"{metric}\",\"{DIMENSION}\",\"${{{name}Function}}\"");
                assert!(dashboard.to_string().contains(&row), "{row}");
            }
            let row = format!("\"Stage\",\"$default\",\"Method\",\"{}\",\"Resource\",\"{}\"", route.method, route.path);
            assert!(dashboard.to_string().contains(&row), "{row}");
=======
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
        // Faults show in the gateway's 5xx, and loads in lists alone.
        for metric in METRICS.iter().filter(|metric| !["server_errors", "replica_loads"].contains(metric)) {
            let search = format!(r#"SEARCH('{{{NAMESPACE},{DIMENSION}}} MetricName=\"{metric}\""#);
            assert!(body.contains(&search), "{search}");
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
        }
    });
}
