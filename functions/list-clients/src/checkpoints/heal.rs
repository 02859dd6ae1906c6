//! Healing: compares a replica with the table, after answers, some pages at a time. If an assumption of
//! `docs/consistency.md` ever fails, checkpoints would hand the error on from instance to instance.

use std::time::Duration;

use domain::{
    Timestamp,
    limits::{HEAL_AFTER, RELOAD_AFTER},
};
use list_engine::Comparison;
use shared::store::Cursor;
use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{
    Stored,
    lease::{Attempt, Lease},
    restore::epoch,
};
use crate::{
    replica::Following,
    source::{Settings, Source},
};

/// The longest time that is spent after one answer: the instance is busy meanwhile.
const SLICE: Duration = Duration::from_secs(1);
/// The life of the lease on the right to compare.
const LEASE_LIFE: Duration = Duration::from_secs(10 * 60);
/// The time for which an instance does not ask for the lease again.
const LEASE_PAUSE: Duration = Duration::from_secs(60);
/// The entries that are compared before others get their turn: some milliseconds' work.
const ENTRIES_IN_A_ROW: usize = 1_000;

/// A comparison that is under way.
pub(crate) struct Healing {
    comparison: Comparison,
    /// The replica's watermark when it began.
    began: Timestamp,
    cursor: Option<Cursor>,
    lease: Lease,
}

impl Following {
    /// Whether the last read of the whole organization is so long ago that it is compared with the table.
    pub(crate) fn needs_healing(&self, now: Timestamp, settings: &Settings) -> bool {
        let is_others_turn = self.healing_refused.is_some_and(|refused| now < refused.after(LEASE_PAUSE));
        self.read_in_full.after(HEAL_AFTER) <= now
            && !is_others_turn
            && self.index.len() > settings.small.into()
            && !self.is_doubtful()
    }

    /// Compares a part of the replica with the table. Returns the number of differences, all of them corrected, when
    /// the whole replica is compared.
    pub(crate) async fn heal(&mut self, source: &Source<'_>, stored: &Stored, until: Instant) -> Option<usize> {
        let slice = until.min(Instant::now() + SLICE);
        let mut healing = timeout_at(slice, self.healing(source, stored)).await.ok()??;
        loop {
            let feed = source.app.store.feed(source.org, None, healing.cursor.clone());
            // Nothing is lost if the table fails, or if there is no time left: a later answer continues.
            let Ok(Ok(page)) = timeout_at(until, feed).await else { break };
            if page.mark.is_some_and(|mark| epoch(Some(mark)) != self.epoch) {
                return None;
            }
            for some in page.changes.chunks(ENTRIES_IN_A_ROW) {
                some.iter().for_each(|change| healing.comparison.push(&mut self.index, change));
                yield_now().await;
            }
            healing.cursor = page.next;
            if healing.cursor.is_none() {
                return Some(self.healed(healing, source, stored).await);
            }
            if Instant::now() >= slice {
                break;
            }
        }
        self.healing = Some(healing);
        None
    }

    /// The comparison that is under way, or a new one. `None` if another instance compares.
    async fn healing(&mut self, source: &Source<'_>, stored: &Stored) -> Option<Healing> {
        let now = source.app.clock.now();
        let key = stored.key.healing_lease_key();
        let under_way = self.healing.take().filter(|healing| now < healing.began.after(RELOAD_AFTER));
        if let Some(healing) = under_way {
            let lease = stored.prolong(healing.lease, now, LEASE_LIFE).await.ok()??;
            return Some(Healing { lease, ..healing });
        }
        let Ok(Attempt::Held(lease)) = stored.lease(&key, now, LEASE_LIFE).await else {
            self.healing_refused = Some(now);
            return None;
        };
        let comparison = Comparison::new(self.watermark.before(source.settings.overlap));
        Some(Healing { comparison, began: self.watermark, cursor: None, lease })
    }

    async fn healed(&mut self, healing: Healing, source: &Source<'_>, stored: &Stored) -> usize {
        let differences = healing.comparison.finish(&mut self.index);
        self.read_in_full = healing.began;
        self.wants_checkpoint = true;
        self.attempted = None;
        self.changed(differences);
        stored.give_back(healing.lease, source.app.clock.now()).await;
        differences
    }
}
