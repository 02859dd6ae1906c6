//! `admin org`: exports, imports and deletes an organization. An export is personal data and goes to standard
//! output. Messages contain identifiers and numbers, but no other data of a client.

mod checkpoints;
mod delete;
mod export;
mod file;
mod import;
mod limits;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::{Clock, OrgId, limits::CLOCK_SKEW};
use shared::store::{ClockError, Store};

use crate::connection::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes an organization's clients to standard output as NDJSON, one client a line: before the
    /// organization leaves, to restore it, or to copy it to another stage.
    ///
    /// The export is personal data. It contains everything about the clients, with long notes and the users
    /// who created and changed them. It does not contain deleted clients. A client that is written during
    /// the export is in it as it was before or after.
    Export(export::Export),
    /// Writes the clients of an export, from standard input, to an organization. It is safe to repeat: after
    /// an interruption it continues.
    ///
    /// The whole input is checked before the first client is written. Clients keep their ids and the user and
    /// time of their creation; `--user` becomes the user of their last change. Existing and deleted clients
    /// stay as they are, unless `--overwrite` is given.
    Import(import::Import),
    /// Shows or sets the limits of its own that an organization has, in requests a minute.
    ///
    /// They take the place of the stack's limits from the next request on, for all of its keys, and for those that
    /// are created later.
    Limits(limits::Limits),
    /// Deletes an organization for good: its keys, its clients and its checkpoints. Export it first.
    ///
    /// It is safe to repeat. Backups keep the data until they expire.
    Delete(delete::Delete),
}

pub(crate) async fn run(command: Command, connection: &Connection) -> Result<()> {
    match command {
        Command::Export(export) => export::run(export, &connection.store().await?).await,
        Command::Import(import) => import::run(import, &connection.store().await?).await,
        Command::Limits(limits) => limits::run(limits, &connection.store().await?).await,
        Command::Delete(delete) => {
            delete.check(connection);
            delete::run(delete, &connection.store().await?, connection.objects().await?).await
        }
    }
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
