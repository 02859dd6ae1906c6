//! The query string, read strictly: unknown, misspelled and repeated parameters are errors.

use std::borrow::Cow;

use domain::{FieldError, Invalid, limits::QUERY_PARAMETERS};
use percent_encoding::percent_decode;

/// A query parameter that an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Whether it is a list, and may be repeated.
    pub is_list: bool,
}

impl Parameter {
    /// A parameter with one value.
    #[must_use]
    pub const fn single(name: &'static str) -> Self {
        Self { name, is_list: false }
    }

    /// A parameter with a list of values: repeated, or separated by commas.
    #[must_use]
    pub const fn list(name: &'static str) -> Self {
        Self { name, is_list: true }
    }
}

/// The parameters of one request, and the errors in their names. The reader of the values adds the errors
/// in those, so that one answer names every offender.
#[derive(Debug, Default)]
pub struct Query {
    values: Vec<(&'static str, String)>,
    errors: Vec<FieldError>,
}

impl Query {
    /// Reads `raw`, the text after the `?`: `a=1&b=two`. Only `known` parameters may appear, and only
    /// lists may be repeated.
    #[must_use]
    pub fn parse(raw: &str, known: &[Parameter]) -> Self {
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
            let Some(&Parameter { name, is_list }) = known.iter().find(|known| known.name == name) else {
                let names: Vec<&str> = known.iter().map(|known| known.name).collect();
                query.add_error(FieldError::unknown("parameter", &name, &names));
                continue;
            };
            let repeated = seen.contains(&name);
            if repeated && !is_list {
                query.add_error(FieldError::new(name, "is given more than once"));
                continue;
            }
            seen.push(name);
            match decode(value) {
                Some(value) => query.add(name, value.into_owned()),
                None => query.add_error(FieldError::new(name, "is not valid UTF-8")),
            }
        }
        query
    }

    /// The value of a parameter, if it was given. The values of a repeated list are joined by commas.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that is `true` or `false`, and `false` if it was not given, for an endpoint that takes
    /// no other.
    ///
    /// # Errors
    /// Fails with the errors in the names, and if the value is another one.
    pub fn flag(&self, name: &str) -> Result<bool, Invalid> {
        let value = match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Invalid::field(name, "must be `true` or `false`")),
        };
        Invalid::all((self.check(), value)).map(|((), value)| value)
    }

    /// The value of a parameter, as `parse` reads it; `None` if it is absent, or if its error was added to `errors`.
    pub fn value<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
        errors: &mut Vec<FieldError>,
    ) -> Option<T> {
        match parse(self.get(name)?) {
            Ok(value) => Some(value),
            Err(message) => {
                errors.push(FieldError::new(name, message));
                None
            }
        }
    }

    /// The errors in the names.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Succeeds if all names are known and only lists are repeated.
    ///
    /// # Errors
    /// Fails with the errors in the names.
    pub fn check(&self) -> Result<(), Invalid> {
        Invalid::unless_empty(self.errors.clone())
    }

    fn add(&mut self, name: &'static str, value: String) {
        match self.values.iter_mut().find(|(found, _)| *found == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => self.values.push((name, value)),
        }
    }

    fn add_error(&mut self, error: FieldError) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}

/// Reads the whole number in a parameter.
///
/// # Errors
/// Fails, with a message for the caller, if it is not one from `min` to `max`.
pub fn whole_number(text: &str, min: usize, max: usize) -> Result<usize, String> {
    // `str::parse` would also take "+5".
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten().filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| format!("must be a whole number from {min} to {max}"))
}

/// Decodes a text as HTML forms and `URLSearchParams` encode it: `+` is a space, `%41` is `A`.
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

    const KNOWN: &[Parameter] = &[Parameter::single("limit"), Parameter::single("sortBy"), Parameter::list("status")];

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
    fn a_list_may_be_repeated() {
        assert_eq!(Query::parse("status=a&limit=1&status=b,c", KNOWN).get("status"), Some("a,b,c"));
    }

    #[test]
    fn a_flag_is_true_or_false() {
        let flag = |raw| Query::parse(raw, &[Parameter::single("force")]).flag("force");
        assert_eq!((flag(""), flag("force=false"), flag("force=true")), (Ok(false), Ok(false), Ok(true)));
        for raw in ["force", "force=", "force=1", "force=True", "force=true&force=true"] {
            assert_eq!(flag(raw).unwrap_err().errors().len(), 1, "{raw}");
        }
        assert_eq!(flag("force=yes&limit=1").unwrap_err().errors().len(), 2);
    }

    #[test]
    fn every_offender_is_named_at_once() {
        let all = errors("sortby=1&limit=1&limit=2&nonsense=1&sortBy=%FF");
        let fields: Vec<&str> = all.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["sortby", "limit", "nonsense", "sortBy"]);
        assert!(all[0].1.contains("`sortBy`"), "{all:?}");
    }
}
