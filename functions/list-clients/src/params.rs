//! The parameters of a list, read strictly.

use std::str::FromStr;

use shared::{FieldError, Invalid, Query, Status};

/// The names of the parameters.
pub const NAMES: &[&str] = &["limit", "offset", "query", "sortBy", "sortOrder", "status"];
/// The page size where none is asked for.
pub const DEFAULT_LIMIT: usize = 50;
/// The largest page.
pub const MAX_LIMIT: usize = 100;
/// Longest search text, in characters.
pub const QUERY_CHARS: usize = 200;

/// What to list, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListParams {
    /// The size of the page, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// How many clients come before the page.
    pub offset: usize,
    /// What the name or the phone number must contain.
    pub query: Option<String>,
    /// What to sort by; ties by identifier.
    pub sort_by: SortBy,
    /// In which direction; descending is exactly ascending reversed.
    pub sort_order: SortOrder,
    /// The only status to list; `None`: any.
    pub status: Option<Status>,
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The folded name.
    Name,
    /// The phone number as written; missing ones last.
    Phone,
    /// The status.
    Status,
    /// The time of creation.
    CreatedAt,
}

/// The direction of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

impl Default for ListParams {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            offset: 0,
            query: None,
            sort_by: SortBy::CreatedAt,
            sort_order: SortOrder::Asc,
            status: None,
        }
    }
}

impl ListParams {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// Names every parameter that is unknown, repeated, or not legal.
    pub fn read(query: &Query) -> Result<Self, Invalid> {
        let mut errors = query.errors().to_vec();
        let default = Self::default();
        let params = Self {
            limit: value(query, "limit", |text| number(text, 1, MAX_LIMIT), &mut errors).unwrap_or(default.limit),
            offset: value(query, "offset", |text| number(text, 0, u32::MAX as usize), &mut errors)
                .unwrap_or(default.offset),
            query: value(query, "query", search_text, &mut errors),
            sort_by: value(query, "sortBy", str::parse, &mut errors).unwrap_or(default.sort_by),
            sort_order: value(query, "sortOrder", str::parse, &mut errors).unwrap_or(default.sort_order),
            status: value(query, "status", statuses, &mut errors).flatten(),
        };
        Invalid::unless_empty(errors)?;
        Ok(params)
    }
}

/// The value of one parameter: `None` where it is absent, and where it joins the errors.
fn value<T>(
    query: &Query,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    match parse(query.get(name)?) {
        Ok(value) => Some(value),
        Err(message) => {
            errors.push(FieldError::new(name, message));
            None
        }
    }
}

fn number(text: &str, min: usize, max: usize) -> Result<usize, String> {
    // `str::parse` would also take "+5".
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("must be a whole number from {min} to {max}"))
}

fn search_text(text: &str) -> Result<String, String> {
    if text.chars().nth(QUERY_CHARS).is_some() {
        return Err(format!("must be at most {QUERY_CHARS} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text.to_owned())
}

fn statuses(text: &str) -> Result<Option<Status>, String> {
    let listed: Result<Vec<Status>, _> = text.split(',').map(str::parse).collect();
    let listed = listed.map_err(|_| "must be `active`, `inactive`, or both with a comma between".to_owned())?;
    let only = |status| listed.iter().all(|listed| *listed == status).then_some(status);
    Ok(Status::ALL.into_iter().find_map(only))
}

impl FromStr for SortBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "phone" => Ok(Self::Phone),
            "status" => Ok(Self::Status),
            "createdAt" => Ok(Self::CreatedAt),
            _ => Err("must be `name`, `phone`, `status` or `createdAt`".to_owned()),
        }
    }
}

impl FromStr for SortOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err("must be `asc` or `desc`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Result<ListParams, Invalid> {
        ListParams::read(&Query::parse(raw, NAMES))
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
        assert_eq!(read("status=active,active").unwrap().status, Some(Status::Active));
    }

    #[test]
    fn every_offender_is_named_at_once() {
        let invalid = read("limit=0&offset=-1&query=%00&sortBy=&sortOrder=ASC&status=active,").unwrap_err();
        let fields: Vec<&str> = invalid.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, NAMES);
        let invalid = read("limit=0&sortby=name&status=&status=active").unwrap_err();
        let fields: Vec<&str> = invalid.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["sortby", "status", "limit", "status"]);
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
