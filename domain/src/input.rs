//! Errors in a caller's input, all of which are reported at once, and the strict reading of a JSON
//! object.

use std::marker::PhantomData;

use serde::{
    Deserialize, Serialize,
    de::{Deserializer, MapAccess, Visitor},
};

/// The most characters of a caller's name for something that an error repeats.
const ECHOED_CHARS: usize = 64;

/// The error in one body field, query parameter or header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The name of the field, parameter or header; `body` for the body as a whole.
    pub field: String,
    /// The error and its remedy, for people.
    pub message: String,
}

impl FieldError {
    /// The error `message` in `field`, whose name is cut if it is long.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        let field = match field.char_indices().nth(ECHOED_CHARS) {
            Some((end, _)) => format!("{}…", &field[..end]),
            None => field.to_owned(),
        };
        Self { field, message: message.into() }
    }

    /// The error for a `kind` of input (`field`, `parameter`) whose `name` is not one of `known`. It
    /// suggests a known name that is close.
    #[must_use]
    pub fn unknown(kind: &str, name: &str, known: &[&str]) -> Self {
        let message = match closest(name, known) {
            Some(meant) => format!("is not a known {kind}; did you mean `{meant}`?"),
            None => format!("is not a known {kind}"),
        };
        Self::new(name, message)
    }
}

fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    if name.chars().count() > ECHOED_CHARS {
        return None;
    }
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&name, &known.to_lowercase()), *known))
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len())
        .min()
        .map(|(_, known)| known)
}

/// All errors in one request's input. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Vec<FieldError>);

impl Invalid {
    /// The one error `message` in `field`.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self(vec![FieldError::new(field, message)])
    }

    /// Succeeds if `errors` is empty.
    ///
    /// # Errors
    /// Fails with all of `errors` if there are any.
    pub fn unless_empty(errors: Vec<FieldError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The errors.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }

    /// The values of all inputs, a tuple of results.
    ///
    /// ```
    /// use domain::Invalid;
    ///
    /// let (limit, offset) = Invalid::all((Ok(10), Ok(0)))?;
    /// let both: Result<((), ()), Invalid> =
    ///     Invalid::all((Err(Invalid::field("name", "is required")), Err(Invalid::field("phone", "is too long"))));
    /// assert_eq!(both.unwrap_err().errors().len(), 2);
    /// # Ok::<(), Invalid>(())
    /// ```
    ///
    /// # Errors
    /// Fails with the errors of all inputs, in their order.
    pub fn all<I: Inputs>(inputs: I) -> Result<I::Values, Self> {
        inputs.collect()
    }
}

/// A tuple of results whose errors [`Invalid::all`] puts together.
pub trait Inputs {
    /// The values of the results.
    type Values;

    /// The values, or all errors.
    ///
    /// # Errors
    /// Fails if any of the results is an error.
    fn collect(self) -> Result<Self::Values, Invalid>;
}

macro_rules! inputs {
    ($($input:ident)*) => {
        #[allow(non_snake_case, reason = "type parameters and values share their names")]
        impl<$($input),*> Inputs for ($(Result<$input, Invalid>,)*) {
            type Values = ($($input,)*);

            fn collect(self) -> Result<Self::Values, Invalid> {
                let ($($input,)*) = self;
                let mut errors = Vec::new();
                $(let $input = $input.map_err(|invalid| errors.extend(invalid.0));)*
                Invalid::unless_empty(errors)?;
                Ok(($($input.expect("there are no errors"),)*))
            }
        }
    };
}

inputs!(A B);
inputs!(A B C);
inputs!(A B C D);

/// The fields of a JSON object in their order, repeated ones included. `serde_json` refuses nesting
/// beyond 128 levels.
///
/// # Errors
/// Fails if `json` is not UTF-8, not JSON, not an object, or has more than `most` fields. The error is in the field
/// `body`.
pub fn json_object<'json, T: Deserialize<'json>>(json: &'json [u8], most: usize) -> Result<Vec<(String, T)>, Invalid> {
    struct Fields<T>(usize, PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
        type Value = Vec<(String, T)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                if fields.len() == self.0 {
                    return Err(serde::de::Error::custom(TOO_MANY_FIELDS));
                }
                fields.push(field);
            }
            Ok(fields)
        }
    }

    const TOO_MANY_FIELDS: &str = "too many fields";

    let text = std::str::from_utf8(json).map_err(|_| Invalid::field("body", "is not valid UTF-8"))?;
    // Some programs write a byte order mark before their JSON.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return Err(Invalid::field("body", "is required: a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = json.deserialize_map(Fields(most, PhantomData)).and_then(|fields| json.end().map(|()| fields));
    fields.map_err(|error| {
        let message = if error.is_data() && error.to_string().starts_with(TOO_MANY_FIELDS) {
            format!("has more than {most} fields")
        } else if error.is_data() {
            "must be a JSON object".to_owned()
        } else {
            // Only the position: the parser's own message could repeat parts of the body.
            format!("is not valid JSON (line {}, column {})", error.line(), error.column())
        };
        Invalid::field("body", message)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn object(body: &str) -> Result<Vec<(String, Value)>, Invalid> {
        json_object(body.as_bytes(), 1)
    }

    #[test]
    fn close_names_are_suggested_and_far_ones_are_not() {
        let known = ["limit", "offset", "sortBy"];
        assert_eq!(closest("sortby", &known), Some("sortBy"));
        assert_eq!(closest("limt", &known), Some("limit"));
        assert_eq!(closest("page", &known), None);
        assert_eq!(closest("", &known), None);
    }

    #[test]
    fn a_long_name_is_not_echoed_whole() {
        let error = FieldError::unknown("field", &"é".repeat(10_000), &["name"]);
        assert_eq!(error.field.chars().count(), ECHOED_CHARS + 1);
    }

    #[test]
    fn a_byte_order_mark_before_the_object_is_skipped() {
        assert_eq!(object("\u{feff}{\"a\":1}").unwrap().len(), 1);
        assert_eq!(object("\u{feff} "), object(""));
    }
}
