//! The message of a failed command: one line that a person can act on.

/// The error and its causes on one line. An answer from AWS may contain line breaks.
pub(crate) fn in_one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
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
