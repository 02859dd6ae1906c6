//! Ties `template.yaml` to the code, and holds properties of what CloudFormation receives.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod alarms;
mod ci;
mod deployments;
<<<<<<< HEAD
=======
mod endpoints;
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
mod gateway;
mod lambda_functions;
mod permissions;
mod source;
mod tables;

use end_to_end::template::{SETS, Template};
use serde_json::Value;
use shared::http::Endpoint;

<<<<<<< HEAD
/// Each function: its logical name in the template, its own name, and its endpoint.
fn functions() -> [(&'static str, &'static str, &'static Endpoint); 5] {
    functions::ENDPOINTS.map(|endpoint| (&*logical_name(endpoint.name).leak(), endpoint.name, endpoint))
}

/// The name of a function in the template: `GetClient` for `get-client`.
fn logical_name(name: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalized).collect()
}

/// Holds a statement against the resolved template of every set of parameters.
=======
/// Checks a statement on the resolved template of every parameter set.
>>>>>>> c251f8a (Template: one log group, own roles, conditions on keys; alarms at low traffic; budget, backups, prod needs an email)
fn for_every_set(statement: impl Fn(&str, &Value)) {
    for set in SETS {
        if let Some(template) = Template::translated(set) {
            eprintln!("{set}");
            statement(set, &template.resolved(&[]));
        }
    }
}

/// The properties of a resource.
fn properties<'a>(template: &'a Value, resource: &str) -> &'a Value {
    let resource = &template["Resources"][resource];
    assert!(resource.is_object());
    &resource["Properties"]
}

/// The resources of a type, by name.
fn resources<'a>(template: &'a Value, kind: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    template["Resources"].as_object().unwrap().iter().filter(move |(_, resource)| resource["Type"] == kind)
}
