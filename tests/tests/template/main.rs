//! `template.yaml`, and what CloudFormation gets of it, say what the code and the documents take for granted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod alarms;
mod deployments;
mod gateway;
mod lambda_functions;
mod permissions;
mod source;
mod tables;

use end_to_end::template::{SETS, Template};
use serde_json::Value;
use shared::http::Endpoint;

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
fn for_every_set(statement: impl Fn(&str, &Value)) {
    for set in SETS {
        if let Some(template) = Template::translated(set) {
            eprintln!("{set}");
            statement(set, &template.resolved(&[]));
        }
    }
}

/// Holds a statement against the resolved template of one set of parameters.
fn for_set(set: &str, statement: impl Fn(&Value)) {
    for_every_set(|name, template| {
        if name == set {
            statement(template);
        }
    });
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
