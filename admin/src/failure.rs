//! What a failed command says: one line that a person can act on.

use shared::StoreError;

/// Where `DisplayErrorContext` of the AWS SDK goes on in debug notation: the variants of its error.
const DEBUG_NOTATION: [&str; 4] =
    [" (ConstructionFailure(", " (TimeoutError(", " (DispatchFailure(", " (ResponseError("];

/// The error and its causes, without line breaks and without debug notation.
pub(crate) fn in_one_line(error: &anyhow::Error) -> String {
    let mut text = format!("{error:#}");
    if error.chain().any(|cause| cause.is::<StoreError>())
        && let Some(end) = DEBUG_NOTATION.into_iter().filter_map(|notation| text.find(notation)).min()
    {
        text.truncate(end);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_on_the_same_line() {
        let error = anyhow::anyhow!("no\nanswer").context("could not list the keys");
        assert_eq!(in_one_line(&error), "could not list the keys: no answer");
    }
}
