//! Versions, the alias, and how traffic moves from one version to the next, or back.

use domain::limits;
use end_to_end::template::{SETS, Template, references};
use functions::ENDPOINTS;
use jsonschema::is_valid;
use serde_json::{Value, json};
use shared::store::Tables;

use crate::{endpoints, for_every_set, properties, resources};

#[test]
fn a_version_outlives_its_successor() {
    for_every_set(|_, template| {
        let pages = usize::from(template["Parameters"]["Pages"] == "on");
        assert_eq!(resources(template, "AWS::Lambda::Version").count(), ENDPOINTS.len() + pages);
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
        for (logical, _) in endpoints::by_logical_name() {
            let group = properties(template, &format!("{logical}FunctionDeploymentGroup"));
            let alarms = match template["Parameters"]["Deployment"].as_str().unwrap() {
                "AllAtOnce" => json!({}),
                _ => json!({ "Enabled": true, "Alarms": [{ "Name": format!("${{{logical}Faults}}") }] }),
            };
            assert_eq!(group["AlarmConfiguration"], alarms, "{logical}");
        }
    });
}

#[test]
fn nothing_that_moves_an_alias_waits_for_it() {
    for set in SETS {
        let Some(template) = Template::translated(set) else { continue };
        let resources = &template.document["Resources"];
        for (function, _) in endpoints::by_logical_name() {
            let alias = format!("{function}FunctionAliaslive");
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
            let endpoint = variables["AWS_ENDPOINT_URL_DYNAMODB"].as_str().unwrap_or_default();
            assert!(endpoint.starts_with("https://dynamodb.") && endpoint.ends_with(".amazonaws.com"), "{name}");
        }
        assert_eq!(template["Outputs"]["ClientsTableName"]["Value"], expected.clients);
        assert_eq!(template["Outputs"]["ApiKeysTableName"]["Value"], expected.api_keys);
        // The stack's own stay, whichever are in use.
        assert_eq!(resources(template, "AWS::DynamoDB::Table").count(), 2);
    });
}

#[test]
fn a_function_knows_the_restore_window_unless_it_neither_deletes_nor_restores() {
    // Without the variable, a function would keep what the operator wants gone.
    let needless = ["list-clients", "list-changes", "create-client", "get-client", "put-client", "update-client"];
    for_every_set(|_, template| {
        for (function, endpoint) in endpoints::by_logical_name() {
            let name = format!("{function}Function");
            let days = &properties(template, &name)["Environment"]["Variables"]["DELETED_CLIENTS_DAYS"];
            let expected = &template["Parameters"]["DeletedClientsDays"];
            assert!(days == expected || (days.is_null() && needless.contains(&endpoint.name)), "{name}: {days}");
        }
    });
    let Some(template) = Template::translated("default") else { return };
    let parameter = &template.document["Parameters"]["DeletedClientsDays"];
    let longest = limits::RESTORE_WINDOW.as_secs() / (24 * 60 * 60);
    assert_eq!((&parameter["MinValue"], &parameter["MaxValue"]), (&json!(0), &json!(longest)));
    assert_eq!(parameter["Default"], longest);
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
            Some("on") => "off".to_owned(),
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        let after = template.resolved(&[(parameter, &value)]);
        let both = resources(&before, "AWS::Lambda::Version").filter(|(name, _)| after["Resources"][*name].is_object());
        for (name, version) in both {
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
    assert_eq!(
        held,
        8 * ENDPOINTS.len() + 4 + 4,
        "architecture, log level, limits, tables, key, collector; list-clients: checkpoints; three others: days; pages: \
         architecture, log level, key, collector"
    );
}

#[test]
fn the_longest_legal_names_fit_a_versions_description() {
    let Some(template) = Template::translated("default") else { return };
    let longest = |parameter: &str| {
        "n".repeat(template.document["Parameters"][parameter]["MaxLength"].as_u64().unwrap() as usize)
    };
    let layer =
        |name: usize| format!("arn:aws-us-gov:lambda:us-gov-west-1:111122223333:layer:{}:999999", "n".repeat(name));
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
        ("KeyRequestsPerMinute", "1000000"),
        ("OrganizationRequestsPerMinute", "1000000"),
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
