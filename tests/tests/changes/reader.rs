//! A reader that makes a table of the changes, as the contract tells it to.

use std::{collections::BTreeMap, time::Duration};

use domain::{ClientId, OrgId};
use list_changes::{Cursor, Scope, read_page};
use serde_json::Value;
use shared::{App, http::ApiError, telemetry::Tally};
use testkit::Org;

/// A reader. Each of its requests may go to another instance.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) org: OrgId,
    pub(crate) overlap: Duration,
    pub(crate) cursor: Option<Cursor>,
    /// The latest change of each client, a deletion included.
    pub(crate) latest: BTreeMap<ClientId, Value>,
}

/// A page of changes, and what it took.
pub(crate) struct Polled {
    pub(crate) changes: Vec<Value>,
    pub(crate) has_more: bool,
    pub(crate) tally: Tally,
}

impl Reader {
    pub(crate) fn new(org: &OrgId, overlap: Duration) -> Self {
        Self { org: org.clone(), overlap, cursor: None, latest: BTreeMap::new() }
    }

    /// Reads a page from an instance, and applies it.
    pub(crate) async fn poll(&mut self, app: &App, limit: usize) -> Result<Polled, ApiError> {
        let tally = Tally::default();
        let app = app.counting_in(&tally);
        let page = read_page(&app, &self.org, self.cursor.clone(), limit, self.overlap).await?;
        let scope = Scope { secret: "secret", org: &self.org, table: app.store.clients_table() };
        let written = serde_json::to_value(page.written(&scope)).unwrap();
        self.cursor = Some(Cursor::decode(written["nextCursor"].as_str().unwrap(), &scope).unwrap());
        let changes = written["changes"].as_array().unwrap().clone();
        for change in &changes {
            let id = change["id"].as_str().unwrap().parse().unwrap();
            if self.version(id) < change["version"].as_u64().unwrap() {
                self.latest.insert(id, change.clone());
            }
        }
        Ok(Polled { changes, has_more: page.has_more, tally })
    }

    /// Reads to the end of the pass. Returns the number of changes.
    pub(crate) async fn catch_up(&mut self, app: &App) -> Result<usize, ApiError> {
        let mut count = 0;
        loop {
            let polled = self.poll(app, 100).await?;
            count += polled.changes.len();
            if !polled.has_more {
                return Ok(count);
            }
        }
    }

    pub(crate) fn version(&self, id: ClientId) -> u64 {
        self.latest.get(&id).map_or(0, |change| change["version"].as_u64().unwrap())
    }

    pub(crate) fn is_deleted(&self, id: ClientId) -> bool {
        self.latest.get(&id).is_some_and(|change| change["deletedAt"].is_string())
    }

    /// The clients that exist, as a list has them, with their versions.
    pub(crate) fn clients(&self) -> Vec<Value> {
        self.latest.values().filter(|change| change["deletedAt"].is_null()).cloned().collect()
    }
}

/// The clients in the table, in the order of their identifiers and as the changes have them.
pub(crate) async fn in_table(org: &Org) -> Vec<Value> {
    let mut clients: Vec<_> = org.export().await.into_iter().map(|record| record.client).collect();
    clients.sort_by_key(|client| client.id);
    let with_version = |client: &domain::Client| {
        let mut json = serde_json::to_value(client).unwrap();
        json["version"] = client.version.into();
        json
    };
    clients.iter().map(with_version).collect()
}
