//! `admin status`, and `admin` alone: which database this is, which organizations have keys, and which keys expire soon.
//!
//! It reads the index of the keys, which takes a read unit for some 25 of them, and nothing of the table of clients.

mod words;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use domain::{Clock, OrgId, Timestamp};
use serde::Serialize;
use shared::{
    endpoint_from_env,
    store::{ApiKeyRecord, ApiKeyState, FoundTable, Store},
};

use crate::{
    connection::Connection,
    expiry, help,
    keys::Listed,
    output::{Form, show},
};

/// The time before its end at which a key deserves attention, as people type it.
const WITHIN: &str = "30d";
/// The most keys that are read unless all are asked for: some 400 read units.
const MOST_KEYS: usize = 10_000;

/// The arguments of `admin status`.
#[derive(Args, Debug)]
#[command(after_help = help::examples(&["admin", "admin status --within 7d", "admin status --all --json"]))]
pub(crate) struct Status {
    /// Show the keys that expire within this time: days, hours or minutes (7d, 24h, 30m)
    #[arg(long, value_name = "TIME", default_value = WITHIN, value_parser = expiry::keep)]
    within: Duration,
    /// Read all keys and show all organizations, however many there are
    #[arg(long)]
    all: bool,
}

impl Default for Status {
    fn default() -> Self {
        Self { within: expiry::keep(WITHIN).expect("the default is correct"), all: false }
    }
}

/// What there is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct State {
    database: Database,
    tables: Tables,
    checkpoints_bucket: Option<String>,
    organizations: Vec<Organization>,
    expiring_keys: Vec<Listed>,
    /// Whether all keys were read.
    is_complete: bool,
}

#[derive(Debug, Serialize)]
struct Database {
    endpoint: Option<String>,
    region: String,
    account: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tables {
    clients: Table,
    api_keys: Table,
}

#[derive(Debug, Serialize)]
struct Table {
    name: String,
    found: bool,
}

/// The keys of an organization, by number.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    org_id: String,
    active_keys: usize,
    /// Those of the active ones that expire soon.
    expiring_keys: usize,
    expired_keys: usize,
    revoked_keys: usize,
    last_used_at: Option<Timestamp>,
}

pub(crate) async fn run(status: Status, connection: &Connection, form: Form) -> Result<()> {
    let state = State::read(&status, connection).await?;
    let text = if form.json { serde_json::to_string_pretty(&state)? } else { state.in_words(&status) };
    Ok(show(&text)?)
}

impl State {
    async fn read(status: &Status, connection: &Connection) -> Result<Self> {
        let (store, region) = connection.store_and_region().await?;
        let names = connection.tables();
        let no_tables =
            || format!("could not look for `{}` and `{}` at {}", names.clients, names.api_keys, Connection::place());
        let clients = store.find_clients_table().await.with_context(no_tables)?;
        let api_keys = store.find_api_keys_table().await.with_context(no_tables)?;
        let mut keys = Keys::new(status.within);
        let is_complete = match api_keys {
            Some(_) => keys.read(&store, if status.all { usize::MAX } else { MOST_KEYS }).await?,
            None => true,
        };
        let arn = [&clients, &api_keys].into_iter().flatten().find_map(|table: &FoundTable| table.arn.clone());
        Ok(Self {
            database: Database {
                endpoint: endpoint_from_env("DYNAMODB"),
                region,
                account: arn.as_deref().and_then(account).filter(|_| !Connection::is_local()),
            },
            tables: Tables {
                clients: Table { name: names.clients, found: clients.is_some() },
                api_keys: Table { name: names.api_keys, found: api_keys.is_some() },
            },
            checkpoints_bucket: connection.bucket(),
            organizations: keys.organizations.into_values().collect(),
            expiring_keys: keys.expiring.iter().map(|key| Listed::new(key, keys.now)).collect(),
            is_complete,
        })
    }
}

/// The keys so far.
struct Keys {
    now: Timestamp,
    soon: Timestamp,
    organizations: BTreeMap<OrgId, Organization>,
    expiring: Vec<ApiKeyRecord>,
}

impl Keys {
    fn new(within: Duration) -> Self {
        let now = Clock::system().now();
        Self { now, soon: now.after(within), organizations: BTreeMap::new(), expiring: Vec::new() }
    }

    /// Reads the index, and gives whether these were all keys. Those that expire first come first.
    async fn read(&mut self, store: &Store, most: usize) -> Result<bool> {
        let is_complete = store.visit_api_keys(most, |key| self.count(key)).await.context("could not read the keys")?;
        self.expiring.sort_by(|a, b| (a.expires_at, &a.caller.key_id).cmp(&(b.expires_at, &b.caller.key_id)));
        Ok(is_complete)
    }

    fn count(&mut self, key: ApiKeyRecord) {
        let org = &key.caller.org;
        let organization = self.organizations.entry(org.clone()).or_insert_with(|| Organization {
            org_id: org.to_string(),
            active_keys: 0,
            expiring_keys: 0,
            expired_keys: 0,
            revoked_keys: 0,
            last_used_at: None,
        });
        organization.last_used_at = organization.last_used_at.max(key.last_used_at);
        match key.state(self.now) {
            ApiKeyState::Active => {
                organization.active_keys += 1;
                if key.expires_at <= self.soon {
                    organization.expiring_keys += 1;
                    self.expiring.push(key);
                }
            }
            ApiKeyState::Expired => organization.expired_keys += 1,
            ApiKeyState::Revoked => organization.revoked_keys += 1,
        }
    }
}

/// The account in the ARN of a table.
fn account(arn: &str) -> Option<String> {
    arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_the_account() {
        let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/clients";
        assert_eq!(account(arn).as_deref(), Some("123456789012"));
        assert_eq!(account("arn:aws:dynamodb:::table/clients"), None);
        assert_eq!(account("clients"), None);
    }
}
