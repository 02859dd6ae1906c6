//! Versions, the alias, and how traffic moves from one version to the next, or back.

use end_to_end::template::{SETS, Template, references};
use functions::ENDPOINTS;
use jsonschema::is_valid;
use serde_json::{Value, json};
use shared::store::Tables;

<<<<<<< HEAD
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
=======
use crate::{endpoints, for_every_set, properties, resources};
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)

#[test]
fn a_version_outlives_its_successor() {
    for_every_set(|_, template| {
<<<<<<< HEAD
        assert_eq!(resources(template, "AWS::Lambda::Version").count(), functions().len());
=======
        assert_eq!(resources(template, "AWS::Lambda::Version").count(), ENDPOINTS.len());
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
        for (name, version) in resources(template, "AWS::Lambda::Version") {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                assert_eq!(version[policy], "Retain", "{name}: a roll back needs it");
            }
        }
    });
}

#[test]
fn a_gradual_deployment_watches_its_functions_alarm_and_all_at_once_watches_none() {
    for_every_set(|_, template| {
<<<<<<< HEAD
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
=======
        for (logical, _) in endpoints::by_logical_name() {
            let group = properties(template, &format!("{logical}FunctionDeploymentGroup"));
            let alarms = match template["Parameters"]["Deployment"].as_str().unwrap() {
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
                "AllAtOnce" => json!({}),
                _ => json!({ "Enabled": true, "Alarms": [{ "Name": format!("${{{logical}Faults}}") }] }),
            };
            assert_eq!(group["AlarmConfiguration"], alarms, "{logical}");
        }
    });
}

#[test]
<<<<<<< HEAD
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
=======
fn nothing_that_moves_an_alias_waits_for_it() {
    for set in SETS {
        let Some(template) = Template::translated(set) else { continue };
        let resources = &template.document["Resources"];
        for (function, _) in endpoints::by_logical_name() {
            let alias = format!("{function}FunctionAliaslive");
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
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
            let alarm = format!("{function}Faults");
            assert!(reached.contains(&alarm), "{set}: the alarm exists before the alias moves");
        }
    }
}

#[test]
fn every_function_reads_the_tables_in_use() {
    for_every_set(|set, template| {
        let expected = match set {
            "everything" => Tables { clients: "restored-clients".into(), api_keys: "restored-api-keys".into() },
            _ => Tables { clients: "${ClientsTable}".into(), api_keys: "${ApiKeysTable}".into() },
        };
        for (function, _) in endpoints::by_logical_name() {
            let name = format!("{function}Function");
            let variables = &properties(template, &name)["Environment"]["Variables"];
            assert_eq!(variables["CLIENTS_TABLE"], expected.clients, "{name}");
            assert_eq!(variables["API_KEYS_TABLE"], expected.api_keys, "{name}");
            assert!(variables.get("AWS_ENDPOINT_URL_DYNAMODB").is_none(), "{name}: AWS's own endpoint");
        }
        assert_eq!(template["Outputs"]["ClientsTableName"]["Value"], expected.clients);
        assert_eq!(template["Outputs"]["ApiKeysTableName"]["Value"], expected.api_keys);
        // The stack's own stay, whichever are in use.
        assert_eq!(resources(template, "AWS::DynamoDB::Table").count(), 2);
    });
}

#[test]
fn a_change_of_any_parameter_that_a_version_holds_publishes_a_version() {
    // SAM publishes if the text of the properties changes, which holds parameters by name. The version's
    // description holds their values, and a new description is a new version.
    let (Some(template), Some(other)) = (Template::translated("default"), Template::translated("everything")) else {
        return;
    };
    let before = template.resolved(&[]);
    let mut held = 0;
    for (parameter, value) in other.resolved(&[])["Parameters"].as_object().unwrap() {
        let value = match value.as_str() {
            Some("arm64") => "x86_64".to_owned(),
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        let after = template.resolved(&[(parameter, &value)]);
        for (name, version) in resources(&before, "AWS::Lambda::Version") {
            let function = version["Properties"]["FunctionName"].as_str().unwrap().trim_matches(['$', '{', '}']);
            let version_holds = |template: &Value| {
                let mut properties = properties(template, function).clone();
                properties.as_object_mut().unwrap().remove("ReservedConcurrentExecutions"); // the function's own
                properties
            };
            if version_holds(&before) != version_holds(&after) {
                held += 1;
                let description = &properties(&after, name)["Description"];
                assert_ne!(version["Properties"]["Description"], *description, "{name}: {parameter}");
            }
        }
    }
    assert_eq!(held, 6 * ENDPOINTS.len(), "architecture, log level, tables, key, collector");
}

#[test]
fn the_longest_legal_names_fit_a_versions_description() {
    let Some(template) = Template::translated("default") else { return };
    let longest = |parameter: &str| "n".repeat(template.document["Parameters"][parameter]["MaxLength"].as_u64().unwrap() as usize);
    let layer = |name: usize| {
        format!("arn:aws-us-gov:lambda:us-gov-west-1:111122223333:layer:{}:999999", "n".repeat(name))
    };
    let legal = |parameter: &str, value: &str| {
        let pattern = &template.document["Parameters"][parameter]["AllowedPattern"];
        is_valid(&json!({ "pattern": pattern }), &json!(value))
    };
    let key = format!("arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-{}", "0".repeat(32));
    assert!(legal("EncryptionKeyArn", &key) && !legal("EncryptionKeyArn", &format!("{key}0")));
    assert!(legal("CollectorLayerArn", &layer(46)) && !legal("CollectorLayerArn", &layer(47)));
    let template = template.resolved(&[
        ("Architecture", "x86_64"),
        ("LogLevel", "DEBUG"),
        ("ClientsTableName", &longest("ClientsTableName")),
        ("ApiKeysTableName", &longest("ApiKeysTableName")),
        ("EncryptionKeyArn", &key),
        ("CollectorLayerArn", &layer(46)),
    ]);
    for (name, version) in resources(&template, "AWS::Lambda::Version") {
        let description = version["Properties"]["Description"].as_str().unwrap();
        assert!(description.len() <= 256, "{name}: {} characters: {description}", description.len());
    }
}

#[test]
fn prod_needs_somebody_who_hears_its_alarms() {
    let Some(template) = Template::translated("default") else { return };
    assert!(template.violated_rules(&[]).is_empty());
    assert_eq!(template.violated_rules(&[("Stage", "prod")]).len(), 1);
    assert!(template.violated_rules(&[("Stage", "prod"), ("AlarmEmail", "on-call@example.com")]).is_empty());
    for (set, addressless) in [("everything", 0), ("staging", 0), ("prod", 1)] {
        let template = Template::translated(set).unwrap();
        assert_eq!(template.violated_rules(&[]).len(), addressless, "{set}");
    }
}
