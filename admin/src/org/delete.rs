//! `admin org delete`: deletes an organization.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, CommandFactory, error::ErrorKind};
use domain::{
    Clock, OrgId,
    limits::{IN_FLIGHT, LIST_TIMEOUT, WRITE_TIMEOUT},
};
use serde::Serialize;
use shared::{objects::Objects, store::Store};

use super::{check_clock, checkpoints::Checkpoints, counted};
use crate::{Cli, connection::Connection, output::Form, similar};

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
    /// Do not look for checkpoints: the stack has no bucket for them
    #[arg(long, conflicts_with = "checkpoints_bucket")]
    without_checkpoints: bool,
    /// The longest time for which a list can go on. The tests do not wait for so long.
    #[arg(long, hide = true, value_name = "SECONDS", default_value_t = LIST_TIMEOUT.as_secs())]
    list_timeout: u64,
}

impl Delete {
    /// Ends the program if the organization is not confirmed, or if its checkpoints could be left behind.
    pub(crate) fn check(&self, connection: &Connection) {
        let refuse = |message| Cli::command().error(ErrorKind::ValueValidation, message).exit();
        if self.confirm != self.org.as_str() {
            refuse("--confirm must repeat the value of --org; nothing was deleted");
        }
        if !self.without_checkpoints && connection.bucket().is_none() && !Connection::is_local() {
            refuse(
                "name the stack's bucket of checkpoints (--checkpoints-bucket or CHECKPOINTS_BUCKET), or give \
                 --without-checkpoints if it has none; nothing was deleted",
            );
        }
    }
}

/// What was deleted, in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted<'a> {
    org_id: &'a str,
    revoked_keys: usize,
    /// Clients, and the tombstones of deleted ones.
    deleted_items: usize,
    deleted_checkpoints: bool,
    deleted_key_records: usize,
    kept_key_records: usize,
}

/// Deletes in an order that leaves nothing behind, whatever runs meanwhile: without keys, no request begins; after a
/// writer's timeout nothing is written, and after a list's timeout nobody keeps a checkpoint of what was.
pub(crate) async fn run(delete: Delete, store: &Store, objects: Option<Objects>, form: Form) -> Result<()> {
    let Delete { org, keep_keys, without_checkpoints, list_timeout, .. } = delete;
    let checkpoints = match objects.filter(|_| !without_checkpoints) {
        Some(objects) => Checkpoints::of(&org, store, objects).await?,
        None => None,
    };
    let clock = Clock::system();
    check_clock(store, &org, &clock).await.context("nothing was deleted")?;
    let keys =
        store.all_api_keys(&org).await.context("could not look for the organization's keys; nothing was deleted")?;
    let mut revoked = 0;
    for key in keys.iter().filter(|key| key.revoked_at.is_none()) {
        let id = &key.caller.key_id;
        let done = store.revoke_api_key(key, clock.now()).await;
        done.with_context(|| format!("could not revoke {id}; no client was deleted; repeat the command"))?;
        revoked += 1;
    }
    let without_keys = Instant::now();
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
    let deleted = store.purge_clients(&org, &clock, progress).await;
    let deleted = deleted.context("some clients are not deleted; repeat the command to continue")?;
    eprintln!("Deleted {} of {org} (clients, and the tombstones of deleted ones).", counted(deleted, "item"));

    if let Some(checkpoints) = &checkpoints {
        checkpoints.delete().await.context("repeat the command to continue")?;
        let lists_end = Duration::from_secs(list_timeout) + IN_FLIGHT + SPARE;
        let wait = lists_end.saturating_sub(without_keys.elapsed());
        if !keys.is_empty() && !wait.is_zero() {
            eprintln!("Waiting {} s for lists in progress, which can leave a checkpoint.", wait.as_secs_f64().ceil());
            tokio::time::sleep(wait).await;
            checkpoints.delete().await.context("repeat the command to continue")?;
        }
        eprintln!("Deleted the checkpoints of {org}.");
    }

    // The records of the keys go last: while there are any, a repeated command waits again.
    let keys =
        store.all_api_keys(&org).await.context("could not look for the organization's keys; repeat the command")?;
    if let Some(key) = keys.iter().find(|key| key.revoked_at.is_none()) {
        bail!("{} was created while {org} was being deleted; repeat the command", key.caller.key_id);
    }
    store.purge_organization(&org).await.context("repeat the command to continue")?;
    if !keep_keys {
        for key in &keys {
            let done = store.purge_api_key(key).await;
            done.context("some records of keys are not deleted; repeat the command to continue")?;
        }
    }
    let (deleted_key_records, kept_key_records) = if keep_keys { (0, keys.len()) } else { (keys.len(), 0) };
    let words =
        format!("{} the records of {}.", if keep_keys { "Kept" } else { "Deleted" }, counted(keys.len(), "key"));
    let result = Deleted {
        org_id: org.as_str(),
        revoked_keys: revoked,
        deleted_items: deleted,
        deleted_checkpoints: checkpoints.is_some(),
        deleted_key_records,
        kept_key_records,
    };
    form.report(&result, &words)?;
    if keys.is_empty() && deleted == 0 {
        similar::suggest_organization(&org, store).await;
    }
    Ok(())
}
