//! The identifiers of organizations, users, API keys and clients.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    api_key::{KEY_PREFIX, contains_key},
    input::Invalid,
    limits::IDENTIFIER_CHARS,
};

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                // An API key given by mistake would end up in every item and every log line.
                let is_a_key = text.get(..KEY_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(KEY_PREFIX));
                if text.is_empty() || text.len() > IDENTIFIER_CHARS || !text.chars().all(legal) || is_a_key || contains_key(text) {
                    return Err(InvalidIdentifier);
                }
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// An organization: the tenant that owns clients and API keys.
    OrgId
}
identifier! {
    /// The user who owns an API key. Everything done with the key is attributed to that user.
    UserId
}
identifier! {
    /// The public identifier of an API key, for logs, audits and the operator's tool. It reveals
    /// nothing about the key.
    KeyId
}

impl OrgId {
    /// The SHA-256 of the identifier.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.as_str()).into()
    }
}

impl KeyId {
    /// A new, random key identifier.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("key_{}", Uuid::new_v4().simple()).into())
    }
}

/// The error for an identifier that is empty or too long, has characters other than
/// `A-Z a-z 0-9 - _ .`, or is or contains an API key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("must be 1 to {IDENTIFIER_CHARS} characters of A-Z, a-z, 0-9, '-', '_' and '.', and must not be an API key")]
pub struct InvalidIdentifier;

/// A client's identifier, a UUID. Identifiers sort as their hyphenated lower-case texts do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(Uuid);

impl ClientId {
    /// The identifier that no client has: the highest one.
    pub const RESERVED: Self = Self(Uuid::max());

    /// A new, random identifier.
    #[must_use]
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The identifier made from these bits (RFC 9562, version 8). Equal bits make equal identifiers.
    #[must_use]
    pub fn from_bits(bits: [u8; 16]) -> Self {
        Self(Uuid::new_v8(bits))
    }

    /// The identifier that a caller has chosen for a client.
    ///
    /// # Errors
    /// Fails if it is not a UUID, or the reserved one.
    pub fn chosen(uuid: Option<Uuid>) -> Result<Self, Invalid> {
        let id = uuid.map(Self).filter(|id| *id != Self::RESERVED);
        let message =
            "must be a UUID of 36 characters, such as `6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1`, and not the highest";
        id.ok_or_else(|| Invalid::field("id", message))
    }

    /// The UUID.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ClientId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for ClientId {
    type Err = InvalidClientId;

    /// Reads the hyphenated form of 36 characters, in either case. Other forms are errors.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_uuid(text).map(Self).ok_or(InvalidClientId)
    }
}

/// Parses a UUID in its hyphenated form of 36 characters, in either case.
#[must_use]
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    (text.len() == uuid::fmt::Hyphenated::LENGTH).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// The error for a text that is not a client's identifier.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidClientId;

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.hyphenated())
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The caller of a request, as its API key identifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The organization, the only one whose data the request can reach.
    pub org: OrgId,
    /// The user the request is attributed to.
    pub user: UserId,
    /// The identifier of the API key.
    pub key_id: KeyId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_a_client_id() {
        let text = "6F1B3BB2-4C38-4B34-8C5F-2DF8B2C8E4A1";
        assert_eq!(text.parse::<ClientId>().unwrap().to_string(), text.to_lowercase());
        for other in [
            "",
            "1",
            "6f1b3bb24c384b348c5f2df8b2c8e4a1",
            "{6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1}",
            "urn:uuid:6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1",
            "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4ag",
            "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1 ",
        ] {
            assert!(other.parse::<ClientId>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_caller_chooses_any_uuid_but_the_reserved_one() {
        let chosen = |text: &str| ClientId::chosen(parse_uuid(text));
        for text in ["6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(chosen(text).unwrap(), text.parse().unwrap());
        }
        for text in ["1", "", "FFFFFFFF-FFFF-FFFF-FFFF-ffffffffffff"] {
            assert_eq!(chosen(text).unwrap_err().errors()[0].field, "id", "{text}");
        }
    }

    #[test]
    fn an_api_key_is_not_an_identifier() {
        for text in ["acme", "b", "ba", "bacme", "Ba.1"] {
            assert!(text.parse::<OrgId>().is_ok(), "{text}");
        }
        for text in
            ["ba_0123456789abcdef0123456789abcdef458177ba", "BA_1", "ba_", "x.ba_0123456789abcdef", "", "a b", "é"]
        {
            assert!(text.parse::<OrgId>().is_err() && text.parse::<UserId>().is_err(), "{text}");
        }
    }

    #[test]
    fn client_ids_sort_as_their_text() {
        let (a, b) = (ClientId::random(), ClientId::random());
        assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }
}
