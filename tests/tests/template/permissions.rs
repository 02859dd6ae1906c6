//! Roles and policies. A test of the HTTP suite compares each function's policy with the calls that the function makes.

use serde_json::Value;

use crate::{endpoints, for_every_set, properties, resources};

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map_or_else(|| vec![value], |list| list.iter().collect())
        .into_iter()
        .filter_map(Value::as_str)
        .collect()
}

pub(crate) fn statements<'a>(template: &'a Value, role: &str) -> Vec<&'a Value> {
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
                // Objects of S3 can be told apart by a prefix of their keys alone.
                if texts(&statement["Action"])[0].starts_with("s3:") {
                    continue;
                }
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
        for (function, _) in endpoints::by_logical_name() {
            let role = format!("{function}FunctionRole");
            let statements = statements(template, &role);
            let mut tables = statements
                .iter()
                .filter(|statement| texts(&statement["Action"]).iter().any(|action| action.starts_with("dynamodb:")));
            assert!(tables.all(|statement| {
                texts(&statement["Resource"]).iter().all(|resource| [clients, keys, &feed].contains(resource))
            }));
            assert_eq!(properties(template, &format!("{function}Function"))["Role"], format!("${{{role}.Arn}}"));
        }
    });
}

#[test]
fn every_role_has_the_given_boundary() {
    for_every_set(|_, template| {
        let boundary = template["Parameters"]["PermissionsBoundaryArn"].as_str().unwrap();
        for (role, _) in resources(template, "AWS::IAM::Role") {
            let own = properties(template, role).get("PermissionsBoundary").map(|arn| arn.as_str().unwrap());
            assert_eq!(own, (!boundary.is_empty()).then_some(boundary), "{role}");
        }
    });
}
