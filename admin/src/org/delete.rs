//! `admin org delete`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, CommandFactory, error::ErrorKind};
use domain::{
    Clock, OrgId,
    limits::{IN_FLIGHT, RELOAD_AFTER, WRITE_TIMEOUT},
};
use shared::store::Store;

use super::counted;
use crate::{Cli, identifier::identifier};

/// What a wait is longer than it need be.
const SPARE: Duration = Duration::from_secs(1);
/// How often a long deletion says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// The organization
    #[arg(long, value_parser = identifier::<OrgId>())]
    org: OrgId,
    /// The organization once more: there is no way back
    #[arg(long, value_name = "ORG")]
    confirm: String,
    /// Keep the records of its keys, revoked: who had access, and when (user ids are personal data)
    #[arg(long)]
    keep_keys: bool,
}

impl Delete {
    /// Ends the program where the organization is not confirmed.
    pub(crate) fn check(&self) {
        if self.confirm != self.org.as_str() {
            Cli::command()
                .error(ErrorKind::ValueValidation, "--confirm must repeat what --org says; nothing was deleted")
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
        // A request that was let in before can still write, and what it writes must not stay behind.
        let wait = WRITE_TIMEOUT + IN_FLIGHT + SPARE;
        eprintln!(
            "Revoked {} of {org}. Waiting {} s for requests that are under way.",
            counted(revoked, "key"),
            wait.as_secs()
        );
        tokio::time::sleep(wait).await;
    }

    let mut told = Instant::now();
    let progress = |deleted| {
        if told.elapsed() >= PROGRESS {
            eprintln!("{} deleted so far", counted(deleted, "item"));
            told = Instant::now();
        }
    };
    let deleted = store.purge_clients(&org, progress).await;
    let deleted = deleted.context("the clients are not all deleted; repeat the command to go on")?;
    eprintln!("Deleted {} of {org} (clients and what was left of deleted ones).", counted(deleted, "item"));

    // The keys' records go last: until then they tell a repeated command what it has to wait for.
    let keys =
        store.all_api_keys(&org).await.context("could not look for the organization's keys; repeat the command")?;
    if let Some(key) = keys.iter().find(|key| key.revoked_at.is_none()) {
        bail!("{} was made while {org} was being deleted; repeat the command", key.caller.key_id);
    }
    if keep_keys {
        eprintln!("Kept the records of {}.", counted(keys.len(), "key"));
    } else {
        for key in &keys {
            let done = store.purge_api_key(key).await;
            done.context("the keys' records are not all deleted; repeat the command to go on")?;
        }
        eprintln!("Deleted the records of {}.", counted(keys.len(), "key"));
    }
    eprintln!(
        "Warm instances of list-clients remember the clients for up to {} hours. Nobody has a key to them; before the \
         id {org} is used again within that time, end these instances (docs/operations.md, \"Offboarding\").",
        RELOAD_AFTER.as_secs() / 3600
    );
    Ok(())
}
