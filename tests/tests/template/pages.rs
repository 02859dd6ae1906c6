//! The function of the pages, which is none of the endpoints: it is there if the parameter says so, and has no tables.

use end_to_end::template::Template;
use serde_json::{Value, json};

use crate::{for_every_set, permissions, properties};

/// The function's name in the template.
pub(crate) const LOGICAL_NAME: &str = "Pages";

/// All that the template says of the function, in one line.
pub(crate) fn written() -> String {
    let mut routes: Vec<_> =
        pages::ROUTES.iter().flat_map(|path| ["GET", "HEAD"].map(|method| format!("{method} {path}"))).collect();
    routes.sort();
    format!("PagesFunction pages functions/pages {} (The pages for people) 5 s 256 MB", routes.join(", "))
}

/// Its routes of `cargo lambda watch`.
pub(crate) fn watched() -> impl Iterator<Item = String> {
    pages::ROUTES.iter().map(|path| format!("GET {} pages", path.replace("{proxy+}", "{*proxy}")))
}

/// The resources and outputs that are the pages'.
fn of_the_pages(template: &Value) -> Vec<&String> {
    let sections = ["Resources", "Outputs"].map(|section| template[section].as_object().unwrap().keys());
    let is_theirs =
        |name: &&String| name.starts_with(LOGICAL_NAME) || ["ConsoleUrl", "DocsUrl"].contains(&name.as_str());
    sections.into_iter().flatten().filter(is_theirs).collect()
}

#[test]
fn the_pages_are_there_unless_the_parameter_says_off() {
    for_every_set(|set, template| {
        let is_on = template["Parameters"]["Pages"] == "on";
        assert_eq!(is_on, set != "prod", "{set}");
        assert_eq!(of_the_pages(template).is_empty(), !is_on, "{set}: {:?}", of_the_pages(template));
        let paths = properties(template, "Api")["Body"]["paths"].as_object().unwrap();
        for path in pages::ROUTES {
            let methods = paths.get(path).and_then(Value::as_object);
            let methods: Vec<_> = methods.into_iter().flatten().map(|(method, _)| method.as_str()).collect();
            let expected: &[&str] = if is_on { &["get", "head"] } else { &[] };
            assert_eq!(methods, expected, "{set}: {path}");
        }
    });
}

#[test]
fn turning_the_pages_off_changes_nothing_else_that_is_deployed() {
    let Some(template) = Template::translated("default") else { return };
    let (on, off) = (template.resolved(&[]), template.resolved(&[("Pages", "off")]));
    let theirs = of_the_pages(&on);
    for (name, resource) in on["Resources"].as_object().unwrap() {
        // The gateway has their routes; the role, the alarm and the dashboard name every function.
        let names_them = ["Api", "DeploymentRole", "FunctionThrottlesAlarm", "Dashboard"].contains(&name.as_str());
        assert!(theirs.contains(&name) || names_them || *resource == off["Resources"][name], "{name}");
    }
    assert!(!off.to_string().contains("${Pages"));
}

#[test]
fn the_pages_know_no_table_and_may_do_nothing_but_log() {
    for_every_set(|_, template| {
        if template["Parameters"]["Pages"] != "on" {
            return;
        }
        let function = properties(template, "PagesFunction");
        assert_eq!(function["Environment"]["Variables"], json!({}));
        assert_eq!(function["Role"], "${PagesFunctionRole.Arn}");
        let statements = permissions::statements(template, "PagesFunctionRole");
        let allowed: Vec<_> = statements.iter().map(|one| (&one["Action"], &one["Resource"])).collect();
        let log_lines = json!(["logs:CreateLogStream", "logs:PutLogEvents"]);
        assert_eq!(allowed, [(&log_lines, &json!("${FunctionsLogGroup.Arn}"))]);
    });
}

#[test]
fn all_visitors_get_a_new_version_of_the_pages_at_once() {
    for_every_set(|set, template| {
        if template["Parameters"]["Pages"] == "on" {
            let group = properties(template, "PagesFunctionDeploymentGroup");
            assert_eq!(group["DeploymentConfigName"], "CodeDeployDefault.LambdaAllAtOnce", "{set}");
        }
    });
}
