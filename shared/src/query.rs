//! The query string, read strictly: unknown, misspelt and repeated parameters are errors.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::{
    error::{FieldError, Invalid},
    limits::QUERY_PARAMETERS,
    suggest::unknown,
};

/// The parameters of one request, each of a known name and present once.
#[derive(Debug, Default)]
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads `raw` (`a=1&b=two`, as after the `?`), in which only the `known` names may appear.
    ///
    /// # Errors
    /// Names every parameter that is unknown, repeated, or not UTF-8 once decoded.
    pub fn parse(raw: &str, known: &'static [&'static str]) -> Result<Self, Invalid> {
        let pairs: Vec<&str> = raw.split('&').filter(|pair| !pair.is_empty()).collect();
        if pairs.len() > QUERY_PARAMETERS {
            return Err(Invalid::field("query string", format!("has more than {QUERY_PARAMETERS} parameters")));
        }
        let mut found: Vec<(&'static str, String)> = Vec::new();
        let mut errors = Vec::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).unwrap_or(Cow::Borrowed(name));
            let Some(known_name) = known.iter().find(|known| **known == name) else {
                push_once(&mut errors, unknown("parameter", &name, known));
                continue;
            };
            if found.iter().any(|(earlier, _)| earlier == known_name) {
                push_once(&mut errors, FieldError::new(known_name, "is given more than once"));
                continue;
            }
            match decode(value) {
                Some(value) => found.push((known_name, value.into_owned())),
                None => {
                    found.push((known_name, String::new()));
                    push_once(&mut errors, FieldError::new(known_name, "is not valid UTF-8"));
                }
            }
        }
        Invalid::unless_empty(errors)?;
        Ok(Self(found))
    }

    /// The value of a parameter, where it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }
}

/// As HTML forms and `URLSearchParams` encode: `+` is a space, `%41` is `A`.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
        return Some(Cow::Owned(decoded.into_owned()));
    }
    percent_decode(text.as_bytes()).decode_utf8().ok()
}

fn push_once(errors: &mut Vec<FieldError>, error: FieldError) {
    if !errors.contains(&error) {
        errors.push(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["limit", "sortBy"];

    fn errors(raw: &str) -> Vec<(String, String)> {
        let invalid = Query::parse(raw, KNOWN).expect_err(raw);
        invalid.errors().iter().map(|error| (error.field.clone(), error.message.clone())).collect()
    }

    #[test]
    fn values_are_decoded_as_forms_encode_them() {
        let query = Query::parse("limit=%31+%2B&sortBy=J%C3%B6rg", KNOWN).unwrap();
        assert_eq!(query.get("limit"), Some("1 +"));
        assert_eq!(query.get("sortBy"), Some("Jörg"));
        assert_eq!(Query::parse("", KNOWN).unwrap().get("limit"), None);
        assert_eq!(Query::parse("limit", KNOWN).unwrap().get("limit"), Some(""));
    }

    #[test]
    fn every_offender_is_named_at_once() {
        let all = errors("sortby=1&limit=1&limit=2&nonsense=1&sortBy=%FF");
        let fields: Vec<&str> = all.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["sortby", "limit", "nonsense", "sortBy"]);
        assert!(all[0].1.contains("`sortBy`"), "{all:?}");
    }
}
