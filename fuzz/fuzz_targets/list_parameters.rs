//! Fuzzes the parser of a list's parameters. Accepted input is within the limits, and stays the same when
//! it is written out and read again. Errors are short.

#![no_main]

use domain::{Invalid, Status, limits};
use libfuzzer_sys::fuzz_target;
use list_clients::{ENDPOINT, list_params};
use list_engine::{ListParams, SortOrder};
use shared::http::Query;

fuzz_target!(|raw: &str| {
    match read(raw) {
        Ok(params) => {
            assert!((1..=limits::MAX_PAGE).contains(&params.limit));
            assert!(u32::try_from(params.offset).is_ok());
            let query = params.query.as_deref().unwrap_or_default();
            assert!(query.chars().count() <= limits::SEARCH_CHARS && !query.chars().any(char::is_control));
            assert_eq!(read(&written(&params)), Ok(params));
            // Only `status` may be repeated.
            if raw.contains("limit=") {
                assert!(read(&format!("{raw}&{raw}")).is_err());
            }
        }
        Err(invalid) => {
            assert!((1..=limits::QUERY_PARAMETERS).contains(&invalid.errors().len()));
            for error in invalid.errors() {
                assert!(error.field.chars().count() <= 65 && error.message.chars().count() <= 200, "{error:?}");
            }
        }
    }
});

fn read(raw: &str) -> Result<ListParams, Invalid> {
    list_params(&Query::parse(raw, ENDPOINT.query))
}

fn written(params: &ListParams) -> String {
    let sort_by = params.sort_by.as_str();
    let sort_order = match params.sort_order {
        SortOrder::Asc => "asc",
        SortOrder::Desc => "desc",
    };
    let mut raw = format!("limit={}&offset={}&sortBy={sort_by}&sortOrder={sort_order}", params.limit, params.offset);
    if let Some(query) = &params.query {
        raw += "&query=";
        for byte in query.bytes() {
            raw += &format!("%{byte:02x}");
        }
    }
    if let Some(status) = params.status {
        raw += &format!("&status={}", Status::as_str(status));
    }
    raw
}
