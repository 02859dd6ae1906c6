//! What an unknown name was probably meant to be.

use crate::error::FieldError;

/// How much of a stranger's name an error repeats, in characters.
const ECHOED_CHARS: usize = 64;

impl FieldError {
    /// `field` and what is wrong with it.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        let field = match field.char_indices().nth(ECHOED_CHARS) {
            Some((end, _)) => format!("{}…", &field[..end]),
            None => field.to_owned(),
        };
        Self { field, message: message.into() }
    }
}

/// The error for a `kind` of thing (`field`, `parameter`) named `name` that is none of `known`.
pub(crate) fn unknown(kind: &str, name: &str, known: &[&str]) -> FieldError {
    let message = match closest(name, known) {
        Some(meant) => format!("is not a known {kind}; did you mean `{meant}`?"),
        None => format!("is not a known {kind}"),
    };
    FieldError::new(name, message)
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let error = unknown("field", &"é".repeat(10_000), &["name"]);
        assert_eq!(error.field.chars().count(), ECHOED_CHARS + 1);
    }
}
