//! The operator's command line of the Clients API.
//!
//! What a command is asked for goes to standard output, alone, so that it can be piped; whatever
//! else there is to say goes to standard error. Exit status: 0 done, 1 failed, 2 wrongly called.

mod connection;
mod expiry;
mod failure;
mod identifier;
mod keys;
mod org;
mod output;
mod tables;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use connection::Connection;

/// Operates the Clients API: organizations, their API keys, and the tables of local engines.
///
/// Talks to AWS as the AWS SDK is configured, or to the DynamoDB engine that
/// AWS_ENDPOINT_URL_DYNAMODB points at.
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
    /// Export, import and delete organizations.
    #[command(subcommand)]
    Org(org::Command),
    /// Create the tables on a local engine.
    #[command(subcommand)]
    Tables(tables::Command),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Cli { connection, command } = Cli::parse();
    let done = match command {
        Command::Keys(command) => keys::run(command, &connection).await,
        Command::Org(command) => org::run(command, &connection).await,
        Command::Tables(command) => tables::run(command, &connection).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", failure::in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}
