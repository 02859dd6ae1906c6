//! Why a call to a table failed, and whether it may have taken effect.

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::identity::ClientId;

/// A call to a table that failed. Opaque: its text is for the log, never for a caller.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {cause}")]
pub struct StoreError {
    operation: &'static str,
    kind: Kind,
    cause: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Refused before it took effect; worth trying again.
    Throttled,
    /// No answer, or a fault: it may or may not have taken effect.
    Unknown,
    /// Refused for good: no such table, no permission.
    Rejected,
    /// An item that breaks the rules under which it was written.
    Corrupt,
}

impl StoreError {
    pub(super) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (kind, cause) = match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("unnamed error");
                let status = service.raw().status().as_u16();
                let kind = match code {
                    "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
                        Kind::Throttled
                    }
                    // A success that cannot be read is one all the same.
                    _ if !(400..500).contains(&status) => Kind::Unknown,
                    _ => Kind::Rejected,
                };
                // A validation error's message can repeat values of the item.
                let message = match code {
                    "ValidationException" => "",
                    _ => service.err().message().unwrap_or_default(),
                };
                (kind, format!("{code} ({status}) {message}"))
            }
            other => (Kind::Unknown, chain(other)),
        };
        Self { operation, kind, cause }
    }

    /// An item whose `attribute` is no good; of the client with this identifier, if it is one.
    pub(super) fn corrupt(attribute: &'static str, client: Option<ClientId>) -> Self {
        let client = client.map(|id| format!(" of client {id}")).unwrap_or_default();
        Self {
            operation: "read item",
            kind: Kind::Corrupt,
            cause: format!("attribute `{attribute}`{client} is missing or malformed"),
        }
    }

    pub(crate) fn outcome_unknown(operation: &'static str) -> Self {
        Self {
            operation,
            kind: Kind::Unknown,
            cause: "nobody can tell whether one of several tries took effect".to_owned(),
        }
    }

    pub(super) fn unprocessed(operation: &'static str) -> Self {
        Self {
            operation,
            kind: Kind::Throttled,
            cause: "the table left all of a batch undone, again and again".to_owned(),
        }
    }

    /// The table refused the call for its rate, before it took effect.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.kind == Kind::Throttled
    }

    /// An item was read that breaks the rules under which it was written.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.kind == Kind::Corrupt
    }

    /// The call may have taken effect although it failed.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        self.kind == Kind::Unknown
    }
}

/// An error and what caused it. Not the SDK's own `DisplayErrorContext`, which adds the debug output
/// of the whole, and with it of an answer that could not be read.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
