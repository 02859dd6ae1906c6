//! `deploy/ci.yaml`: what CI's roles may do to each other.

use crate::{resources, source::read};

#[test]
fn the_execution_role_cannot_change_the_roles_of_ci_whatever_the_stack_is_called() {
    let template = read(include_str!("../../../deploy/ci.yaml"));
    // A stack's name begins with a letter, and what the role may change begins with the stack's name.
    let pattern = template["Parameters"]["ApiStackName"]["AllowedPattern"].as_str().unwrap();
    assert!(pattern.starts_with("[a-z]"), "{pattern}");
    let statements = resources(&template, "AWS::IAM::Role")
        .flat_map(|(_, role)| role["Properties"]["Policies"].as_array().unwrap())
        .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap())
        // Of an `!If`, the statement that may be there.
        .map(|statement| statement.get(1).unwrap_or(statement));
    let mut checked = 0;
    for statement in statements {
        let actions = statement["Action"].as_array().cloned().unwrap_or_else(|| vec![statement["Action"].clone()]);
        let changes_roles = |action: &str| action.starts_with("iam:") && action != "iam:CreateServiceLinkedRole";
        let resource = statement["Resource"].as_str().unwrap_or_default();
        // The deploy role hands the execution role over, and this one alone (`!GetAtt`).
        if actions.iter().any(|action| changes_roles(action.as_str().unwrap())) && resource != "ExecutionRole.Arn" {
            assert!(resource.ends_with(":role/${ApiStackName}-*"), "{resource}");
            checked += 1;
        }
    }
    assert!(checked > 0);
    for (name, role) in resources(&template, "AWS::IAM::Role") {
        let path = role["Properties"]["Path"].as_str().unwrap_or("/");
        let first = path.trim_start_matches('/').chars().next();
        assert!(first.is_some_and(|first| !first.is_alphanumeric()), "{name} has the path {path}");
    }
}
