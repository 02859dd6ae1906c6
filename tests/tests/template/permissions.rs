//! Roles and policies. That a function's policy has the calls which it makes, and no other, is held elsewhere, by the
//! calls of an end-to-end run.

use serde_json::{Value, json};

use crate::{for_every_set, functions, properties, resources};

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
fn no_policy_has_a_wildcard() {
    for_every_set(|_, template| {
        for (role, _) in resources(template, "AWS::IAM::Role") {
            for statement in statements(template, role) {
                assert_eq!(statement["Effect"], "Allow");
                for action in texts(&statement["Action"]) {
                    assert!(!action.contains('*'), "{role}: {action}");
                }
                // Alarms are described several at a time; trace segments have no resource.
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
fn functions_reach_the_two_tables_in_use_and_their_key_alone() {
    for_every_set(|set, template| {
        let (clients, keys) = match set {
            "everything" => (
                "arn:aws:dynamodb:eu-west-1:111122223333:table/restored-clients",
                "arn:aws:dynamodb:eu-west-1:111122223333:table/restored-api-keys",
            ),
            _ => ("${ClientsTable.Arn}", "${ApiKeysTable.Arn}"),
        };
        let feed = format!("{clients}/index/byUpdatedAt");
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
        }
    });
}

#[test]
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
    for_every_set(|_, template| {
        let boundary = template["Parameters"]["PermissionsBoundaryArn"].as_str().unwrap();
        for (role, _) in resources(template, "AWS::IAM::Role") {
            let given = properties(template, role).get("PermissionsBoundary").map(|arn| arn.as_str().unwrap());
            assert_eq!(given, (!boundary.is_empty()).then_some(boundary), "{role}");
        }
    });
}
