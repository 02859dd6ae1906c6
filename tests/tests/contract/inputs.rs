//! The schemas accept what the code accepts: a generated client, a mock or a fuzzer that works from the
//! document makes no request that is refused, and knows every request that is not.

use std::str::FromStr;

use batch_clients::Batch;
use domain::{ClientId, ClientPatch, Name, NewClient, Notes, Phone, limits};
use jsonschema::Validator;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};
use list_clients::list_params;
use serde_json::{Map, Value, json};
use shared::http::{ApiError, Parameter, Preconditions, Query};

use crate::document::{Document, typed};

/// All characters of the basic plane, and some beyond it.
fn characters() -> impl Iterator<Item = char> {
    ('\0'..='\u{ffff}').chain([
        '\u{10000}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{1f600}',
        '\u{e0001}',
        '\u{e0100}',
        '\u{10ffff}',
    ])
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The code's verdict on one parameter of a list, given once or more often.
fn list_takes(name: &str, values: &[&str]) -> bool {
    let pairs: Vec<String> = values.iter().map(|value| format!("{name}={}", percent_encoded(value))).collect();
    list_params(&Query::parse(&pairs.join("&"), list_clients::ENDPOINT.query)).is_ok()
}

fn agree_on_texts(what: &str, schema: &Validator, limit: usize, code: impl Fn(&str) -> bool) {
    let agree = |text: &str| assert_eq!(schema.is_valid(&json!(text)), code(text), "{what}: {text:?}");
    for character in characters() {
        agree(&String::from(character));
        agree(&format!("a{character}"));
    }
    for text in ["", " \t ", "\u{2003}\u{a0}", " a ", "a\n", "\na"] {
        agree(text);
    }
    // Characters are counted, not bytes and not units of UTF-16.
    for length in [limit - 1, limit, limit + 1] {
        for character in ["a", "é", "\u{1f600}"] {
            agree(&character.repeat(length));
        }
    }
}

#[test]
fn on_every_character_and_length_of_a_text() {
    fn takes<T: FromStr>(text: &str) -> bool {
        text.parse::<T>().is_ok()
    }
    let document = Document::read();
    let schema = |pointer| document.validator_at(pointer);
    agree_on_texts("name", &schema("/components/schemas/Name"), limits::NAME_CHARS, takes::<Name>);
    agree_on_texts("phone", &schema("/components/schemas/Phone"), limits::PHONE_CHARS, takes::<Phone>);
    agree_on_texts("notes", &schema("/components/schemas/Notes"), limits::NOTES_CHARS, takes::<Notes>);
    let query = schema("/components/parameters/query/schema");
    agree_on_texts("query", &query, limits::SEARCH_CHARS, |text| list_takes("query", &[text]));
}

#[test]
fn on_bodies() {
    let document = Document::read();
    let new = document.validator_at("/components/schemas/ClientCreate");
    let changes = document.validator_at("/components/schemas/ClientUpdate");
    let agree = |body: &Value| {
        let text = body.to_string();
        assert_eq!(new.is_valid(body), NewClient::parse(text.as_bytes()).is_ok(), "create: {text}");
        assert_eq!(changes.is_valid(body), ClientPatch::parse(text.as_bytes()).is_ok(), "update: {text}");
    };
    for body in [json!(null), json!(true), json!(1), json!("{}"), json!([]), json!([{ "name": "A" }])] {
        agree(&body);
    }
    // Every combination of these, each of them absent too.
    let values = [
        ("name", vec![json!("A"), json!(""), json!(" "), json!(null), json!(1), json!(["A"])]),
        ("phone", vec![json!("+1 555-1234"), json!(""), json!(null), json!(5_551_234), json!("a\tb")]),
        (
            "status",
            vec![json!("active"), json!("inactive"), json!("Active"), json!(""), json!(null), json!(["active"])],
        ),
        ("notes", vec![json!("one\r\ntwo\tthree"), json!(""), json!(null), json!(false), json!({}), json!("\u{1b}")]),
        ("id", vec![json!("6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1"), json!(null)]),
    ];
    let mut bodies = vec![Map::new()];
    for (field, values) in values {
        let with = |body: &Map<String, Value>, value| {
            let mut body = body.clone();
            body.insert(field.to_owned(), value);
            body
        };
        let more: Vec<_> =
            bodies.iter().flat_map(|body| values.iter().map(|value| with(body, value.clone()))).collect();
        bodies.extend(more);
    }
    bodies.into_iter().map(Value::Object).for_each(|body| agree(&body));
}

#[test]
fn on_batches() {
    let document = Document::read();
    let schema = document.validator_at("/components/schemas/Batch");
    let is_taken = |body: &Value| Batch::parse(body.to_string().as_bytes()).is_ok();
    let agree = |body: &Value| assert_eq!(schema.is_valid(body), is_taken(body), "{body}");
    let create = json!({ "operation": "create", "client": { "name": "A" } });
    for body in
        [json!(null), json!([create]), json!({}), json!({ "operations": create }), json!({ "operation": [create] })]
    {
        agree(&body);
    }
    for number in [0, 1, limits::BATCH_OPERATIONS, limits::BATCH_OPERATIONS + 1] {
        agree(&json!({ "operations": vec![create.clone(); number] }));
    }
    agree(&json!({ "operations": [create], "atomic": true }));
    // Of one operation, the schema says less than the API, because clients that are generated from one schema for each
    // kind do not work in every language. It refuses nothing that the API takes. Every combination of these, each of
    // them absent too:
    let id = "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1";
    let values = [
        ("operation", vec![json!("create"), json!("update"), json!("put"), json!("delete"), json!("PUT"), json!(null)]),
        ("id", vec![json!(id), json!(id.to_uppercase()), json!("x"), json!(""), json!(null), json!(1)]),
        ("client", vec![json!({ "name": "A" }), json!({}), json!({ "name": "" }), json!(null), json!("A")]),
        ("ifMatch", vec![json!("\"1\", W/\"2\""), json!("*"), json!("1"), json!(null), json!(1)]),
        ("ifNoneMatch", vec![json!("*"), json!(""), json!(["*"])]),
        ("orgId", vec![json!("x")]),
    ];
    let mut operations = vec![Map::new()];
    for (field, values) in values {
        let with = |operation: &Map<String, Value>, value| {
            let mut operation = operation.clone();
            operation.insert(field.to_owned(), value);
            operation
        };
        let more: Vec<_> =
            operations.iter().flat_map(|operation| values.iter().map(|value| with(operation, value.clone()))).collect();
        operations.extend(more);
    }
    for operation in operations {
        let body = json!({ "operations": [operation] });
        let text = body.to_string();
        let is_legal = !matches!(Batch::parse(text.as_bytes()).unwrap().operations()[0], Err(ApiError::Invalid(_)));
        assert!(schema.is_valid(&body) || !is_legal, "{text}");
    }
}

#[test]
fn on_the_parameters_of_a_list() {
    let document = Document::read();
    for (name, texts) in [
        ("limit", vec!["-1", "0", "1", "50", "100", "101", "", "x", "1e3", "1.5"]),
        ("offset", vec!["-1", "0", "1", "4294967295", "4294967296", "", "x"]),
        ("sortBy", vec!["name", "phone", "status", "createdAt", "updatedAt", "notes", "", "Name", "created_at"]),
        ("sortOrder", vec!["asc", "desc", "", "ASC", "descending"]),
        ("status", vec!["active", "inactive", "active,inactive", "active,active", "", "active,", "gone", "Active"]),
    ] {
        let schema = document.at(&format!("/components/parameters/{name}/schema"));
        let validator = document.validator(schema);
        for text in texts {
            let value = typed(text, schema);
            assert_eq!(validator.is_valid(&value), list_takes(name, &[text]), "{name}={text}");
            // A list is repeated, or separated by commas.
            let repeated: Vec<&str> = text.split(',').collect();
            if value.is_array() {
                assert_eq!(validator.is_valid(&value), list_takes(name, &repeated), "{name} {repeated:?}");
            }
        }
    }
}

#[test]
fn on_the_parameter_of_a_deletion() {
    let document = Document::read();
    let schema = document.at("/components/parameters/permanently/schema");
    let validator = document.validator(schema);
    for text in ["true", "false", "", "True", "1", "0", "yes", "null"] {
        let query = Query::parse(&format!("permanently={text}"), &[Parameter::single("permanently")]);
        assert_eq!(validator.is_valid(&typed(text, schema)), query.flag("permanently").is_ok(), "{text}");
    }
    assert_eq!(schema["default"], Query::default().flag("permanently").unwrap());
}

#[test]
fn on_identifiers() {
    let schema = Document::read().validator_at("/components/parameters/id/schema");
    for id in [
        "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1",
        "6F1B3BB2-4C38-4B34-8C5F-2DF8B2C8E4A1",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "6f1b3bb24c384b348c5f2df8b2c8e4a1",
        "{6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1}",
        "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4ag",
        "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1\n",
        "6f1b3bb2-4c38-4b34-8c5f2-df8b2c8e4a1",
        "1",
        "",
    ] {
        assert_eq!(schema.is_valid(&json!(id)), id.parse::<ClientId>().is_ok(), "{id}");
    }
}

#[test]
fn on_entity_tags() {
    let document = Document::read();
    let takes = |header: HeaderName, text: &str| {
        Preconditions::read(&HeaderMap::from_iter([(header, HeaderValue::from_str(text).unwrap())])).is_ok()
    };
    let many = |count| vec!["\"1\""; count].join(", ");
    let mut texts: Vec<String> = [
        "*",
        " * ",
        "\"1\"",
        "W/\"1\"",
        "\"\"",
        "\"a,b\" , W/\"\"",
        "\"1\"\t,\"2\"",
        "\"1\",",
        " , ,\"1\", ,\"2\" ,",
        ",*,",
        "\"1\",\"2\"",
    ]
    .into_iter()
    .chain(["", "1", "\"1", "1\"", "\"1\" \"2\"", ",", "\"1\"\"2\"", "w/\"1\"", "W/1", "*, \"1\"", "\"1\", *", "**"])
    .map(str::to_owned)
    .collect();
    texts.extend([many(limits::ENTITY_TAGS), many(limits::ENTITY_TAGS + 1)]);
    texts.extend(characters().map(|c| format!("\"{c}\"")).filter(|text| HeaderValue::from_str(text).is_ok()));
    for parameter in ["ifMatch", "ifNoneMatch"] {
        let parameter = document.at(&format!("/components/parameters/{parameter}"));
        let header: HeaderName = parameter["name"].as_str().unwrap().parse().unwrap();
        let schema = document.validator(&parameter["schema"]);
        for text in &texts {
            assert_eq!(schema.is_valid(&json!(text)), takes(header.clone(), text), "{header}: {text:?}");
        }
    }
}

#[test]
fn on_the_examples_of_the_parameters() {
    let document = Document::read();
    for (name, parameter) in document.members(document.at("/components/parameters")) {
        let schema = document.validator(&parameter["schema"]);
        let examples = document.members(&parameter["examples"]).map(|(_, example)| &example["value"]);
        let mut examples = parameter.get("example").into_iter().chain(examples).peekable();
        assert!(examples.peek().is_some(), "{name} has no example");
        for example in examples {
            assert!(schema.is_valid(example), "{name}: {example}");
            // A cursor is known to its API alone; the story reads on from the one in the document.
            if list_clients::ENDPOINT.query.iter().any(|taken| taken.name == name) {
                let values = example.as_array().cloned().unwrap_or_else(|| vec![example.clone()]);
                let texts: Vec<String> =
                    values.iter().map(|value| value.as_str().map_or(value.to_string(), str::to_owned)).collect();
                assert!(list_takes(name, &texts.iter().map(String::as_str).collect::<Vec<_>>()), "{name}: {example}");
            }
        }
    }
}
