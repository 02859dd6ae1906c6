//! The limits: on whose requests they are, and how high.

use std::env;

/// Whose requests a limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Those of one API key.
    Key,
    /// Those of all keys of an organization.
    Organization,
}

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Key, Self::Organization];

    /// The name of the limit, as callers see it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Organization => "organization",
        }
    }

    pub(super) fn letter(self) -> char {
        match self {
            Self::Key => 'k',
            Self::Organization => 'o',
        }
    }

    pub(super) fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.letter() == letter)
    }

    /// How many instances each instance in a sudden rush stands for. Every request sees the entries of its key as they
    /// are, but those of the organization as they were at this instance's last note: others have joined since.
    pub(super) fn rushing(self) -> u64 {
        match self {
            Self::Key => 1,
            Self::Organization => 2,
        }
    }
}

/// The limits of a key and of an organization, in requests a minute. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// The limit of each key. `None` if it is not set.
    pub key: Option<u64>,
    /// The limit of the organization. `None` if it is not set.
    pub organization: Option<u64>,
}

impl Quotas {
    /// The limits that the environment sets: `KEY_REQUESTS_PER_MINUTE` and `ORGANIZATION_REQUESTS_PER_MINUTE`.
    ///
    /// # Errors
    /// Fails if one of them is set to something else than a number.
    pub fn from_env() -> Result<Self, String> {
        let number = |name| match env::var(name) {
            Ok(value) if !value.is_empty() => {
                value.parse().map(Some).map_err(|_| format!("{name} must be a number of requests"))
            }
            _ => Ok(None),
        };
        Ok(Self { key: number("KEY_REQUESTS_PER_MINUTE")?, organization: number("ORGANIZATION_REQUESTS_PER_MINUTE")? })
    }

    /// The limit at a level. `None` if it is not set, or if there is none.
    pub(super) fn at(self, level: Level) -> Option<u64> {
        let limit = match level {
            Level::Key => self.key,
            Level::Organization => self.organization,
        };
        limit.filter(|limit| *limit > 0)
    }

    /// These limits, and those of `others` where they set none.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self { key: self.key.or(others.key), organization: self.organization.or(others.organization) }
    }
}
