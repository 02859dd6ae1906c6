//! Writes a checkpoint of a replica, after an answer.

use std::time::Duration;

use domain::{
    Timestamp,
    limits::{CHECKPOINT_AGE, CLOCK_SKEW, HEALED_WITHIN},
};
use list_engine::checkpoint::{Encoder, Header, Lineage};
use shared::objects::Expected;
use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};

use super::{Failure, Stored};
use crate::{
    replica::Following,
    source::{Settings, Source},
};

/// The time that a write takes at most, apart from its size, and for each client. If less is left, it waits for a later
/// answer.
const BASE_TIME: Duration = Duration::from_secs(1);
const TIME_FOR_A_CLIENT: Duration = Duration::from_micros(4);
/// The changes after which a checkpoint is replaced: those of a page of the feed.
const MANY_CHANGES: usize = 5_000;
/// The part of an organization whose change is worth a new checkpoint: one client in so many.
const CHANGED_PART: usize = 20;

/// The outcome of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// The checkpoint is there, and has so many bytes.
    Done(usize),
    /// There is one that is newer, or that is too young to be replaced.
    NotNeeded,
    /// Our clock and the database's differ by too much, or the database does not tell the time.
    ClocksDiffer,
    /// There was not enough time.
    OutOfTime,
    /// Another instance wrote one at the same time.
    Overtaken,
    /// Storage failed.
    Failed,
}

impl Written {
    /// The outcome's name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done(_) => "written",
            Self::NotNeeded => "not needed",
            Self::ClocksDiffer => "clocks differ",
            Self::OutOfTime => "out of time",
            Self::Overtaken => "overtaken",
            Self::Failed => "failed",
        }
    }

    /// The length of what was written.
    pub(crate) fn bytes(self) -> Option<usize> {
        if let Self::Done(bytes) = self { Some(bytes) } else { None }
    }
}

impl Following {
    /// Whether a checkpoint is to be written.
    pub(crate) fn needs_checkpoint(&self, now: Timestamp, settings: &Settings) -> bool {
        let is_due = self.wants_checkpoint
            || self.stored.is_some_and(|stored| {
                stored.after(CHECKPOINT_AGE) <= now
                    || self.changes_since_stored > MANY_CHANGES
                    || self.changes_since_stored > self.index.len() / CHANGED_PART
            });
        let last = self.attempted.max(self.stored);
        let is_early = last.is_some_and(|last| now < last.after(settings.checkpoint_pause));
        // Nobody would use it before this replica is compared with the table.
        let is_unhealed = self.read_in_full.after(HEALED_WITHIN) <= self.watermark;
        is_due && !is_early && !is_unhealed && !self.is_doubtful()
    }

    /// Writes a checkpoint, unless there is a newer one, and gives the lease back.
    pub(crate) async fn write_checkpoint(&mut self, source: &Source<'_>, stored: &Stored, until: Instant) -> Written {
        let now = source.app.clock.now();
        let written = if self.needs_checkpoint(now, source.settings) {
            self.write_in_time(source, stored, until).await
        } else {
            Written::NotNeeded
        };
        if let Some(lease) = self.lease.take() {
            // The others who wait for the checkpoint can load at once if there is none.
            drop(timeout_at(until, stored.give_back(lease, source.app.clock.now())).await);
        }
        written
    }

    async fn write_in_time(&mut self, source: &Source<'_>, stored: &Stored, until: Instant) -> Written {
        let needed = BASE_TIME + TIME_FOR_A_CLIENT * u32::try_from(self.index.len()).unwrap_or(u32::MAX);
        if Instant::now() + needed > until {
            return Written::OutOfTime;
        }
        self.attempted = Some(source.app.clock.now());
        let written = timeout_at(until, self.try_write(source, stored)).await;
        written.unwrap_or(Ok(Written::OutOfTime)).unwrap_or(Written::Failed)
    }

    async fn try_write(&mut self, source: &Source<'_>, stored: &Stored) -> Result<Written, Failure> {
        if !source.clocks_agree().await {
            return Ok(Written::ClocksDiffer);
        }
        let now = source.app.clock.now();
        let expected = match stored.read(0..Header::MOST_BYTES as u64, None).await {
            Ok(None) => Expected::Absent,
            // Such an object has no tag to replace it by.
            Err(Failure::TooShort) => {
                stored.delete(&stored.key.object_key()).await;
                Expected::Absent
            }
            Err(failure) => return Err(failure),
            Ok(Some(part)) => {
                if let Ok(header) = Header::parse(&part.bytes, &stored.key) {
                    let other = header.lineage();
                    let may_replace =
                        stored.is_refused(&part.tag) || self.is_worth_replacing(other, now, source.settings);
                    if !may_replace || self.may_be_from_before(other.epoch) {
                        self.notes_stored(other.watermark);
                        return Ok(Written::NotNeeded);
                    }
                }
                Expected::Unchanged(part.tag)
            }
        };
        let lineage = Lineage {
            epoch: self.epoch,
            watermark: self.watermark,
            overlap: source.settings.overlap,
            read_in_full: self.read_in_full,
            newest: self.index.newest(),
        };
        let mut encoder = Encoder::new(&self.index, &stored.key, lineage);
        let object = loop {
            if let Some(object) = encoder.step() {
                break object;
            }
            yield_now().await;
        };
        drop(encoder);
        let len = object.len();
        Ok(match stored.put(&stored.key.object_key(), object, &expected).await? {
            Some(tag) => {
                self.notes_stored(self.watermark);
                self.checkpoint = Some(tag);
                Written::Done(len)
            }
            None => Written::Overtaken,
        })
    }

    /// Whether a checkpoint of this replica is worth more than that of another one.
    fn is_worth_replacing(&self, other: &Lineage, now: Timestamp, settings: &Settings) -> bool {
        // One from the future is refused until then by everybody.
        let is_from_the_future = other.watermark > now.after(CLOCK_SKEW);
        let is_older = other.watermark < self.watermark && other.watermark.after(settings.checkpoint_pause) <= now;
        is_from_the_future || is_older
    }

    /// Whether what this replica read may be from before the deletion that began this epoch.
    fn may_be_from_before(&self, epoch: u64) -> bool {
        let deleted = Timestamp::from_millis(i64::try_from(epoch).unwrap_or(i64::MAX));
        epoch != self.epoch && epoch != 0 && deleted.after(CLOCK_SKEW) > self.read_in_full
    }

    /// Notes the checkpoint that is in storage.
    fn notes_stored(&mut self, watermark: Timestamp) {
        self.stored = Some(watermark);
        self.wants_checkpoint = false;
        if watermark >= self.watermark {
            self.changes_since_stored = 0;
        }
    }
}
