//! A client's name, phone number and notes, and their rules.

use std::str::FromStr;

use serde::Serialize;

use crate::limits::{NAME_CHARS, NOTES_CHARS, PHONE_CHARS};

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text, exactly as given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A text that was checked before it was stored.
            #[must_use]
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// # Errors
            /// Fails with the rule that the text breaks.
            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }
    };
}

text! {
    /// A client's name: 1 to [`NAME_CHARS`] characters, at least one of them visible, no control
    /// characters.
    Name, |text| {
        if !text.chars().any(is_visible) {
            return Err("must not be empty or blank".to_owned());
        }
        at_most(NAME_CHARS, text)?;
        no_control_characters(text)
    }
}

text! {
    /// A client's phone number, in any notation: at most [`PHONE_CHARS`] characters, no control
    /// characters.
    Phone, |text| {
        at_most(PHONE_CHARS, text)?;
        no_control_characters(text)
    }
}

text! {
    /// Free text about a client: at most [`NOTES_CHARS`] characters, no control characters except line
    /// breaks and tabs.
    Notes, |text| {
        at_most(NOTES_CHARS, text)?;
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err("must not contain control characters other than line breaks and tabs".to_owned());
        }
        Ok(())
    }
}

/// Whether readers see the character. The blank pattern of Braille and the null notehead are symbols to
/// Unicode, and annotation characters are not ignorable, but they show nothing.
fn is_visible(c: char) -> bool {
    let is_blank = matches!(c, '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffb}');
    !(c.is_whitespace() || c.is_control() || is_ignorable(c) || is_blank)
}

/// Whether the character shows nothing by itself, like a zero-width space, a soft hyphen, a Hangul filler,
/// a variation selector or a tag: Unicode's property `Default_Ignorable_Code_Point`.
#[must_use]
pub fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn at_most(limit: usize, text: &str) -> Result<(), String> {
    if text.chars().nth(limit).is_some() {
        return Err(format!("must be at most {limit} characters"));
    }
    Ok(())
}

fn no_control_characters(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_characters_not_bytes() {
        assert!("é".repeat(NAME_CHARS).parse::<Name>().is_ok());
        assert!("é".repeat(NAME_CHARS + 1).parse::<Name>().is_err());
        assert!("5".repeat(PHONE_CHARS).parse::<Phone>().is_ok());
        assert!("5".repeat(PHONE_CHARS + 1).parse::<Phone>().is_err());
        assert!("n".repeat(NOTES_CHARS).parse::<Notes>().is_ok());
        assert!("n".repeat(NOTES_CHARS + 1).parse::<Notes>().is_err());
    }

    #[test]
    fn blank_names_and_control_characters_are_refused() {
        for name in ["", " ", "\u{2003}\u{a0}", "a\0", "a\nb", "a\u{7f}", "a\u{85}"] {
            assert!(name.parse::<Name>().is_err(), "{name:?}");
        }
        assert!("a\tb".parse::<Phone>().is_err());
        assert!("a\u{1b}".parse::<Notes>().is_err());
        assert!("one\r\ntwo\tthree".parse::<Notes>().is_ok());
    }

    #[test]
    fn a_name_needs_a_visible_character() {
        for name in [
            "\u{200b}",
            "\u{200d}\u{feff}",
            "\u{ad}",
            "\u{2800}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "\u{ffa0}",
            "\u{fe0f}",
            "\u{e0100}",
            "\u{e0061}\u{e007f}",
            "\u{34f}",
            "\u{180e}",
            "\u{2066}\u{2069}",
            "\u{fff9}\u{fffb}",
            "\u{1d159}",
            " \u{200b} \u{2800}",
        ] {
            assert!(name.parse::<Name>().is_err(), "{name:?}");
        }
        for name in ["a\u{200b}", "👍\u{fe0f}", "\u{2801}", "이\u{ad}", "\u{301}", "-"] {
            assert!(name.parse::<Name>().is_ok(), "{name:?}");
        }
    }

    #[test]
    fn texts_are_kept_as_given() {
        assert_eq!(" José ".parse::<Name>().unwrap().as_str(), " José ");
    }
}
