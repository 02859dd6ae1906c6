//! Versions, the alias, and how traffic moves from one version to the next, or back.

use end_to_end::template::{SETS, Template, references};
use serde_json::{Value, json};

use crate::{for_every_set, functions, properties, resources};

#[test]
fn the_gateway_calls_the_alias_that_points_at_the_published_version() {
    for_every_set(|_, template| {
        let paths = &properties(template, "Api")["Body"]["paths"];
        for (name, _, route) in functions() {
            let alias = properties(template, &format!("{name}FunctionAliaslive"));
            assert_eq!(alias["Name"], "live");
            let (version, _) = resources(template, "AWS::Lambda::Version")
                .find(|(_, version)| version["Properties"]["FunctionName"] == format!("${{{name}Function}}"))
                .unwrap();
            assert_eq!(alias["FunctionVersion"], format!("${{{version}.Version}}"));

            let integration = &paths[route.path][route.method.to_lowercase()]["x-amazon-apigateway-integration"];
            let uri = integration["uri"].as_str().unwrap();
            assert!(uri.ends_with(&format!("/functions/${{{name}FunctionAliaslive}}/invocations")), "{uri}");
            assert_eq!(integration["payloadFormatVersion"], "2.0");

            // And may call nothing else.
            let permission = properties(template, &format!("{name}FunctionRoutePermission"));
            assert_eq!(permission["FunctionName"], format!("${{{name}FunctionAliaslive}}"));
            let source = permission["SourceArn"].as_str().unwrap();
            let path = route.path.replace("{id}", "*");
            assert!(source.ends_with(&format!(":${{Api}}/*/{}{path}", route.method)), "{source}");
        }
        assert_eq!(resources(template, "AWS::Lambda::Permission").count(), functions().len());
    });
}

#[test]
fn a_version_outlives_its_successor() {
    for_every_set(|_, template| {
        assert_eq!(resources(template, "AWS::Lambda::Version").count(), functions().len());
        for (name, version) in resources(template, "AWS::Lambda::Version") {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(version[policy], "Retain", "{name}: rolling back needs it");
            }
        }
    });
}

#[test]
fn traffic_moves_as_the_parameter_says_and_back_on_an_alarm() {
    for_every_set(|_, template| {
        let deployment = template["Parameters"]["Deployment"].as_str().unwrap();
        for (name, ..) in functions() {
            let alias = &template["Resources"][format!("{name}FunctionAliaslive")];
            let update = &alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"];
            assert_eq!(update["ApplicationName"], "${ServerlessDeploymentApplication}");
            assert_eq!(update["DeploymentGroupName"], format!("${{{name}FunctionDeploymentGroup}}"));
            let group = properties(template, &format!("{name}FunctionDeploymentGroup"));
            assert_eq!(group["DeploymentConfigName"], format!("CodeDeployDefault.Lambda{deployment}"));
            assert_eq!(group["ServiceRoleArn"], "${DeploymentRole.Arn}");
            let events = json!(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]);
            assert_eq!(group["AutoRollbackConfiguration"], json!({ "Enabled": true, "Events": events }));
            // All at once asks no alarm, so that a fix can be shipped while one is on.
            let alarms = match deployment {
                "AllAtOnce" => json!({}),
                _ => json!({ "Enabled": true, "Alarms": [{ "Name": format!("${{{name}Faults}}") }] }),
            };
            assert_eq!(group["AlarmConfiguration"], alarms, "{name}");
        }
    });
}

#[test]
fn production_moves_traffic_gradually() {
    if let Some(template) = Template::translated("prod") {
        assert!(template.document["Parameters"]["Deployment"]["Default"].as_str().unwrap().starts_with("Canary"));
    }
}

#[test]
fn the_alarm_that_rolls_back_sees_every_kind_of_fault_of_its_function() {
    for_every_set(|_, template| {
        for (name, own_name, _) in functions() {
            let alarm = properties(template, &format!("{name}Faults"));
            assert_eq!(alarm["AlarmName"], format!("clients-api-faults-{own_name}"));
            let function = format!("${{{name}Function}}");
            let live = json!([
                { "Name": "FunctionName", "Value": function },
                { "Name": "Resource", "Value": format!("{function}:live") },
            ]);
            let metrics = alarm["Metrics"].as_array().unwrap();
            let metric = |namespace: &str, name: &str, dimensions: Value| {
                let sought = json!({ "Namespace": namespace, "MetricName": name, "Dimensions": dimensions });
                let found = metrics.iter().find(|metric| metric["MetricStat"]["Metric"] == sought);
                let found = found.unwrap_or_else(|| panic!("{own_name} has no {name}"));
                assert_eq!(found["MetricStat"]["Stat"], "Sum");
                assert_eq!(found["MetricStat"]["Period"], 60, "minutes, as a canary lasts five");
                found["Id"].as_str().unwrap().to_owned()
            };
            let answered = metric("ClientsApi", "server_errors", json!([{ "Name": "function", "Value": function }]));
            let crashed = metric("AWS/Lambda", "Errors", live.clone());
            let invocations = metric("AWS/Lambda", "Invocations", live);
            let share = metrics.iter().find(|metric| metric["ReturnData"] != false).unwrap();
            let expected = format!("100 * (FILL({answered}, 0) + FILL({crashed}, 0)) / {invocations}");
            assert_eq!(share["Expression"], expected);
            // A canary of a tenth that fails once in twenty requests.
            assert_eq!(alarm["Threshold"], 100.0 / 10.0 / 20.0);
            assert_eq!(alarm["ComparisonOperator"], "GreaterThanOrEqualToThreshold");
            assert_eq!((&alarm["EvaluationPeriods"], &alarm["DatapointsToAlarm"]), (&json!(5), &json!(2)));
            assert_eq!(alarm["TreatMissingData"], "notBreaching");
        }
    });
}

#[test]
fn what_moves_an_alias_waits_for_nothing_that_waits_for_the_alias() {
    for set in SETS {
        let Some(template) = Template::translated(set) else { continue };
        let resources = &template.document["Resources"];
        for (name, ..) in functions() {
            let alias = format!("{name}FunctionAliaslive");
            let mut reached = vec![alias.clone()];
            let mut next = 0;
            while let Some(resource) = reached.get(next).cloned() {
                next += 1;
                for name in references(&resources[&resource]) {
                    assert_ne!(name, alias, "{set}: {resource} waits for the alias, which waits for it");
                    if !reached.contains(&name) {
                        reached.push(name);
                    }
                }
            }
            assert!(reached.contains(&format!("{name}Faults")), "{set}: the alarm is there before the alias moves");
        }
    }
}
