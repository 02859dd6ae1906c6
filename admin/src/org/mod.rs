//! `admin org`: exports, imports and deletes an organization, and sets its limits. An export is personal data and goes
//! to standard output. Messages contain identifiers and numbers, but no other data of a client.

mod checkpoints;
mod delete;
mod export;
mod file;
mod foreign;
mod formula;
mod import;
mod input;
mod limits;
mod progress;
mod restore;
mod sheet;
mod write;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::{ClientId, Clock, OrgId, limits::CLOCK_SKEW};
use shared::store::{ClockError, Store};

use crate::{connection::Connection, help, output::Form};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes an organization's clients to standard output: before the organization leaves, to restore it, to copy it
    /// to another stage, or for a spreadsheet.
    ///
    /// The export is personal data. It contains everything about the clients, with long notes and the users
    /// who created and changed them. It does not contain deleted clients. A client that is written during
    /// the export is in it as it was before or after.
    #[command(after_help = help::examples(&[
        "admin org export --org acme > acme.ndjson",
        "# For Excel",
        "admin org export --org acme --format csv --bom > acme.csv",
    ]))]
    Export(export::Export),
    /// Writes the clients of a file to an organization: of an export, or of another program's CSV, NDJSON or vCard.
    /// It is safe to repeat: after an interruption it continues.
    ///
    /// The content tells the format, the encoding and the delimiter, and headers tell the columns. A record that cannot
    /// be imported is reported with its first line and the reason, and affects no other. Existing and deleted clients
    /// stay as they are, unless `--overwrite` is given.
    ///
    /// An export is checked as a whole before the first client is written. Its clients keep their ids and the user and
    /// time of their creation; `--user` becomes the user of their last change.
    #[command(after_help = import::examples(), after_long_help = import::after_long_help())]
    Import(import::Import),
    /// Shows or sets an organization's own limits, in requests a minute.
    ///
    /// They take the place of the stack's limits from the next request on, for all of its keys, and for those that
    /// are created later.
    #[command(after_help = help::examples(&[
        "admin org limits --org acme",
        "admin org limits --org acme --key 3000 --organization 12000",
        "# No limit for the organization",
        "admin org limits --org acme --organization 0",
        "# The stack's limits again",
        "admin org limits --org acme --clear",
    ]))]
    Limits(limits::Limits),
    /// Deletes an organization for good: its keys, its limits, its clients and its checkpoints. Export it first.
    ///
    /// It is safe to repeat. Backups keep the data until they expire.
    #[command(after_help = help::examples(&[
        "admin org export --org acme > acme.ndjson",
        "admin org delete --org acme --confirm acme",
    ]))]
    Delete(delete::Delete),
}

/// The end of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// All was done.
    All,
    /// Some records were not imported. They were reported.
    InPart,
}

pub(crate) async fn run(command: Command, connection: &Connection, form: Form) -> Result<Done> {
    match command {
        Command::Export(export) => {
            export.check(form);
            export::run(export, &connection.store().await?).await?;
        }
        Command::Import(import) => return import::run(import, &connection.store().await?, form).await,
        Command::Limits(limits) => limits::run(limits, &connection.store().await?, form).await?,
        Command::Delete(delete) => {
            delete.check(connection);
            delete::run(delete, &connection.store().await?, connection.objects().await?, form).await?;
        }
    }
    Ok(Done::All)
}

/// The message about a client whose latest change an import has undone.
fn overwritten(id: ClientId) -> String {
    format!("{id} was changed or deleted by somebody else since the import began, and was overwritten.")
}

/// A number and a noun, in the plural unless the number is 1.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Fails if this machine's clock is too far from DynamoDB's: lists find what an operator writes by its times.
async fn check_clock(store: &Store, org: &OrgId, clock: &Clock) -> Result<()> {
    let error = store.clock_error(org, clock, CLOCK_SKEW).await.context("could not reach the table of clients")?;
    let (by, which) = match error {
        None => return Ok(()),
        Some(ClockError::Ahead(by)) => (by, "ahead of"),
        Some(ClockError::Behind(by)) => (by, "behind"),
    };
    bail!(
        "this machine's clock is {:.1} s {which} DynamoDB's, and lists find an operator's writes by their times; set \
         the clock first",
        by.as_secs_f64()
    );
}
