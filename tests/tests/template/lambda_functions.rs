//! The functions: time, memory, logs, environment.

use std::time::Duration;

use domain::limits;
use end_to_end::template::Template;
use list_clients::replica::OVERLAP;
use serde_json::{Value, json};

use crate::{for_every_set, for_set, functions, properties, resources};

#[test]
fn there_are_those_that_have_a_route() {
    for_every_set(|_, template| {
        let mut found: Vec<_> = resources(template, "AWS::Lambda::Function").map(|(name, _)| name.clone()).collect();
        let mut expected = functions().map(|(name, ..)| format!("{name}Function"));
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    });
}

#[test]
fn each_has_its_time_and_memory() {
    for_every_set(|_, template| {
        for (name, own_name, route) in functions() {
            let function = properties(template, &format!("{name}Function"));
            let is_list = name == "ListClients";
            let timeout = Duration::from_secs(function["Timeout"].as_u64().unwrap());
            assert_eq!(timeout, if is_list { limits::LIST_TIMEOUT } else { limits::WRITE_TIMEOUT }, "{name}");
            assert!(is_list || OVERLAP >= timeout + limits::CLOCK_SKEW + limits::IN_FLIGHT, "{name}");
            assert_eq!(
                function["MemorySize"],
                if is_list { limits::LIST_MEMORY_MB } else { limits::FUNCTION_MEMORY_MB },
                "{name}"
            );
            assert_eq!(function["FunctionName"], format!("clients-api-{own_name}"));
            assert_eq!(function["Description"], format!("{} {}", route.method, route.path));
            assert_eq!(function["Runtime"], "provided.al2023");
            assert_eq!(function["Architectures"], json!([template["Parameters"]["Architecture"]]));
        }
    });
}

#[test]
fn stages_run_on_arm() {
    for stage in ["staging", "prod"] {
        for_set(stage, |template| assert_eq!(template["Parameters"]["Architecture"], "arm64"));
    }
}

#[test]
fn each_reaches_the_tables_in_use() {
    for_every_set(|set, template| {
        let (clients, keys) = match set {
            "everything" => ("restored-clients", "restored-api-keys"),
            _ => ("${ClientsTable}", "${ApiKeysTable}"),
        };
        for (name, ..) in functions() {
            let variables = &properties(template, &format!("{name}Function"))["Environment"]["Variables"];
            assert_eq!(variables["CLIENTS_TABLE"], clients, "{name}");
            assert_eq!(variables["API_KEYS_TABLE"], keys, "{name}");
            assert!(variables.get("AWS_ENDPOINT_URL_DYNAMODB").is_none(), "{name}: AWS's own endpoint");
        }
        assert_eq!(template["Outputs"]["ClientsTableName"]["Value"], clients);
        assert_eq!(template["Outputs"]["ApiKeysTableName"]["Value"], keys);
        // The stack's own stay, whichever are in use.
        assert_eq!(resources(template, "AWS::DynamoDB::Table").count(), 2);
    });
}

#[test]
fn each_logs_json_into_a_group_that_is_kept_for_a_time() {
    for_every_set(|_, template| {
        let parameters = &template["Parameters"];
        for (name, own_name, _) in functions() {
            let logging = &properties(template, &format!("{name}Function"))["LoggingConfig"];
            let expected = json!({
                "LogFormat": "JSON",
                "ApplicationLogLevel": parameters["LogLevel"],
                // The level of the platform's reports of failed invocations.
                "SystemLogLevel": "WARN",
                "LogGroup": format!("${{{name}LogGroup}}"),
            });
            assert_eq!(*logging, expected, "{name}");
            let group = properties(template, &format!("{name}LogGroup"));
            assert_eq!(group["LogGroupName"], format!("/aws/lambda/clients-api-{own_name}"));
        }
        assert_eq!(resources(template, "AWS::Logs::LogGroup").count(), functions().len() + 1, "the gateway's, too");
        for (name, group) in resources(template, "AWS::Logs::LogGroup") {
            assert_eq!(group["Properties"]["RetentionInDays"], parameters["LogRetentionDays"], "{name}");
            let key = group["Properties"].get("KmsKeyId").cloned().unwrap_or_else(|| json!(""));
            assert_eq!(key, parameters["EncryptionKeyArn"], "{name}");
        }
    });
}

#[test]
fn the_level_of_the_request_line_cannot_be_left_out() {
    for_each_translation(|template| {
        let levels = &template.document["Parameters"]["LogLevel"]["AllowedValues"];
        assert_eq!(
            *levels,
            json!(["TRACE", "DEBUG", "INFO"]),
            "the line of a request is INFO, and the metrics are in it"
        );
    });
}

#[test]
fn concurrency_is_reserved_where_it_is_asked_for() {
    for_every_set(|_, template| {
        for (name, ..) in functions() {
            let parameter = if name == "ListClients" { "ListReservedConcurrency" } else { "ReservedConcurrency" };
            let asked = template["Parameters"][parameter].as_i64().unwrap();
            let reserved = properties(template, &format!("{name}Function")).get("ReservedConcurrentExecutions");
            assert_eq!(reserved.map(|value| value.as_i64().unwrap()), (asked > 0).then_some(asked), "{name}");
        }
    });
}

#[test]
fn tracing_and_an_own_key_are_there_when_they_are_asked_for() {
    for_every_set(|set, template| {
        let is_on = set == "everything";
        for (name, ..) in functions() {
            let function = properties(template, &format!("{name}Function"));
            let endpoint = function["Environment"]["Variables"].get("OTEL_EXPORTER_OTLP_ENDPOINT");
            assert_eq!(endpoint, is_on.then_some(&json!("http://localhost:4318")), "{name}");
            let layers = if is_on { json!([template["Parameters"]["CollectorLayerArn"]]) } else { json!([]) };
            assert_eq!(function["Layers"], layers, "{name}");
            let key = is_on.then_some(&template["Parameters"]["EncryptionKeyArn"]);
            assert_eq!(function.get("KmsKeyArn"), key, "{name}");
        }
    });
}

#[test]
fn a_change_of_any_parameter_that_a_version_holds_publishes_a_version() {
    // SAM publishes when the text of the properties changes, which holds parameters by name. The
    // version's description holds their values, and a new description is a new version.
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
    assert_eq!(held, 6 * functions().len(), "architecture, log level, tables, key, collector");
    for_every_set(|_, template| {
        for (name, version) in resources(template, "AWS::Lambda::Version") {
            let description = version["Properties"]["Description"].as_str().unwrap();
            assert!(description.len() < 200, "{name}: 256 characters, with the names of real tables: {description}");
        }
    });
}

fn for_each_translation(statement: impl Fn(&Template)) {
    for set in end_to_end::template::SETS {
        if let Some(template) = Template::translated(set) {
            statement(&template);
        }
    }
}
