//! Reads the document, and checks answers by it.

use std::collections::BTreeMap;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// `docs/openapi.json`.
pub(crate) struct Document(Value);

/// The headers that always have the value of their example. Their schemas do not say so, as generated clients
/// would refuse any other value.
const CONSTANT_HEADERS: [&str; 7] = [
    "accept-encoding",
    "cache-control",
    "content-encoding",
    "idempotency-replayed",
    "vary",
    "www-authenticate",
    "x-content-type-options",
];

/// One operation of the document.
pub(crate) struct Operation<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: String,
    /// The path from the root, as a route has it.
    pub(crate) path: String,
    pub(crate) json: &'a Value,
}

impl Operation<'_> {
    /// The operation as API Gateway names a route: `GET /api/v1/clients`.
    pub(crate) fn route(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Document {
    pub(crate) fn read() -> Self {
        Self(serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap())
    }

    /// The value at a JSON pointer, references followed.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.resolved(self.0.pointer(pointer).unwrap_or_else(|| panic!("there is no {pointer} in the document")))
    }

    /// The value that a reference refers to; any other value is returned as it is.
    pub(crate) fn resolved<'a>(&'a self, json: &'a Value) -> &'a Value {
        match json["$ref"].as_str() {
            Some(reference) => self.at(reference.strip_prefix('#').unwrap()),
            None => json,
        }
    }

    /// Each member of an object, references followed.
    pub(crate) fn members<'a>(&'a self, object: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
        object.as_object().into_iter().flatten().map(|(name, json)| (name.as_str(), self.resolved(json)))
    }

    pub(crate) fn operations(&self) -> Vec<Operation<'_>> {
        let server = self.at("/servers/0/url").as_str().unwrap();
        let base = server.find("/api/").map(|start| &server[start..]).unwrap();
        let items = self.0["paths"].as_object().unwrap().iter();
        items
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().iter().filter(|(key, _)| *key != "parameters");
                methods.map(move |(method, json)| Operation {
                    id: json["operationId"].as_str().unwrap(),
                    method: method.to_uppercase(),
                    path: format!("{base}{path}"),
                    json,
                })
            })
            .collect()
    }

    pub(crate) fn operation(&self, id: &str) -> Operation<'_> {
        self.operations()
            .into_iter()
            .find(|operation| operation.id == id)
            .unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// A validator for a schema of the document, formats included.
    pub(crate) fn validator(&self, schema: &Value) -> Validator {
        validator(schema, &self.0["components"])
    }

    /// A validator for the schema at a pointer.
    pub(crate) fn validator_at(&self, pointer: &str) -> Validator {
        self.validator(self.at(pointer))
    }

    /// All differences between an answer to this operation and the document.
    pub(crate) fn faults(
        &self,
        operation: &str,
        status: u16,
        headers: &Map<String, Value>,
        body: &Value,
    ) -> Vec<String> {
        let operation = self.operation(operation);
        let response = self.resolved(&operation.json["responses"][status.to_string()]);
        if response.is_null() {
            return vec![format!("status {status} is not documented")];
        }
        let mut faults = Vec::new();
        match headers.get("content-type").and_then(Value::as_str) {
            Some(content_type) => match response["content"].get(content_type) {
                Some(content) => {
                    faults.extend(self.errors("body", &content["schema"], body));
                    for result in body["results"].as_array().into_iter().flatten() {
                        faults.extend(result_faults(result));
                    }
                    if content_type == "application/problem+json" {
                        faults.extend(self.problem_faults(status, &content["examples"], body));
                    }
                }
                None => faults.push(format!("content type {content_type} is not documented")),
            },
            None if response["content"].is_object() => faults.push("there is no content type".to_owned()),
            None => {}
        }
        let documented: BTreeMap<String, &Value> =
            self.members(&response["headers"]).map(|(name, header)| (name.to_lowercase(), header)).collect();
        for (name, header) in &documented {
            let schema = &header["schema"];
            match headers.get(name).and_then(Value::as_str) {
                Some(text) if CONSTANT_HEADERS.contains(&name.as_str()) && header["example"] != text => {
                    faults.push(format!("header {name} is always {}, not {text}", header["example"]));
                }
                Some(text) => faults.extend(self.errors(name, schema, &typed(text, schema))),
                None if header["required"] == true => faults.push(format!("header {name} is missing")),
                None => {}
            }
        }
        let unknown = headers.keys().filter(|name| *name != "content-type" && !documented.contains_key(*name));
        faults.extend(unknown.map(|name| format!("header {name} is not documented")));
        faults
    }

    /// The rules for a problem document that its schema, one for all problems, cannot tell.
    fn problem_faults(&self, status: u16, examples: &Value, body: &Value) -> Vec<String> {
        let code = body["code"].as_str().unwrap_or_default();
        let rules = [
            ("status is the HTTP status", body["status"] == status),
            ("type is made of the code", body["type"] == format!("urn:clients-api:problem:{code}")),
            ("errors go with invalid_input alone", body["errors"].is_array() == (code == "invalid_input")),
            ("an example has the code", self.members(examples).any(|(_, example)| example["value"]["code"] == code)),
        ];
        rules.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| format!("problem: {rule}")).collect()
    }

    fn errors(&self, what: &str, schema: &Value, value: &Value) -> Vec<String> {
        let mut components = self.0["components"].clone();
        close(&mut components);
        validator(schema, &components).iter_errors(value).map(|error| format!("{what}: {error}")).collect()
    }
}

/// The rules for the result of an operation in a batch that its schema cannot tell.
fn result_faults(result: &Value) -> Vec<String> {
    let (status, problem) = (&result["status"], &result["problem"]);
    let failed = status.as_u64().is_some_and(|status| status >= 400);
    let rules = [
        ("a problem goes with a failure alone", problem.is_object() == failed),
        ("the problem has the status", !failed || problem["status"] == *status),
        ("a client goes with its tag", result["client"].is_object() == result["etag"].is_string()),
        ("no client goes with a failure", !failed || result["client"].is_null()),
    ];
    rules.into_iter().filter(|(_, holds)| !holds).map(|(rule, _)| format!("result: {rule}: {result}")).collect()
}

fn validator(schema: &Value, components: &Value) -> Validator {
    // References in the schema are relative to the document's root.
    let root = json!({ "allOf": [schema], "components": components });
    jsonschema::draft202012::options().should_validate_formats(true).build(&root).unwrap()
}

/// Closes the schemas that are open for the fields of later versions: this version has no others than those
/// that the document names.
fn close(json: &mut Value) {
    match json {
        Value::Object(members) => {
            if let Some(open) = members.get_mut("additionalProperties") {
                *open = json!(false);
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Converts a text in a header or a query to its schema's type.
pub(crate) fn typed(text: &str, schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("integer") => text.parse::<i64>().map_or(json!(text), Value::from),
        Some("boolean") => text.parse::<bool>().map_or(json!(text), Value::from),
        Some("array") => text.split(',').collect(),
        _ => json!(text),
    }
}
