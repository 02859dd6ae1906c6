//! Errors of object storage.

use crate::aws::chain;

/// The failure of a request to object storage. Its text is for the log: it names neither the key nor the bucket.
#[derive(Debug, thiserror::Error)]
#[error("{operation} object: {cause}")]
pub struct ObjectError {
    operation: &'static str,
    kind: Kind,
    cause: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The object has another tag than the expected one.
    Changed,
    /// The caller may not do this.
    Forbidden,
    /// Refused because of the rate of requests, answered with a fault, or not reached; a later request may succeed.
    Unavailable,
    /// Not answered in time.
    TimedOut,
    /// The object ends before the range that was asked for.
    EndsBefore,
    /// Anything else; the same request would fail again.
    Other,
}

impl ObjectError {
    pub(super) fn new(operation: &'static str, kind: Kind, cause: impl Into<String>) -> Self {
        Self { operation, kind, cause: cause.into() }
    }

    pub(super) fn other(operation: &'static str, cause: impl Into<String>) -> Self {
        Self::new(operation, Kind::Other, cause)
    }

    pub(super) fn changed(operation: &'static str) -> Self {
        Self::new(operation, Kind::Changed, "the object is not the expected one any more")
    }

    pub(super) fn ends_before(operation: &'static str) -> Self {
        Self::new(operation, Kind::EndsBefore, "the object ends before the range")
    }

    /// The error for a request that was not answered.
    pub(super) fn unavailable(operation: &'static str, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(operation, Kind::Unavailable, chain(error))
    }

    /// Whether the object has another tag than the expected one.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.kind == Kind::Changed
    }

    /// Whether the object ends before the start of the range that was asked for. An empty object always does.
    #[must_use]
    pub fn is_too_short(&self) -> bool {
        self.kind == Kind::EndsBefore
    }

    /// Whether the caller lacks the permission.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.kind == Kind::Forbidden
    }

    /// Whether the storage throttled the request, failed, or could not be reached.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// Whether the storage took too long.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        self.kind == Kind::TimedOut
    }
}
