//! The terms of a write that all resources share: its author, the versions it expects, and its errors.

use domain::{Caller, Client, Timestamp};

use super::StoreError;

/// The author and the time of a write.
#[derive(Clone, Debug)]
pub struct WriteContext {
    /// The caller; the write goes to the caller's organization.
    pub caller: Caller,
    /// The time, by the writer's clock.
    pub at: Timestamp,
    /// The token of a change that must be made once, although its request may be repeated.
    pub token: Option<WriteToken>,
}

impl WriteContext {
    /// A write without a token.
    #[must_use]
    pub fn new(caller: Caller, at: Timestamp) -> Self {
        Self { caller, at, token: None }
    }
}

/// The token of a change: equal in all repetitions, and different in all other changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteToken {
    /// A hash of what names the change.
    pub digest: [u8; 32],
    /// The changes that come before this one and were refused, as [`note_refusal`](Self::note_refusal) noted them.
    pub refused_before: Vec<String>,
}

/// The versions that a resource may have for a write to take effect, and whether there may be none: `If-Match` and
/// `If-None-Match`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedVersions {
    /// The versions it may have; `None` allows all.
    pub any_of: Option<Vec<u64>>,
    /// The versions it may not have.
    pub none_of: Vec<u64>,
    /// Whether the resource may be absent. It matters to a write that can create it.
    pub may_be_absent: bool,
}

impl ExpectedVersions {
    /// All versions, or none.
    pub const ALL: Self = Self { any_of: None, none_of: Vec::new(), may_be_absent: true };
    /// All versions.
    pub const PRESENT: Self = Self { any_of: None, none_of: Vec::new(), may_be_absent: false };
    /// No version: there must be no such resource.
    pub const ABSENT: Self = Self { any_of: Some(Vec::new()), none_of: Vec::new(), may_be_absent: true };

    /// Only `versions`.
    #[must_use]
    pub fn any_of(versions: &[u64]) -> Self {
        Self { any_of: Some(versions.to_vec()), ..Self::PRESENT }
    }

    /// Whether the resource must be absent.
    pub(super) fn are_none(&self) -> bool {
        self.may_be_absent && self.any_of.as_ref().is_some_and(Vec::is_empty)
    }

    pub(super) fn allow(&self, version: u64) -> bool {
        self.any_of.as_ref().is_none_or(|any_of| any_of.contains(&version)) && !self.none_of.contains(&version)
    }

    /// Whether at most one version is allowed, so that a write can take effect once only. Of two allowed
    /// versions, the first attempt at a write could make the one that the second attempt then finds.
    pub(super) fn allow_one_at_most(&self) -> bool {
        self.any_of.as_ref().is_some_and(|any_of| any_of.len() <= 1)
    }

    /// Whether `version` is later than any version that a write under these expectations can make.
    pub(super) fn are_before(&self, version: u64) -> bool {
        self.any_of.iter().flatten().any(|expected| version > expected.saturating_add(1))
    }
}

/// The reason why a write changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no such resource.
    #[error("no such resource")]
    NotFound,
    /// The resource does not have an expected version.
    #[error("not an expected version")]
    UnexpectedVersion,
    /// The change with this token has been made.
    #[error("made already")]
    TookEffect {
        /// The client as it is now; `None` if it is deleted.
        client: Option<Box<Client>>,
        /// Whether an earlier request made it. Otherwise it was possibly an attempt of this one, whose answer was lost.
        before: bool,
    },
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// Whether the change may have been made by this request.
    pub(super) fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Store(error) => error.may_have_taken_effect(),
            Self::TookEffect { before, .. } => !before,
            Self::NotFound | Self::UnexpectedVersion => false,
        }
    }
}
