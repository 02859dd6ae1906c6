//! The client: what it is made of, which values are legal, and how it is written as JSON.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use crate::{
    identity::ClientId,
    limits::{NAME_CHARS, NOTES_CHARS, PHONE_CHARS},
    time::Timestamp,
};

/// A client of an organization, as the API shows it (all but [`version`](Self::version)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// Its name.
    pub name: Name,
    /// Its phone number, as it was written.
    pub phone: Option<Phone>,
    /// Whether it is active.
    pub status: Status,
    /// Free text about it.
    pub notes: Option<Notes>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How many writes it has seen: 1 when created, and one more with every change. Its entity tag.
    #[serde(skip)]
    pub version: u64,
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The text, exactly as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A text that was checked when it was written.
            #[must_use]
            pub fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// # Errors
            /// Says which rule the text breaks.
            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }
    };
}

text! {
    /// A name: 1 to [`NAME_CHARS`] characters, not blank, no control characters.
    Name, |text| {
        if text.trim().is_empty() {
            return Err("must not be empty or blank".to_owned());
        }
        at_most(NAME_CHARS, text)?;
        no_control_characters(text)
    }
}

text! {
    /// A phone number in whatever notation: at most [`PHONE_CHARS`] characters, no control
    /// characters.
    Phone, |text| {
        at_most(PHONE_CHARS, text)?;
        no_control_characters(text)
    }
}

text! {
    /// Free text: at most [`NOTES_CHARS`] characters, no control characters but line breaks and
    /// tabs.
    Notes, |text| {
        at_most(NOTES_CHARS, text)?;
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err("must not contain control characters other than line breaks and tabs".to_owned());
        }
        Ok(())
    }
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

/// Whether a client is active. Sorts as its text does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The default.
    #[default]
    Active,
    /// No longer active.
    Inactive,
}

impl Status {
    /// All of them, in order.
    pub const ALL: [Self; 2] = [Self::Active, Self::Inactive];

    /// As in JSON, in parameters and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| "must be `active` or `inactive`".to_owned())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What a client is created with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewClient {
    /// Its name.
    pub name: Name,
    /// Its phone number.
    pub phone: Option<Phone>,
    /// Its status.
    pub status: Status,
    /// Free text about it.
    pub notes: Option<Notes>,
}

impl NewClient {
    /// The client as it is right after its creation.
    #[must_use]
    pub fn created(self, id: ClientId, at: Timestamp) -> Client {
        let Self { name, phone, status, notes } = self;
        Client { id, name, phone, status, notes, created_at: at, updated_at: at, version: 1 }
    }
}

/// A change: `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientPatch {
    /// A new name.
    pub name: Option<Name>,
    /// A new phone number, or none.
    pub phone: Option<Option<Phone>>,
    /// A new status.
    pub status: Option<Status>,
    /// New notes, or none.
    pub notes: Option<Option<Notes>>,
}

impl ClientPatch {
    /// The names of the fields that it sets or clears, separated by commas.
    #[must_use]
    pub fn fields(&self) -> String {
        let fields = [
            ("name", self.name.is_some()),
            ("phone", self.phone.is_some()),
            ("status", self.status.is_some()),
            ("notes", self.notes.is_some()),
        ];
        fields.into_iter().filter_map(|(name, set)| set.then_some(name)).collect::<Vec<_>>().join(",")
    }
}

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes a client.
    Create,
    /// Changes some of its fields.
    Update,
    /// Turns it into a tombstone.
    Delete,
}

impl Action {
    /// Its name in the item and in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
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
    fn texts_are_kept_as_given() {
        assert_eq!(" José ".parse::<Name>().unwrap().as_str(), " José ");
    }
}
