//! The messages of a failed command: what failed, on one line, and what to do next, on another.

use shared::store::{Obstacle, StoreError};

use crate::connection::Connection;

/// Where there is no better way: the AWS CLI knows every source of credentials.
const FROM_THE_CLI: &str = "`eval \"$(aws configure export-credentials --format env)\"` passes on those of the AWS CLI";

/// The error and its causes on one line. An answer from AWS may contain line breaks.
pub(crate) fn in_one_line(error: &anyhow::Error) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What to do next, if the error is one between this program and DynamoDB.
pub(crate) fn next_step(error: &anyhow::Error, connection: &Connection) -> Option<String> {
    let store_error = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>())?;
    if store_error.is_throttled() {
        return Some("DynamoDB is busy, or the table has a limit: repeat the command in a minute".to_owned());
    }
    let text = in_one_line(error);
    let place = Connection::place();
    Some(match store_error.obstacle()? {
        Obstacle::NoCredentials if text.contains("SSO") || text.contains("sso") => {
            format!("sign in with `aws sso login`, with the profile in AWS_PROFILE; {FROM_THE_CLI}")
        }
        Obstacle::NoCredentials => format!(
            "set AWS_PROFILE to a profile with credentials, or `aws configure` one; {FROM_THE_CLI}. For an engine on \
             this machine, set AWS_ENDPOINT_URL_DYNAMODB"
        ),
        Obstacle::ExpiredCredentials => format!("get new credentials, for example with `aws sso login`; {FROM_THE_CLI}"),
        Obstacle::UnknownCredentials => format!(
            "{place} does not know these credentials: `aws sts get-caller-identity` shows whose they are, and AWS_PROFILE \
             chooses others"
        ),
        Obstacle::NotPermitted => {
            "`aws sts get-caller-identity` shows whose credentials these are; they need permission for this call on the \
             two tables and their indexes. AWS_PROFILE chooses others"
                .to_owned()
        }
        Obstacle::NoAnswer if Connection::is_local() => format!(
            "nothing answers at {place}: start the engine (`scripts/dynamodb-local --port 8000`), or set \
             AWS_ENDPOINT_URL_DYNAMODB to the URL that `cargo run` prints as `DynamoDB`"
        ),
        Obstacle::NoAnswer => format!(
            "{place} does not answer: check AWS_REGION, the network, and HTTPS_PROXY if there is a proxy between"
        ),
        Obstacle::NotDynamoDb => format!(
            "what answers at {place} is not DynamoDB. AWS_ENDPOINT_URL_DYNAMODB is the URL of the engine, not of the API: \
             `cargo run` prints it as `DynamoDB`"
        ),
        Obstacle::NoTable => no_table(&connection.tables().clients, &connection.tables().api_keys),
    })
}

/// What to do about missing tables.
pub(crate) fn no_table(clients: &str, api_keys: &str) -> String {
    if Connection::is_local() {
        format!(
            "`admin tables create` creates `{clients}` and `{api_keys}`. DynamoDB Local has other tables for each access \
             key and region, unless it runs with -sharedDb"
        )
    } else {
        format!(
            "there is no `{clients}` or no `{api_keys}` here: set CLIENTS_TABLE and API_KEYS_TABLE to the stack's outputs \
             ClientsTableName and ApiKeysTableName, and AWS_REGION and AWS_PROFILE to its region and account"
        )
    }
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
