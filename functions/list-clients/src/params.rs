//! The query parameters of a list.

use domain::{
    Invalid, Status,
    limits::{MAX_PAGE, SEARCH_CHARS},
};
use list_engine::ListParams;
use shared::http::{Parameter, Query, whole_number};

/// The parameters.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::single("limit"),
    Parameter::single("offset"),
    Parameter::single("query"),
    Parameter::single("sortBy"),
    Parameter::single("sortOrder"),
    Parameter::list("status"),
];

/// Reads the list that the query parameters ask for.
///
/// # Errors
/// Fails with the error of every parameter that is unknown, repeated or illegal.
pub fn list_params(query: &Query) -> Result<ListParams, Invalid> {
    let mut errors = query.errors().to_vec();
    let default = ListParams::default();
    let params = ListParams {
        limit: query.value("limit", |text| whole_number(text, 1, MAX_PAGE), &mut errors).unwrap_or(default.limit),
        offset: query
            .value("offset", |text| whole_number(text, 0, u32::MAX as usize), &mut errors)
            .unwrap_or(default.offset),
        query: query.value("query", search_text, &mut errors),
        sort_by: query.value("sortBy", str::parse, &mut errors).unwrap_or(default.sort_by),
        sort_order: query.value("sortOrder", str::parse, &mut errors).unwrap_or(default.sort_order),
        status: query.value("status", statuses, &mut errors).flatten(),
    };
    Invalid::unless_empty(errors)?;
    Ok(params)
}

fn search_text(text: &str) -> Result<String, String> {
    if text.chars().nth(SEARCH_CHARS).is_some() {
        return Err(format!("must be at most {SEARCH_CHARS} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text.to_owned())
}

fn statuses(text: &str) -> Result<Option<Status>, String> {
    let listed: Result<Vec<Status>, _> = text.split(',').map(str::parse).collect();
    let listed =
        listed.map_err(|_| "must be `active`, `inactive`, or both, repeated or with a comma between".to_owned())?;
    let only = |status| listed.iter().all(|listed| *listed == status).then_some(status);
    Ok(Status::ALL.into_iter().find_map(only))
}

#[cfg(test)]
mod tests {
    use list_engine::{SortBy, SortOrder};

    use super::*;

    fn read(raw: &str) -> Result<ListParams, Invalid> {
        list_params(&Query::parse(raw, PARAMETERS))
    }

    #[test]
    fn absent_parameters_have_their_defaults() {
        assert_eq!(read("").unwrap(), ListParams::default());
    }

    #[test]
    fn every_parameter_is_read() {
        let params = read("limit=100&offset=4294967295&query=Jos%C3%A9&sortBy=name&sortOrder=desc&status=inactive");
        let expected = ListParams {
            limit: 100,
            offset: 4_294_967_295,
            query: Some("José".to_owned()),
            sort_by: SortBy::Name,
            sort_order: SortOrder::Desc,
            status: Some(Status::Inactive),
        };
        assert_eq!(params.unwrap(), expected);
        assert_eq!(read("status=active,inactive").unwrap().status, None);
        assert_eq!(read("status=active&status=inactive").unwrap().status, None);
        assert_eq!(read("status=active,active").unwrap().status, Some(Status::Active));
    }

    #[test]
    fn every_offender_is_named_at_once() {
        let invalid = read("limit=0&offset=-1&query=%00&sortBy=&sortOrder=ASC&status=active,").unwrap_err();
        let fields: Vec<&str> = invalid.errors().iter().map(|error| error.field.as_str()).collect();
        let names: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
        assert_eq!(fields, names);
        let invalid = read("limit=0&sortby=name&limit=1&status=&status=active").unwrap_err();
        let fields: Vec<&str> = invalid.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["sortby", "limit", "limit", "status"]);
    }

    #[test]
    fn numbers_are_whole_and_within_their_limits() {
        for limit in ["", "0", "101", "-1", "1e3", "+1", " 1", "1.0", "99999999999999999999999"] {
            assert!(read(&format!("limit={}", limit.replace('+', "%2B"))).is_err(), "{limit}");
        }
        assert!(read("offset=4294967296").is_err());
        assert!(read(&format!("query={}", "a".repeat(201))).is_err());
        assert!(read(&format!("query={}", "%C3%A9".repeat(200))).is_ok());
    }
}
