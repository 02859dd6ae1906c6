//! What the calls of every AWS service need: connections, credentials, signatures, and the texts of errors.

mod connections;
mod connector;
mod signer;

pub(crate) use connections::Connections;
pub(crate) use signer::Signer;

/// An error and its causes. The SDK's own `DisplayErrorContext` would add debug output, which can hold
/// an answer that could not be read.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
