//! `admin org limits`: an organization's own limits.

use anyhow::{Context, Result};
use clap::Args;
use domain::OrgId;
use shared::{rate_limit::Quotas, store::Store};

use super::counted;
use crate::output::{show, table};

#[derive(Args, Debug)]
pub(crate) struct Limits {
    /// The organization
    #[arg(long)]
    org: OrgId,
    /// Requests a minute of each key; 0 is no limit
    #[arg(long, value_name = "REQUESTS")]
    key: Option<u64>,
    /// Requests a minute of all keys together; 0 is no limit
    #[arg(long, value_name = "REQUESTS")]
    organization: Option<u64>,
    /// Remove both: the limits of the stack apply again
    #[arg(long, conflicts_with_all = ["key", "organization"])]
    clear: bool,
}

pub(crate) async fn run(limits: Limits, store: &Store) -> Result<()> {
    let Limits { org, key, organization, clear } = limits;
    let current = store.organization_quotas(&org).await.context("could not read the limits")?;
    let wanted = match (key, organization) {
        _ if clear => Quotas::default(),
        (None, None) => {
            let rows = [("key", current.key), ("organization", current.organization)];
            let rows = rows.map(|(on, limit)| [on.to_owned(), in_words(limit)]);
            return Ok(show(&table(["LIMIT ON", "REQUESTS A MINUTE"], &rows))?);
        }
        (key, organization) => Quotas { key, organization }.or(current),
    };
    let keys = store.set_organization_quotas(&org, wanted).await;
    let keys = keys.context("the limits may be set for some keys alone; repeat the command")?;
    eprintln!("Requests a minute of {org}, from the next request on, for {}:", counted(keys, "key"));
    eprintln!("each key: {}; all keys together: {}", in_words(wanted.key), in_words(wanted.organization));
    Ok(())
}

fn in_words(limit: Option<u64>) -> String {
    match limit {
        None => "as the stack says".to_owned(),
        Some(0) => "no limit".to_owned(),
        Some(limit) => limit.to_string(),
    }
}
