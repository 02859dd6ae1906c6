//! The query string, read strictly: unknown, misspelt and repeated parameters are errors.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::{error::FieldError, limits::QUERY_PARAMETERS, suggest::unknown};

/// The parameters of one request, and what is wrong with their names: whoever reads the values adds
/// what is wrong with those, so that one answer names every offender.
#[derive(Debug, Default)]
pub struct Query {
    values: Vec<(&'static str, String)>,
    errors: Vec<FieldError>,
}

impl Query {
    /// Reads `raw` (`a=1&b=two`, as after the `?`), in which only the `known` names may appear, and
    /// each once.
    #[must_use]
    pub fn parse(raw: &str, known: &'static [&'static str]) -> Self {
        let pairs: Vec<&str> = raw.split('&').filter(|pair| !pair.is_empty()).collect();
        if pairs.len() > QUERY_PARAMETERS {
            let message = format!("has more than {QUERY_PARAMETERS} parameters");
            return Self { values: Vec::new(), errors: vec![FieldError::new("query string", message)] };
        }
        let mut query = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).unwrap_or(Cow::Borrowed(name));
            let Some(&name) = known.iter().find(|known| **known == name) else {
                query.blame(unknown("parameter", &name, known));
                continue;
            };
            if seen.contains(&name) {
                query.blame(FieldError::new(name, "is given more than once"));
                continue;
            }
            seen.push(name);
            match decode(value) {
                Some(value) => query.values.push((name, value.into_owned())),
                None => query.blame(FieldError::new(name, "is not valid UTF-8")),
            }
        }
        query
    }

    /// The value of a parameter, where a legal one was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// What is wrong with the names.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    fn blame(&mut self, error: FieldError) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["limit", "sortBy"];

    fn errors(raw: &str) -> Vec<(String, String)> {
        Query::parse(raw, KNOWN).errors().iter().map(|error| (error.field.clone(), error.message.clone())).collect()
    }

    #[test]
    fn values_are_decoded_as_forms_encode_them() {
        let query = Query::parse("limit=%31+%2B&sortBy=J%C3%B6rg", KNOWN);
        assert_eq!(query.get("limit"), Some("1 +"));
        assert_eq!(query.get("sortBy"), Some("Jörg"));
        assert_eq!(Query::parse("", KNOWN).get("limit"), None);
        assert_eq!(Query::parse("limit", KNOWN).get("limit"), Some(""));
    }

    #[test]
    fn every_offender_is_named_at_once() {
        let all = errors("sortby=1&limit=1&limit=2&nonsense=1&sortBy=%FF");
        let fields: Vec<&str> = all.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["sortby", "limit", "nonsense", "sortBy"]);
        assert!(all[0].1.contains("`sortBy`"), "{all:?}");
    }
}
