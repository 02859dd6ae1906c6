//! Names, limits, defaults and problems: the document's against the code's.

use std::collections::BTreeSet;

use domain::{FieldError, Invalid, KEY_PREFIX, NewClient, Status, limits};
use list_engine::{ListParams, SortBy, SortOrder};
use serde_json::{Value, json};
use shared::http::{ApiError, IDEMPOTENCY_KEY, Problem, RATE_LIMIT, RATE_LIMIT_POLICY, REQUEST_ID};

use crate::document::Document;

/// Compiles only as long as the match names all variants: a new one must be added to the list too.
macro_rules! all_of {
    ($type:ident: $($variant:pat => $value:expr),+ $(,)?) => {{
        let _: fn(&$type) = |value| match value { $($variant => {})+ };
        vec![$($value),+]
    }};
}

fn parameter<'a>(document: &'a Document, name: &str) -> &'a Value {
    document.at(&format!("/components/parameters/{name}/schema"))
}

#[test]
fn the_limits_are_the_codes() {
    let document = Document::read();
    for (schema, limit) in
        [("Name", limits::NAME_CHARS), ("Phone", limits::PHONE_CHARS), ("Notes", limits::NOTES_CHARS)]
    {
        assert_eq!(document.at(&format!("/components/schemas/{schema}/maxLength")), limit, "{schema}");
    }
    let limit = parameter(&document, "limit");
    assert_eq!(limit["maximum"], limits::MAX_PAGE);
    assert_eq!(limit["default"], limits::DEFAULT_PAGE);
    assert_eq!(document.at("/components/schemas/ClientPage/properties/data/maxItems"), limits::MAX_PAGE);
    let limit = parameter(&document, "changesLimit");
    assert_eq!((&limit["maximum"], &limit["default"]), (&json!(limits::MAX_PAGE), &json!(limits::MAX_PAGE)));
    assert_eq!(document.at("/components/schemas/ChangePage/properties/changes/maxItems"), limits::MAX_PAGE);
    assert_eq!(parameter(&document, "cursor")["maxLength"], limits::CURSOR_CHARS);
    assert_eq!(parameter(&document, "query")["maxLength"], limits::SEARCH_CHARS);
    assert_eq!(parameter(&document, "idempotencyKey")["maxLength"], limits::IDEMPOTENCY_KEY_CHARS);
    let operations = document.at("/components/schemas/Batch/properties/operations");
    assert_eq!(operations["maxItems"], limits::BATCH_OPERATIONS);
    assert_eq!(document.at("/components/schemas/BatchResults/properties/results/maxItems"), limits::BATCH_OPERATIONS);
    assert_eq!(document.at("/components/headers/Retry-After/example"), limits::RETRY_AFTER_SECONDS);
}

#[test]
fn the_limits_in_the_prose_are_the_codes() {
    let document = Document::read();
    let days = limits::TOMBSTONE_LIFE.as_secs() / (24 * 60 * 60);
    let days_to_restore = limits::RESTORE_WINDOW.as_secs() / (24 * 60 * 60);
    let gap = limits::LONGEST_GAP.as_secs() / (24 * 60 * 60);
    for (pointer, text) in [
        ("/info/description", format!("at most {} KiB and {} fields", limits::BODY_BYTES / 1024, limits::BODY_FIELDS)),
        ("/info/description", format!("Lists and changes of {} bytes or more", limits::COMPRESSED_BYTES)),
        ("/components/responses/PayloadTooLarge/description", format!("{} KiB", limits::BODY_BYTES / 1024)),
        ("/info/description", format!("a batch of operations: at most {} KiB", limits::BATCH_BODY_BYTES / 1024)),
        ("/components/responses/BatchTooLarge/description", format!("{} KiB", limits::BATCH_BODY_BYTES / 1024)),
        ("/paths/~1clients~1batch/post/description", format!("at most {} KiB", limits::BATCH_BODY_BYTES / 1024)),
        ("/paths/~1clients~1batch/post/description", format!("up to {} operations", limits::BATCH_OPERATIONS)),
        (
            "/paths/~1clients~1batch/post/description",
            format!("for {} hours at least", limits::BATCH_KEY_LIFE.as_secs() / (60 * 60)),
        ),
        ("/paths/~1clients/post/description", format!("for {days} days after the client was deleted")),
        ("/paths/~1clients~1{id}/delete/description", format!("restored for {days_to_restore} days")),
        ("/paths/~1clients~1{id}~1restore/post/description", format!("for {days_to_restore} days after its deletion")),
        ("/paths/~1clients~1changes/get/description", format!("A cursor is good for {gap} days")),
        ("/paths/~1clients~1changes/get/description", format!("were deleted in the last {days} days")),
        ("/components/responses/CursorExpired/description", format!("older than {gap} days")),
        ("/components/parameters/query/description", format!("at most {} characters", limits::SEARCH_CHARS)),
        ("/components/parameters/ifMatch/description", format!("at most {}", limits::ENTITY_TAGS)),
        ("/components/parameters/ifNoneMatch/description", format!("at most {}", limits::ENTITY_TAGS)),
        (
            "/components/parameters/idempotencyKey/description",
            format!("1 to {} printable", limits::IDEMPOTENCY_KEY_CHARS),
        ),
        ("/components/schemas/Name/description", format!("1 to {} characters", limits::NAME_CHARS)),
        ("/components/schemas/Phone/description", format!("at most {} characters", limits::PHONE_CHARS)),
        ("/components/schemas/Notes/description", "at most 5,000 characters".to_owned()),
        ("/components/securitySchemes/apiKey/bearerFormat", KEY_PREFIX.to_owned()),
    ] {
        assert!(document.at(pointer).as_str().unwrap().contains(&text), "{pointer}: {text}");
    }
    assert_eq!(limits::NOTES_CHARS, 5_000);
}

#[test]
fn the_choices_and_defaults_of_a_list_are_the_codes() {
    let document = Document::read();
    let default = ListParams::default();
    assert_eq!(parameter(&document, "offset")["default"], default.offset);
    assert_eq!(parameter(&document, "sortBy")["enum"], json!(SortBy::ALL.map(SortBy::as_str)));
    assert_eq!(parameter(&document, "sortBy")["default"].as_str().unwrap().parse(), Ok(default.sort_by));
    let sort_order = all_of!(SortOrder: SortOrder::Asc => "asc", SortOrder::Desc => "desc");
    assert_eq!(parameter(&document, "sortOrder")["enum"], json!(sort_order));
    assert_eq!(parameter(&document, "sortOrder")["default"].as_str().unwrap().parse(), Ok(default.sort_order));
    assert_eq!(document.at("/components/schemas/ClientStatus/enum"), &json!(Status::ALL.map(Status::as_str)));
}

#[test]
fn the_fields_of_a_body_are_the_codes() {
    let document = Document::read();
    let properties = |schema: &str| {
        let properties = document.at(&format!("/components/schemas/{schema}/properties")).as_object().unwrap();
        properties.keys().cloned().collect::<Vec<_>>()
    };
    let NewClient { status, .. } = NewClient::parse(br#"{"name":"A"}"#).unwrap();
    let described = document.at("/components/schemas/ClientCreate")["properties"]["status"]["description"].as_str();
    assert!(described.unwrap().contains(&format!("`{status}` if the field is missing")));
    let mut fields = NewClient::FIELDS;
    fields.sort_unstable();
    for schema in ["ClientCreate", "ClientUpdate"] {
        assert_eq!(properties(schema), fields, "{schema}");
    }
}

#[test]
fn the_headers_are_the_codes() {
    let document = Document::read();
    let spelled =
        |pointer: &str| document.at(pointer).as_object().unwrap().keys().map(|name| name.to_lowercase()).collect();
    let headers: Vec<String> = spelled("/components/headers");
    for name in [REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY] {
        assert!(headers.contains(&name.to_string()), "{name}");
    }
    assert!(headers.contains(&create_client::REPLAYED.to_string()));
    let key = document.at("/components/parameters/idempotencyKey/name").as_str().unwrap();
    assert!(key.eq_ignore_ascii_case(IDEMPOTENCY_KEY.as_str()));
}

#[test]
fn every_problem_is_documented_in_its_own_words() {
    let document = Document::read();
    let errors = all_of!(ApiError:
        ApiError::Invalid(_) => ApiError::Invalid(Invalid::field("name", "is required")),
        ApiError::Unauthorized => ApiError::Unauthorized,
        ApiError::NotFound => ApiError::NotFound,
        ApiError::PreconditionFailed => ApiError::PreconditionFailed,
        ApiError::PayloadTooLarge(_) => ApiError::PayloadTooLarge(limits::BODY_BYTES),
        ApiError::UnsupportedMediaType => ApiError::UnsupportedMediaType,
        ApiError::UnsupportedContentEncoding => ApiError::UnsupportedContentEncoding,
        ApiError::CursorExpired => ApiError::CursorExpired,
        ApiError::IdempotencyKeyReused => ApiError::IdempotencyKeyReused,
        // Here and below the same to a caller; one of each cannot be made without a table that fails.
        ApiError::RateLimited { .. } => ApiError::RateLimited { seconds: 1 },
        ApiError::Panic(_) | ApiError::Corrupt(_) => ApiError::Panic(String::new()),
        ApiError::Unavailable(_) | ApiError::DeadlineExceeded => ApiError::DeadlineExceeded,
        ApiError::NotAttempted => ApiError::NotAttempted,
        ApiError::TooLarge => ApiError::TooLarge,
    );
    let mut problems: Vec<Problem> = errors.iter().map(ApiError::problem).collect();
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    codes.dedup();
    assert_eq!(document.at("/components/schemas/Problem/properties/code/x-extensible-enum"), &json!(codes));
    // The guide to errors has a row for each, and no others.
    let rows = problems.iter().map(|problem| format!("{} | `{}`", problem.status.as_u16(), problem.code));
    let guide = document.at("/info/description").as_str().unwrap();
    let lines = guide.lines().filter_map(|line| line.strip_prefix("| ")?.rsplit_once(" | "));
    let written = lines.map(|(row, _)| row.to_owned()).filter(|row| !row.starts_with("status"));
    assert_eq!(written.collect::<BTreeSet<_>>(), rows.collect());

    problems.push(ApiError::PayloadTooLarge(limits::BATCH_BODY_BYTES).problem());
    let mut shown = BTreeSet::new();
    for (status, example) in problems_in_examples(&document) {
        let text = |member: &str| example[member].as_str().unwrap();
        let is_shown = |problem: &&Problem| {
            problem.status.as_str() == status
                && (problem.code, problem.title, &*problem.detail) == (text("code"), text("title"), text("detail"))
        };
        let problem = problems.iter().find(is_shown).unwrap_or_else(|| panic!("no error of the API is {example}"));
        shown.insert(problem.detail.clone());
    }
    assert_eq!(shown, problems.into_iter().map(|problem| problem.detail).collect());
}

/// The problems in the examples of answers, each with the status that it goes with.
fn problems_in_examples(document: &Document) -> Vec<(String, &Value)> {
    let mut problems = Vec::new();
    for operation in document.operations() {
        for (status, response) in document.members(&operation.json["responses"]) {
            let content = &response["content"];
            for (_, example) in document.members(&content["application/problem+json"]["examples"]) {
                problems.push((status.to_owned(), &example["value"]));
            }
            for (_, example) in document.members(&content["application/json"]["examples"]) {
                let results = example["value"]["results"].as_array().into_iter().flatten();
                let refused = results.filter(|result| result["problem"].is_object());
                problems.extend(refused.map(|result| (result["status"].to_string(), &result["problem"])));
            }
        }
    }
    problems
}

#[test]
fn a_field_error_has_the_documented_members() {
    let error = FieldError { field: "name".to_owned(), message: "is required".to_owned() };
    assert!(Document::read().validator_at("/components/schemas/FieldError").is_valid(&json!(error)));
}

#[test]
fn requests_are_closed_and_answers_are_open_for_new_fields() {
    let document = Document::read();
    let requests = ["ClientCreate", "ClientUpdate", "Batch", "BatchOperation"];
    for (name, schema) in document.members(document.at("/components/schemas")) {
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], !requests.contains(&name), "{name}");
        }
    }
}
