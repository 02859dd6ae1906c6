//! Ties `template.yaml` to the code, and holds properties of what CloudFormation receives.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod alarms;
mod checkpoints;
mod ci;
mod deployments;
mod endpoints;
mod gateway;
mod pages;
mod permissions;
mod source;
mod tables;

use end_to_end::template::{SETS, Template};
use serde_json::Value;

/// Checks a statement on the resolved template of every parameter set.
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
