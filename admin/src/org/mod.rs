//! `admin org`: an organization as a whole. What is exported is personal data, and goes to standard
//! output alone; whatever else is said has identifiers and numbers, and nothing out of a client.

mod delete;
mod export;
mod file;
mod import;

use anyhow::Result;
use clap::Subcommand;

use crate::connection::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Writes an organization's clients to standard output, one a line (NDJSON), for offboarding, for
    /// restoring it, or for another stage.
    ///
    /// Everything about them is in it, long notes and who made and changed them included: it is
    /// personal data. Deleted clients are not. What is written meanwhile is in it or not, one client
    /// independently of another.
    Export(export::Export),
    /// Writes an export's clients, from standard input, to an organization. Safe to repeat: it goes on
    /// where it was interrupted.
    ///
    /// The whole input is checked before the first client is written. Clients keep their ids, who
    /// made them and when; they count as changed now, by `--user`. What is there already stays as it is,
    /// deleted clients included, unless `--overwrite` is given.
    Import(import::Import),
    /// Deletes an organization for good: its keys, then its clients. Export it before.
    ///
    /// Safe to repeat. Backups keep what they have until they expire.
    Delete(delete::Delete),
}

pub(crate) async fn run(command: Command, connection: &Connection) -> Result<()> {
    match command {
        Command::Export(export) => export::run(export, &connection.store().await).await,
        Command::Import(import) => import::run(import, &connection.store().await).await,
        Command::Delete(delete) => {
            delete.check();
            delete::run(delete, &connection.store().await).await
        }
    }
}

/// A number and a noun, in the plural where it has to be.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
