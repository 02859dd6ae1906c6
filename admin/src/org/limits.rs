//! `admin org limits`: an organization's own limits.

use anyhow::{Context, Result};
use clap::Args;
use domain::OrgId;
use serde::Serialize;
use shared::{rate_limit::Quotas, store::Store};

use super::counted;
use crate::{
    output::{Form, show, table},
    similar,
};

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

/// An organization's own limits in JSON: `null` is the stack's limit, and 0 is no limit.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    org_id: &'a str,
    key_requests_per_minute: Option<u64>,
    organization_requests_per_minute: Option<u64>,
    /// The number of keys for which they were set; `null` if they were only read.
    keys: Option<usize>,
}

impl<'a> Shown<'a> {
    fn new(org_id: &'a OrgId, Quotas { key, organization }: Quotas, keys: Option<usize>) -> Self {
        Self {
            org_id: org_id.as_str(),
            key_requests_per_minute: key,
            organization_requests_per_minute: organization,
            keys,
        }
    }
}

pub(crate) async fn run(limits: Limits, store: &Store, form: Form) -> Result<()> {
    let Limits { org, key, organization, clear } = limits;
    let current = store.organization_quotas(&org).await.context("could not read the limits")?;
    let wanted = match (key, organization) {
        _ if clear => Quotas::default(),
        (None, None) if form.json => {
            let shown = Shown::new(&org, current, None);
            return Ok(show(&serde_json::to_string_pretty(&shown)?)?);
        }
        (None, None) => {
            let rows = [("key", current.key), ("organization", current.organization)];
            let rows = rows.map(|(on, limit)| [on.to_owned(), in_words(limit)]);
            return Ok(show(&table(["LIMIT ON", "REQUESTS A MINUTE"], &rows))?);
        }
        (key, organization) => Quotas { key, organization }.or(current),
    };
    let keys = store.set_organization_quotas(&org, wanted).await;
    let keys = keys.context("the limits may be set for some keys alone; repeat the command")?;
    let words = format!(
        "Requests a minute of {org}, from the next request on, for {}:\neach key: {}; all keys together: {}",
        counted(keys, "key"),
        in_words(wanted.key),
        in_words(wanted.organization)
    );
    form.report(&Shown::new(&org, wanted, Some(keys)), &words)?;
    if keys == 0 {
        similar::suggest_organization(&org, store).await;
    }
    Ok(())
}

fn in_words(limit: Option<u64>) -> String {
    match limit {
        None => "as the stack says".to_owned(),
        Some(0) => "no limit".to_owned(),
        Some(limit) => limit.to_string(),
    }
}
