//! The operator's command line of the Clients API.
//!
//! The result of a command goes to standard output, alone, so that it can be piped. Messages go to standard error. Exit
//! status: 0 if the command succeeded, 1 if it failed, 2 if it was misused, 3 if an import left out records that it
//! reported.

mod connection;
mod expiry;
mod failure;
mod keys;
mod org;
mod output;
mod tables;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};

use connection::Connection;
use org::Done;

/// The exit status of an import that left out records.
const IN_PART: u8 = 3;

/// Operates the Clients API: organizations, their API keys, and the tables of local engines.
///
/// It uses the AWS account that the AWS SDK is configured for, or the DynamoDB engine at
/// AWS_ENDPOINT_URL_DYNAMODB.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create, list, revoke and rotate API keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Export, import and delete organizations, and set their limits.
    #[command(subcommand)]
    Org(org::Command),
    /// Create the tables on a local engine.
    #[command(subcommand)]
    Tables(tables::Command),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    refuse_keys();
    let Cli { connection, command } = Cli::parse();
    let done = match command {
        Command::Keys(command) => keys::run(command, &connection).await.map(|()| Done::All),
        Command::Org(command) => org::run(command, &connection).await,
        Command::Tables(command) => tables::run(command, &connection).await.map(|()| Done::All),
    };
    match done {
        Ok(Done::All) => ExitCode::SUCCESS,
        Ok(Done::InPart) => ExitCode::from(IN_PART),
        Err(error) => {
            eprintln!("error: {}", failure::in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// Ends the program if an argument contains an API key. No command takes one, and both a message about a
/// wrong argument and the tables would repeat it.
fn refuse_keys() {
    if std::env::args_os().skip(1).any(|argument| domain::contains_key(&argument.to_string_lossy())) {
        let message = "an argument contains an API key, or something like one, and no command takes a key; use the \
                       key's id (key_…), which `keys list --org ORG` shows";
        Cli::command().error(ErrorKind::ValueValidation, message).exit();
    }
}
