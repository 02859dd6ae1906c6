//! The places that repeat the table of endpoints because Rust does not reach them.

use std::{collections::BTreeSet, process::Command};

use end_to_end::template::{Template, logical_name};
use functions::ENDPOINTS;
use serde_json::Value;
use shared::http::Endpoint;

use crate::{alarms, pages, properties, resources, source::source};

/// The logical name of each function, and its endpoint.
pub(crate) fn by_logical_name() -> impl Iterator<Item = (String, &'static Endpoint)> {
    ENDPOINTS.iter().map(|endpoint| (logical_name(endpoint.name), *endpoint))
}

#[test]
fn template_and_watch_routes_have_the_endpoints_of_the_table_and_no_others() {
    let written = ENDPOINTS.iter().map(|endpoint| written(endpoint)).chain([pages::written()]);
    assert_eq!(in_the_template(), written.collect());

    let routes = ENDPOINTS.iter().map(|one| format!("{} {}", one.route(), one.name)).chain(pages::watched());
    assert_eq!(watched(), routes.collect(), "Cargo.toml, workspace.metadata.lambda.watch.router");

    // Whatever sums up over all functions, or may move their aliases, leaves none out.
    let Some(template) = Template::translated("default") else { return };
    let template = template.resolved(&[]);
    let endpoints: BTreeSet<_> = by_logical_name().map(|(name, _)| name).collect();
    let logical: BTreeSet<_> = endpoints.iter().cloned().chain([pages::LOGICAL_NAME.to_owned()]).collect();
    // The pages take no keys.
    for (alarm, functions) in [("UnauthorizedAlarm", &endpoints), ("FunctionThrottlesAlarm", &logical)] {
        let metrics = alarms::metrics(&template["Resources"][alarm]);
        let asked = metrics.iter().map(|(.., dimensions)| function_in(dimensions[0]["Value"].as_str().unwrap()));
        assert_eq!(asked.collect::<BTreeSet<_>>(), *functions, "{alarm}");
    }
    let faults = resources(&template, "AWS::CloudWatch::Alarm").filter_map(|(name, _)| name.strip_suffix("Faults"));
    assert_eq!(faults.map(str::to_owned).collect::<BTreeSet<_>>(), logical, "alarms on faults");
    let role = &properties(&template, "DeploymentRole")["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"];
    let moved = role.as_array().unwrap().iter().map(|arn| function_in(arn.as_str().unwrap()));
    assert_eq!(moved.collect::<BTreeSet<_>>(), logical, "DeploymentRole");
    let dashboard = properties(&template, "Dashboard")["DashboardBody"].as_str().unwrap();
    for function in &logical {
        // In each chart of functions.
        assert_eq!(dashboard.matches(&format!(r#"\"${{{function}Function}}\""#)).count(), 5, "Dashboard: {function}");
    }
}

/// All that the template says of an endpoint, in one line.
fn written(endpoint: &Endpoint) -> String {
    let Endpoint { name, memory_mb, timeout, .. } = endpoint;
    let (logical, route, timeout) = (logical_name(name), endpoint.route(), timeout.as_secs());
    let methods = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"].into_iter().filter(|method| endpoint.takes(method));
    let routes = methods.map(|method| format!("{method} {}", endpoint.path)).collect::<Vec<_>>().join(", ");
    format!("{logical}Function {name} functions/{name} {routes} ({route}) {timeout} s {memory_mb} MB")
}

/// The same from the template as it is written, so that a machine without the translator checks it too.
fn in_the_template() -> BTreeSet<String> {
    let source = source();
    let globals = &source["Globals"]["Function"];
    let functions = resources(&source, "AWS::Serverless::Function").map(|(logical, function)| {
        let own = &function["Properties"];
        let or_global = |property: &str| if own[property].is_null() { &globals[property] } else { &own[property] };
        let events = own["Events"].as_object().unwrap().values();
        let mut routes: Vec<_> = events
            .map(|event| &event["Properties"])
            .map(|route| format!("{} {}", route["Method"].as_str().unwrap(), route["Path"].as_str().unwrap()))
            .collect();
        routes.sort();
        format!(
            "{logical} {} {} {} ({}) {} s {} MB",
            own["FunctionName"].as_str().unwrap().strip_prefix("${AWS::StackName}-").unwrap(),
            own["CodeUri"].as_str().unwrap(),
            routes.join(", "),
            own["Description"].as_str().unwrap(),
            or_global("Timeout"),
            or_global("MemorySize"),
        )
    });
    functions.collect()
}

/// The routes of `cargo lambda watch`.
fn watched() -> BTreeSet<String> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let router = metadata["metadata"]["lambda"]["watch"]["router"].as_object().unwrap();
    let routes = router.iter().flat_map(|(path, routes)| {
        routes.as_array().unwrap().iter().map(move |route| {
            format!("{} {path} {}", route["method"].as_str().unwrap(), route["function"].as_str().unwrap())
        })
    });
    routes.collect()
}

/// `${ListClientsFunction.Arn}:live` as `ListClients`.
fn function_in(symbol: &str) -> String {
    symbol.trim_start_matches("${").split("Function").next().unwrap().to_owned()
}
