//! Alarms, the dashboard, and the document that says what to do about them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::telemetry::{DIMENSION, METRICS, NAMESPACE};

use crate::{for_every_set, functions, properties, resources};

/// What metric filters count in log lines.
const COUNTED_IN_LOGS: [&str; 2] = ["clients-api-error-lines", "clients-api-too-many-requests"];

/// An alarm's name without the stack's; those of each function go by one name.
fn short_name(alarm: &Value) -> &str {
    let name = alarm["Properties"]["AlarmName"].as_str().unwrap().strip_prefix("clients-api-").unwrap();
    if name.starts_with("faults-") { "faults" } else { name }
}

#[test]
fn every_alarm_has_its_section_and_every_section_its_alarm() {
    let document = include_str!("../../../docs/operations.md");
    let section = document.split("\n## ").find(|section| section.starts_with("Alarms\n")).unwrap();
    let sections: BTreeSet<_> = section.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    for_every_set(|_, template| {
        let alarms = resources(template, "AWS::CloudWatch::Alarm").map(|(_, alarm)| short_name(alarm));
        assert_eq!(alarms.collect::<BTreeSet<_>>(), sections);
        for (_, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            let says = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
            let name = short_name(alarm);
            assert!(says.ends_with(&format!("See docs/operations.md, \"{name}\".")), "{name}: {says}");
        }
    });
}

#[test]
fn every_alarm_tells_the_topic_but_those_that_roll_back() {
    for_every_set(|_, template| {
        for (name, alarm) in resources(template, "AWS::CloudWatch::Alarm") {
            let told = (short_name(alarm) != "faults").then(|| json!(["${AlarmTopic}"]));
            for action in ["AlarmActions", "OKActions"] {
                assert_eq!(alarm["Properties"].get(action), told.as_ref(), "{name}");
            }
            assert_eq!(alarm["Properties"]["TreatMissingData"], "notBreaching", "{name}");
        }
        assert_eq!(template["Outputs"]["AlarmTopicArn"]["Value"], "${AlarmTopic}");
        let allowed = &properties(template, "AlarmTopicPolicy")["PolicyDocument"]["Statement"][0];
        assert_eq!(allowed["Principal"]["Service"], "cloudwatch.amazonaws.com");
        let mail = &template["Parameters"]["AlarmEmail"];
        let subscribed = resources(template, "AWS::SNS::Subscription").map(|(_, one)| &one["Properties"]["Endpoint"]);
        assert_eq!(subscribed.collect::<Vec<_>>(), if mail == "" { vec![] } else { vec![mail] });
        let key = properties(template, "AlarmTopic").get("KmsMasterKeyId").cloned();
        assert_eq!(key.unwrap_or_else(|| json!("")), template["Parameters"]["EncryptionKeyArn"]);
    });
}

/// Every metric that an alarm asks for, as namespace, name and dimensions.
fn metrics(alarm: &Value) -> Vec<(&str, &str, &Value)> {
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
fn alarms_ask_for_metrics_that_there_are() {
    for_every_set(|_, template| {
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
                    }
                    "AWS/Lambda" if dimensions.is_null() => metric == "ConcurrentExecutions",
                    "AWS/Lambda" => ["Errors", "Invocations", "Throttles"].contains(&metric),
                    _ => false,
                };
                assert!(is_there, "{name}: {namespace} {metric} {dimensions}");
            }
        }
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
    });
}

#[test]
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
        }
        // What lies beside or over another is not seen.
        for (index, one) in widgets.iter().enumerate() {
            let edges = |widget: &Value| ["x", "y", "width", "height"].map(|edge| widget[edge].as_u64().unwrap());
            let [x, y, width, height] = edges(one);
            assert!(x + width <= 24);
            for other in &widgets[index + 1..] {
                let [other_x, other_y, other_width, other_height] = edges(other);
                let apart = x + width <= other_x
                    || other_x + other_width <= x
                    || y + height <= other_y
                    || other_y + other_height <= y;
                assert!(apart, "{} covers {}", one["properties"]["title"], other["properties"]["title"]);
            }
        }
        let url = template["Outputs"]["DashboardUrl"]["Value"].as_str().unwrap();
        assert!(url.ends_with("#dashboards/dashboard/${Dashboard}"));
    });
}
