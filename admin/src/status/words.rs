//! The state for people: what there is, what needs attention, and what to do next.

use super::{Organization, State, Status};
use crate::{connection::Connection, failure, keys, output::table};

/// The most rows of a table unless all are asked for.
const MOST_ROWS: usize = 20;

impl State {
    pub(super) fn in_words(&self, status: &Status) -> String {
        let mut parts = vec![self.place()];
        if !self.organizations.is_empty() {
            parts.push(self.organization_table(status));
        }
        if !self.expiring_keys.is_empty() {
            parts.push(self.expiring_table(status));
        }
        if !self.is_complete {
            parts.push("There are more keys than were read, so numbers may be too low; `--all` reads all.".to_owned());
        }
        parts.push(format!("Next:\n{}", self.next_steps()));
        parts.join("\n\n")
    }

    /// The database and its tables.
    fn place(&self) -> String {
        let database = &self.database;
        let region = &database.region;
        let place = match (&database.endpoint, &database.account) {
            (Some(url), _) => format!("{url} (region {region})"),
            (None, Some(account)) => format!("AWS account {account}, {region}"),
            (None, None) => format!("AWS, {region}"),
        };
        let tables = [&self.tables.clients, &self.tables.api_keys];
        let tables =
            tables.map(|table| format!("`{}` {}", table.name, if table.found { "is there" } else { "is missing" }));
        let checkpoints = match &self.checkpoints_bucket {
            Some(bucket) => format!("\nCheckpoints  {bucket}"),
            None if Connection::is_local() => String::new(),
            None => "\nCheckpoints  no bucket is named (CHECKPOINTS_BUCKET); `org delete` needs it".to_owned(),
        };
        format!("Database     {place}\nTables       {}{checkpoints}", tables.join(", "))
    }

    fn organization_table(&self, status: &Status) -> String {
        let heading = ["ORGANIZATION", "ACTIVE KEYS", "EXPIRE SOON", "EXPIRED", "REVOKED", "LAST USE (UTC)"];
        let row = |organization: &Organization| {
            [
                organization.org_id.clone(),
                organization.active_keys.to_string(),
                organization.expiring_keys.to_string(),
                organization.expired_keys.to_string(),
                organization.revoked_keys.to_string(),
                keys::last_use(organization.last_used_at),
            ]
        };
        let shown = if status.all { usize::MAX } else { MOST_ROWS };
        let rows: Vec<_> = self.organizations.iter().take(shown).map(row).collect();
        table(heading, &rows) + &more(self.organizations.len(), shown)
    }

    fn expiring_table(&self, status: &Status) -> String {
        let heading = ["EXPIRES (UTC)", "ORGANIZATION", "NAME", "KEY ID", "OWNER", "LAST USE (UTC)"];
        let shown = if status.all { usize::MAX } else { MOST_ROWS };
        let rows: Vec<_> = self.expiring_keys.iter().take(shown).map(keys::Listed::expiring_row).collect();
        let table = table(heading, &rows) + &more(self.expiring_keys.len(), shown);
        format!("Keys that expire soon:\n{table}")
    }

    fn next_steps(&self) -> String {
        let tables = &self.tables;
        if !tables.clients.found || !tables.api_keys.found {
            return format!("  {}", failure::no_table(&tables.clients.name, &tables.api_keys.name));
        }
        let steps: &[(&str, &str)] = if self.organizations.is_empty() {
            &[("admin keys create --org acme --user maria --name \"CRM sync\" --expires 90d", "the first key")]
        } else if self.expiring_keys.is_empty() {
            &[("admin keys list --org ORG", "the keys of an organization"), ("admin --help", "all commands")]
        } else {
            &[
                ("admin keys rotate KEY_ID --expires 90d", "a new key in place of one that expires"),
                ("admin keys list --org ORG", "the keys of an organization"),
            ]
        };
        let widest = steps.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
        let steps = steps.iter().map(|(command, what)| format!("  {command:widest$}  {what}"));
        steps.collect::<Vec<_>>().join("\n")
    }
}

/// The note under a table that is cut.
fn more(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!("\n… and {more} more (`--all` shows them)"),
    }
}
