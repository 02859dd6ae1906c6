//! `admin org delete`: deletes an organization.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, CommandFactory, error::ErrorKind};
use domain::{
    Clock, OrgId,
    limits::{IN_FLIGHT, RELOAD_AFTER, WRITE_TIMEOUT},
};
use shared::store::Store;

use super::counted;
use crate::Cli;

/// A safety margin for the wait.
const SPARE: Duration = Duration::from_secs(1);
/// The time between two reports of progress.
const PROGRESS: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// The organization
    #[arg(long)]
    org: OrgId,
    /// The organization again, as a confirmation: a deletion cannot be undone
    #[arg(long, value_name = "ORG")]
    confirm: String,
    /// Keep the records of its revoked keys, which tell who had access and when (user ids are personal data)
    #[arg(long)]
    keep_keys: bool,
}

impl Delete {
    /// Ends the program if the organization is not confirmed.
    pub(crate) fn check(&self) {
        if self.confirm != self.org.as_str() {
            Cli::command()
                .error(ErrorKind::ValueValidation, "--confirm must repeat the value of --org; nothing was deleted")
                .exit();
        }
    }
}

pub(crate) async fn run(Delete { org, keep_keys, .. }: Delete, store: &Store) -> Result<()> {
    let keys =
        store.all_api_keys(&org).await.context("could not look for the organization's keys; nothing was deleted")?;
    let mut revoked = 0;
    for key in keys.iter().filter(|key| key.revoked_at.is_none()) {
        let id = &key.caller.key_id;
        let done = store.revoke_api_key(key, Clock::system().now()).await;
        done.with_context(|| format!("could not revoke {id}; no client was deleted; repeat the command"))?;
        revoked += 1;
    }
    if !keys.is_empty() {
        // A request that was authorized before can still write, and its client must be deleted too.
        let wait = WRITE_TIMEOUT + IN_FLIGHT + SPARE;
        eprintln!(
            "Revoked {} of {org}. Waiting {} s for requests in progress.",
            counted(revoked, "key"),
            wait.as_secs()
        );
        tokio::time::sleep(wait).await;
    }

    let mut reported = Instant::now();
    let progress = |deleted| {
        if reported.elapsed() >= PROGRESS {
            eprintln!("{} deleted so far", counted(deleted, "item"));
            reported = Instant::now();
        }
    };
    let deleted = store.purge_clients(&org, &Clock::system(), progress).await;
    let deleted = deleted.context("some clients are not deleted; repeat the command to continue")?;
    eprintln!("Deleted {} of {org} (clients, and the tombstones of deleted ones).", counted(deleted, "item"));

    // The records of the keys go last: while there are any, a repeated command waits again.
    let keys =
        store.all_api_keys(&org).await.context("could not look for the organization's keys; repeat the command")?;
    if let Some(key) = keys.iter().find(|key| key.revoked_at.is_none()) {
        bail!("{} was created while {org} was being deleted; repeat the command", key.caller.key_id);
    }
    if keep_keys {
        eprintln!("Kept the records of {}.", counted(keys.len(), "key"));
    } else {
        for key in &keys {
            let done = store.purge_api_key(key).await;
            done.context("some records of keys are not deleted; repeat the command to continue")?;
        }
        eprintln!("Deleted the records of {}.", counted(keys.len(), "key"));
    }
    eprintln!(
        "Warm instances of list-clients keep the clients in memory for up to {} hours. No key gives access to them. If \
         the id {org} is to be used again within that time, end these instances first (docs/drills.md, \
         \"Offboarding\").",
        RELOAD_AFTER.as_secs() / 3600
    );
    Ok(())
}
