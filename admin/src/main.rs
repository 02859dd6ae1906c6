//! The operator's command line of the Clients API.
//!
//! The result of a command goes to standard output, alone, so that it can be piped. Messages go to standard error. Exit
//! status: 0 if the command succeeded, 1 if it failed, 2 if it was misused, 3 if an import left out records that it
//! reported.

mod connection;
mod expiry;
mod failure;
mod help;
mod keys;
mod org;
mod output;
mod similar;
mod status;
mod tables;

use std::{io, process::ExitCode};

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;

use connection::Connection;
use org::Done;
use output::Form;

/// The exit status of an import that left out records.
const IN_PART: u8 = 3;

/// Operates the Clients API: organizations, their API keys, and the tables of local engines. Without a command it shows
/// what is there.
///
/// It uses the AWS account that the AWS CLI would use, or the DynamoDB at AWS_ENDPOINT_URL_DYNAMODB.
#[derive(Debug, Parser)]
#[command(name = "admin", version, max_term_width = 100, after_long_help = help::of_the_program())]
struct Cli {
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the database, the organizations that have keys, and the keys that expire soon.
    ///
    /// It reads the index of the keys, which can lag behind by a second: a read unit for some 25 keys. Of more than
    /// 10,000 keys it reads the first, unless `--all` is given. It reads nothing of the clients.
    Status(status::Status),
    /// Creates, lists, revokes and rotates API keys.
    #[command(subcommand, after_help = help::examples(&[
        "admin keys create --org acme --user maria --name \"CRM sync\" --expires 90d",
        "admin keys list --org acme",
    ]))]
    Keys(keys::Command),
    /// Exports, imports and deletes organizations, and sets their limits.
    #[command(subcommand, after_help = help::examples(&[
        "admin org export --org acme > acme.ndjson",
        "admin org import --org acme --user maria contacts.csv --dry-run",
    ]))]
    Org(org::Command),
    /// Creates the tables on a local engine.
    #[command(subcommand, after_help = help::examples(&[
        "AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000 admin tables create",
    ]))]
    Tables(tables::Command),
    /// Prints a script with which a shell completes the arguments of this program.
    #[command(after_help = help::examples(&[
        "# bash",
        "admin completions bash > ~/.local/share/bash-completion/completions/admin",
        "# zsh, in a folder of $fpath",
        "admin completions zsh > ~/.zfunc/_admin",
        "# fish",
        "admin completions fish > ~/.config/fish/completions/admin.fish",
    ]))]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    refuse_keys();
    let Cli { form, connection, command } = Cli::parse();
    match run(command, &connection, form).await {
        Ok(Done::All) => ExitCode::SUCCESS,
        Ok(Done::InPart) => ExitCode::from(IN_PART),
        Err(error) => {
            eprintln!("error: {}", failure::in_one_line(&error));
            if let Some(step) = failure::next_step(&error, &connection) {
                eprintln!("hint: {step}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Option<Command>, connection: &Connection, form: Form) -> Result<Done> {
    match command.unwrap_or_else(|| Command::Status(status::Status::default())) {
        Command::Status(status) => status::run(status, connection, form).await?,
        Command::Keys(command) => keys::run(command, connection, form).await?,
        Command::Org(command) => return org::run(command, connection, form).await,
        Command::Tables(command) => tables::run(command, connection, form).await?,
        Command::Completions { shell } => complete(shell)?,
    }
    Ok(Done::All)
}

/// Prints the script. It is made first: if standard output is closed, the generator would panic.
fn complete(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "admin", &mut script);
    output::show(String::from_utf8_lossy(&script).trim_end())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The command, and all below it.
    fn all(command: &clap::Command) -> Vec<clap::Command> {
        let below = command.get_subcommands().filter(|command| command.get_name() != "help").flat_map(all);
        std::iter::once(command.clone()).chain(below).collect()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples_and_they_are_correct() {
        for command in all(&Cli::command()) {
            let after = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
            let after = after.unwrap_or_default();
            let lines: Vec<_> =
                after.lines().filter(|line| line.contains("admin") && !line.starts_with("  #")).collect();
            assert!(!lines.is_empty(), "{} has no examples", command.get_name());
            for line in lines {
                assert!(line.len() < 80, "it would be wrapped: {line}");
                let words = shlex::split(line).expect(line);
                let words =
                    words.iter().skip_while(|word| *word != "admin").take_while(|word| !matches!(&word[..], ">" | "|"));
                assert!(Cli::try_parse_from(words).is_ok(), "{line}");
            }
        }
    }
}
