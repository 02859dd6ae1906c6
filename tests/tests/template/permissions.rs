//! Roles and policies. A test of the HTTP suite compares each function's policy with the calls that the function makes.

use serde_json::Value;

<<<<<<< HEAD
use crate::{for_every_set, functions, properties, resources};
=======
use crate::{endpoints, for_every_set, properties, resources};
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map_or_else(|| vec![value], |list| list.iter().collect())
        .into_iter()
        .filter_map(Value::as_str)
        .collect()
}

fn statements<'a>(template: &'a Value, role: &str) -> Vec<&'a Value> {
    let policies = properties(template, role)["Policies"].as_array().unwrap();
    policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap()).collect()
}

#[test]
fn no_policy_has_a_wildcard_and_no_role_a_policy_of_awss() {
    for_every_set(|_, template| {
        for (role, _) in resources(template, "AWS::IAM::Role") {
            assert!(properties(template, role).get("ManagedPolicyArns").is_none(), "{role}");
            for statement in statements(template, role) {
                assert_eq!(statement["Effect"], "Allow");
                for action in texts(&statement["Action"]) {
                    assert!(!action.contains('*'), "{role}: {action}");
                }
                // Alarms are described several at a time; trace segments are no resources.
                let has_no_resource =
                    ["cloudwatch:DescribeAlarms", "xray:PutTraceSegments"].contains(&texts(&statement["Action"])[0]);
                for resource in texts(&statement["Resource"]) {
                    assert!(has_no_resource || !resource.contains('*'), "{role}: {resource}");
                }
            }
        }
    });
}

#[test]
fn functions_reach_the_tables_in_use_and_no_others() {
    for_every_set(|set, template| {
        let (clients, keys) = match set {
            "everything" => (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/restored-clients",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/restored-api-keys",
            ),
            _ => ("${ClientsTable.Arn}", "${ApiKeysTable.Arn}"),
        };
        let feed = format!("{clients}/index/byUpdatedAt");
<<<<<<< HEAD
        for (name, ..) in functions() {
            let (mut opens_key, mut sends_spans) = (false, false);
            for statement in statements(template, &format!("{name}FunctionRole")) {
                if statement["Sid"] == "SendSpansToXRay" {
                    assert_eq!(statement["Action"], json!(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]));
                    sends_spans = true;
                    continue;
                }
                let action = statement["Action"].as_str().unwrap();
                let resource = statement["Resource"].as_str().unwrap();
                if action == "kms:Decrypt" {
                    assert_eq!(statement["Resource"], template["Parameters"]["EncryptionKeyArn"]);
                    let through = &statement["Condition"]["StringEquals"]["kms:ViaService"];
                    assert_eq!(*through, json!(["dynamodb.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"]));
                    opens_key = true;
                } else {
                    assert!(action.starts_with("dynamodb:"), "{name}: {action}");
                    assert!([clients, keys, &feed].contains(&resource), "{name}: {resource}");
                }
            }
            assert_eq!(opens_key, template["Parameters"]["EncryptionKeyArn"] != "", "{name}");
            assert_eq!(sends_spans, template["Parameters"]["CollectorLayerArn"] != "", "{name}");
            // All that AWS's own policy adds is to write log lines.
            let managed = &properties(template, &format!("{name}FunctionRole"))["ManagedPolicyArns"];
            assert_eq!(*managed, json!(["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]));
=======
        for endpoint in endpoints::all() {
            let role = format!("{}FunctionRole", endpoint.logical);
            let statements = statements(template, &role);
            let mut tables = statements
                .iter()
                .filter(|statement| texts(&statement["Action"]).iter().any(|action| action.starts_with("dynamodb:")));
            assert!(tables.all(|statement| {
                texts(&statement["Resource"]).iter().all(|resource| [clients, keys, &feed].contains(resource))
            }));
            assert_eq!(
                properties(template, &format!("{}Function", endpoint.logical))["Role"],
                format!("${{{role}.Arn}}")
            );
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
        }
    });
}

#[test]
<<<<<<< HEAD
fn deployments_move_the_aliases_of_these_functions_alone() {
    for_every_set(|_, template| {
        assert_eq!(resources(template, "AWS::IAM::Role").count(), functions().len() + 1);
        let [moves, reads] = statements(template, "DeploymentRole")[..] else { panic!("two statements") };
        assert_eq!(reads["Action"], "cloudwatch:DescribeAlarms");
        let mut expected = Vec::new();
        for (name, ..) in functions() {
            expected.extend([format!("${{{name}Function.Arn}}"), format!("${{{name}Function.Arn}}:live")]);
        }
        assert_eq!(moves["Resource"], json!(expected));
    });
}

#[test]
fn every_role_has_the_boundary_that_is_given() {
=======
fn every_role_has_the_given_boundary() {
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
    for_every_set(|_, template| {
        let boundary = template["Parameters"]["PermissionsBoundaryArn"].as_str().unwrap();
        for (role, _) in resources(template, "AWS::IAM::Role") {
            let own = properties(template, role).get("PermissionsBoundary").map(|arn| arn.as_str().unwrap());
            assert_eq!(own, (!boundary.is_empty()).then_some(boundary), "{role}");
        }
    });
}
