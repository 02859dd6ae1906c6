//! Writes imported clients, several at a time, at a pace that leaves half of an organization's writes to the API.

use std::{
    future::ready,
    time::{Duration, Instant},
};

use anyhow::Result;
use domain::{ClientId, NewClient, OrgId};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use shared::{
    store::{ClientRecord, Import, ImportOutcome, Store},
    telemetry::Tally,
};

use super::counted;

/// The number of writes in progress at the same time.
const PARALLEL: usize = 8;
/// Write units a second: half of DynamoDB's limit on an organization, which is one partition. The other half
/// is for the API.
const PACE: f64 = 500.0;

/// A client to be written.
#[derive(Debug)]
pub(super) enum Incoming {
    /// One of an export, with its identifier and its authors.
    Exported(Box<ClientRecord>),
    /// One of another system.
    New(ClientId, Box<NewClient>),
}

/// Writes clients until there are no more, or until one fails. `written` gets each outcome.
///
/// # Errors
/// Fails with the first error of `clients` or of the table.
pub(super) async fn write(
    store: &Store,
    import: &Import,
    clients: impl Iterator<Item = Result<Incoming>>,
    mut written: impl FnMut(ClientId, ImportOutcome),
) -> Result<()> {
    let tally = Tally::default();
    let (store, begin) = (store.counting_in(&tally), Instant::now());
    stream::iter(clients)
        .map(|client| async {
            let client = client?;
            // A failed condition reports no units, but consumes at least one.
            let due = tally.units().write.max(tally.calls().into()) / PACE;
            tokio::time::sleep(Duration::from_secs_f64(due).saturating_sub(begin.elapsed())).await;
            Ok::<_, anyhow::Error>(match client {
                Incoming::Exported(record) => (record.client.id, store.import(import, &record).await?),
                Incoming::New(id, new) => (id, store.import_new(import, id, *new).await?),
            })
        })
        .buffer_unordered(PARALLEL)
        .try_for_each(|(id, outcome)| {
            written(id, outcome);
            ready(Ok(()))
        })
        .await
}

/// The outcomes so far, by number.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Totals {
    created: usize,
    replaced: usize,
    restored: usize,
    unchanged: usize,
    kept: usize,
    stay_deleted: usize,
}

impl Totals {
    /// Counts an outcome, and gives whether it overwrote a change that was made since the import began.
    pub(super) fn count(&mut self, outcome: ImportOutcome) -> bool {
        let (number, is_newer) = match outcome {
            ImportOutcome::Created => (&mut self.created, false),
            ImportOutcome::Replaced { newer } => (&mut self.replaced, newer),
            ImportOutcome::Restored { newer } => (&mut self.restored, newer),
            ImportOutcome::Unchanged => (&mut self.unchanged, false),
            ImportOutcome::Kept => (&mut self.kept, false),
            ImportOutcome::StaysDeleted => (&mut self.stay_deleted, false),
        };
        *number += 1;
        is_newer
    }

    pub(super) fn done(&self) -> usize {
        self.created + self.replaced + self.restored + self.unchanged + self.kept + self.stay_deleted
    }

    /// All numbers, and the time that they took.
    pub(super) fn summary(&self, org: &OrgId, took: Duration) -> String {
        let written = self.created + self.replaced + self.restored;
        let mut text = format!(
            "Imported {} into {org}: {} created, {} replaced, {} restored.",
            counted(written, "client"),
            self.created,
            self.replaced,
            self.restored
        );
        for (number, outcome) in [
            (self.unchanged, "already as in the file"),
            (self.kept, "kept with other content (--overwrite replaces them)"),
            (self.stay_deleted, "still deleted (--overwrite restores them)"),
        ] {
            if number > 0 {
                text += &format!(" Not written: {number} {outcome}.");
            }
        }
        let seconds = took.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = self.done() as f64 / seconds.max(0.001);
        text + &format!(" It took {seconds:.1} s, {rate:.0} clients a second.")
    }
}
