//! Errors of calls to a table.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

use uuid::Uuid;

use crate::aws::chain;

/// The failure of a call to a table. Its text is for the log, never for a caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}: {cause}")]
pub struct StoreError {
    operation: &'static str,
    kind: Kind,
    cause: String,
    obstacle: Option<Obstacle>,
}

/// What stands between a caller and the table, if it is something that an operator can remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// There are no credentials: none are configured, or their source fails.
    NoCredentials,
    /// The credentials have expired.
    ExpiredCredentials,
    /// AWS does not know the credentials.
    UnknownCredentials,
    /// The credentials do not permit the call.
    NotPermitted,
    /// Nothing answers.
    NoAnswer,
    /// What answers is not DynamoDB.
    NotDynamoDb,
    /// There is no such table.
    NoTable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Refused before it took effect; a retry may succeed.
    Throttled,
    /// Without an answer, or with a fault: it may have taken effect.
    Unknown,
    /// Refused for good, for example because there is no such table or no permission.
    Rejected,
    /// Answered with an item that breaks the rules it was written by.
    Corrupt,
}

impl StoreError {
    pub(super) fn from_sdk<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (kind, cause, obstacle) = match error {
            SdkError::ServiceError(service) => {
                let code = service.err().code().unwrap_or("unnamed error");
                let status = service.raw().status().as_u16();
                let kind = match code {
                    "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
                        Kind::Throttled
                    }
                    // The call may have succeeded although its answer cannot be read.
                    _ if !(400..500).contains(&status) => Kind::Unknown,
                    _ => Kind::Rejected,
                };
                // A validation error's message can repeat values of the item.
                let message = match code {
                    "ValidationException" => "",
                    _ => service.err().message().unwrap_or_default(),
                };
                (kind, format!("{code} ({status}) {message}"), Obstacle::of_code(service.err().code()))
            }
            other => (Kind::Unknown, chain(other), Obstacle::of_exchange(other)),
        };
        Self { operation, kind, cause, obstacle }
    }

    /// The error for an item whose `attribute` is missing or malformed. `id` is the item's identifier, if
    /// it has one.
    pub(super) fn corrupt(attribute: &'static str, id: Option<Uuid>) -> Self {
        let id = id.map(|id| format!(" of {id}")).unwrap_or_default();
        Self {
            operation: "read item",
            kind: Kind::Corrupt,
            cause: format!("attribute `{attribute}`{id} is missing or malformed"),
            obstacle: None,
        }
    }

    pub(crate) fn outcome_unknown(operation: &'static str) -> Self {
        Self::unknown(operation, "one of several attempts may have taken effect")
    }

    /// The error for a request that the SDK cannot write, which would be a mistake in the store.
    pub(super) fn unwritable(operation: &'static str, error: &dyn std::error::Error) -> Self {
        Self { operation, kind: Kind::Rejected, cause: chain(error), obstacle: None }
    }

    pub(super) fn timed_out(operation: &'static str) -> Self {
        Self { obstacle: Some(Obstacle::NoAnswer), ..Self::unknown(operation, "the attempts took too long") }
    }

    pub(super) fn not_from_dynamodb(operation: &'static str) -> Self {
        let cause = "the answer lacks the consumed capacity, which DynamoDB always reports";
        Self { obstacle: Some(Obstacle::NotDynamoDb), ..Self::unknown(operation, cause) }
    }

    #[cfg(feature = "operator")]
    pub(super) fn other_layout(operation: &'static str) -> Self {
        let cause = "the table was created by a version with another layout; delete it (locally: the folder `.local`)";
        Self { operation, kind: Kind::Rejected, cause: cause.to_owned(), obstacle: None }
    }

    pub(super) fn condition_failed(operation: &'static str) -> Self {
        let cause = "there is no such item, or it is not as expected".to_owned();
        Self { operation, kind: Kind::Rejected, cause, obstacle: None }
    }

    /// The error for a write that others came before, again and again.
    pub(super) fn contended(operation: &'static str) -> Self {
        let cause = "other writes to the item came first, again and again".to_owned();
        Self { operation, kind: Kind::Throttled, cause, obstacle: None }
    }

    fn unknown(operation: &'static str, cause: &str) -> Self {
        Self { operation, kind: Kind::Unknown, cause: cause.to_owned(), obstacle: None }
    }

    pub(super) fn unprocessed(operation: &'static str) -> Self {
        let cause = "the table left a whole batch undone, again and again".to_owned();
        Self { operation, kind: Kind::Throttled, cause, obstacle: None }
    }

    /// Whether the table refused the call because of its rate, before it took effect.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.kind == Kind::Throttled
    }

    /// Whether an item was read that breaks the rules it was written by.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.kind == Kind::Corrupt
    }

    /// Whether the call may have taken effect although it failed.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// What stands between the caller and the table, if an operator can remove it.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        self.obstacle
    }
}

impl Obstacle {
    /// The obstacle that an answer names.
    fn of_code(code: Option<&str>) -> Option<Self> {
        match code {
            Some("ResourceNotFoundException") => Some(Self::NoTable),
            Some("AccessDeniedException") => Some(Self::NotPermitted),
            Some("ExpiredTokenException" | "ExpiredToken") => Some(Self::ExpiredCredentials),
            Some(
                "UnrecognizedClientException"
                | "InvalidSignatureException"
                | "InvalidClientTokenId"
                | "MissingAuthenticationTokenException"
                | "IncompleteSignatureException",
            ) => Some(Self::UnknownCredentials),
            Some(_) => None,
            None => Some(Self::NotDynamoDb),
        }
    }

    /// The obstacle to an exchange without a readable answer.
    fn of_exchange<E>(error: &SdkError<E, HttpResponse>) -> Option<Self>
    where
        E: std::error::Error + 'static,
    {
        let first: &(dyn std::error::Error + 'static) = error;
        if std::iter::successors(Some(first), |cause| cause.source())
            .any(<dyn std::error::Error>::is::<CredentialsError>)
        {
            return Some(Self::NoCredentials);
        }
        match error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => Some(Self::NoAnswer),
            SdkError::ResponseError(_) => Some(Self::NotDynamoDb),
            _ => None,
        }
    }
}
