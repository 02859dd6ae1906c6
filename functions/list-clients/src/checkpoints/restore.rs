//! Opens a checkpoint, checks it, and restores an index from it.
//!
//! A checkpoint is what an earlier instance knew. The checks make sure that the change feed, read from its watermark
//! on, has everything that happened since: `docs/consistency.md` says why.

use std::{ops::Range, time::Duration};

use domain::{
    Change, Timestamp,
    limits::{CLOCK_SKEW, HEALED_WITHIN, LONGEST_GAP},
};
use futures_util::{StreamExt, stream};
use list_engine::{
    Index,
    checkpoint::{Header, Restore},
};
use shared::{
    objects::{ObjectTag, Part},
    store::FeedPage,
};
use tokio::{task::yield_now, time::timeout};

use super::{Failure, Stored};
use crate::source::Settings;

/// The further reads that are under way at the same time.
const RANGES_AHEAD: usize = 2;
/// The longest wait for the first bytes.
const OPEN_TIMEOUT: Duration = Duration::from_millis(1500);
/// The fewest changes since a checkpoint for which the table is read instead.
const LONG_TAIL: usize = 20_000;

/// The reason why a checkpoint is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    /// There is none.
    #[error("absent")]
    Absent,
    /// Storage refuses to show it.
    #[error("forbidden")]
    Forbidden,
    /// Storage does not show it.
    #[error("unavailable")]
    Unavailable,
    /// It was fine once: it is too old, or from before the organization was deleted.
    #[error("outdated")]
    Outdated,
    /// It was replaced while it was read.
    #[error("replaced")]
    Replaced,
    /// It must not be used.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
}

/// The reason why a checkpoint is refused. Each is a sign of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Bytes(#[from] list_engine::checkpoint::Refused),
    #[error("its watermark is in the future")]
    Future,
    #[error("its newest entry is not in the change feed")]
    NewestMissing,
    #[error("a panic came of it, or it was refused before")]
    RefusedBefore,
}

impl From<Failure> for Unusable {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Changed => Self::Replaced,
            Failure::TooShort => list_engine::checkpoint::Refused::Truncated.into(),
            Failure::Forbidden => Self::Forbidden,
            Failure::Unavailable => Self::Unavailable,
        }
    }
}

impl From<list_engine::checkpoint::Refused> for Unusable {
    fn from(refused: list_engine::checkpoint::Refused) -> Self {
        Self::Refused(refused.into())
    }
}

/// A checkpoint that is being restored. It keeps what it has restored if a read is dropped.
pub(crate) struct Opened {
    pub(crate) tag: ObjectTag,
    header: Header,
    stage: Stage,
    /// The bytes that were read, but not restored.
    ready: Part,
    /// The position in the object of the bytes after those that are restored.
    position: u64,
    /// The bytes of each further read.
    range_bytes: u64,
}

enum Stage {
    Restoring(Box<Restore>),
    Restored(Box<Index>),
    Taken,
}

impl Stored {
    /// Opens the checkpoint: reads its start, and checks its header.
    pub(crate) async fn open(
        &self,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Opened, (Unusable, Option<ObjectTag>)> {
        let read = timeout(OPEN_TIMEOUT, self.read(0..settings.first_bytes, None)).await;
        let part = match read.unwrap_or_else(|_| Err(self.timed_out())) {
            Ok(Some(part)) => part,
            Ok(None) => return Err((Unusable::Absent, None)),
            Err(failure) => return Err((failure.into(), None)),
        };
        let tag = part.tag.clone();
        let checked = if self.is_refused(&tag) { Err(Refusal::RefusedBefore.into()) } else { self.check(&part, now) };
        match checked {
            Ok(header) => Ok(Opened::new(header, part, settings.range_bytes)),
            Err(unusable) => Err((unusable, Some(tag))),
        }
    }

    fn check(&self, part: &Part, now: Timestamp) -> Result<Header, Unusable> {
        let header = Header::parse(&part.bytes, &self.key)?;
        if part.object_len != header.object_len() {
            let is_short = part.object_len < header.object_len();
            use list_engine::checkpoint::Refused::{TooLong, Truncated};
            return Err(if is_short { Truncated } else { TooLong }.into());
        }
        usable_at(&header, now).map(|()| header)
    }
}

/// Succeeds if the feed since the header's watermark still has everything.
fn usable_at(header: &Header, now: Timestamp) -> Result<(), Unusable> {
    let lineage = header.lineage();
    if lineage.watermark > now.after(CLOCK_SKEW) {
        return Err(Refusal::Future.into());
    }
    // A lineage can go wrong while it is followed, not while it lies in storage.
    let is_followed_for_long = lineage.watermark >= lineage.read_in_full.after(HEALED_WITHIN);
    if lineage.watermark.after(LONGEST_GAP) <= now || is_followed_for_long {
        return Err(Unusable::Outdated);
    }
    Ok(())
}

impl Opened {
    fn new(header: Header, first: Part, range_bytes: u64) -> Self {
        let position = header.first_block() as u64;
        let ready = Part { bytes: first.bytes.slice(header.first_block()..), ..first };
        let tag = ready.tag.clone();
        let stage = Stage::Restoring(Box::new(Restore::new(header.clone())));
        Self { tag, stage, header, ready, position, range_bytes }
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Succeeds if the checkpoint is still good enough to continue with.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Unusable> {
        usable_at(&self.header, now)
    }

    /// The start of the tail: the part of the feed that the checkpoint may lack, and its newest client. Its writer may
    /// have known of a longer timeout of the writing functions than we do, or of a shorter one.
    pub(crate) fn tail_start(&self, overlap: Duration) -> Timestamp {
        let lineage = self.header.lineage();
        let start = lineage.watermark.before(overlap.max(lineage.overlap));
        lineage.newest.map_or(start, |newest| newest.updated_at.min(start))
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let stage = match &self.stage {
            Stage::Restoring(restore) => restore.bytes(),
            Stage::Restored(index) => index.bytes(),
            Stage::Taken => 0,
        };
        stage + self.ready.bytes.len()
    }

    /// Restores the rest of the index. If this is dropped, the next call continues.
    pub(crate) async fn restore(&mut self, stored: &Stored) -> Result<(), Unusable> {
        let Stage::Restoring(restore) = &mut self.stage else { return Ok(()) };
        let len = self.header.object_len();
        restore_part(restore, &mut self.position, &mut self.ready).await?;
        let tag = &self.tag;
        let mut parts = stream::iter(ranges(self.position, len, self.range_bytes))
            .map(|range| stored.read(range, Some(tag)))
            .buffered(RANGES_AHEAD);
        while let Some(part) = parts.next().await {
            let mut part = part?.ok_or(Unusable::Replaced)?;
            if part.object_len != len {
                return Err(Unusable::Replaced);
            }
            restore_part(restore, &mut self.position, &mut part).await?;
        }
        drop(parts);
        let Stage::Restoring(restore) = std::mem::replace(&mut self.stage, Stage::Taken) else {
            unreachable!("it was being restored")
        };
        self.stage = Stage::Restored(Box::new(restore.finish()?));
        Ok(())
    }

    /// The restored index, to which changes can be applied.
    pub(crate) fn index(&mut self) -> Option<&mut Index> {
        match &mut self.stage {
            Stage::Restored(index) => Some(index),
            Stage::Restoring(_) | Stage::Taken => None,
        }
    }

    /// Takes the restored index.
    pub(crate) fn take_index(&mut self) -> Option<Box<Index>> {
        match std::mem::replace(&mut self.stage, Stage::Taken) {
            Stage::Restored(index) => Some(index),
            other => {
                self.stage = other;
                None
            }
        }
    }
}

/// Restores the blocks in a part, one at a time: between two blocks, the request can end at its deadline.
async fn restore_part(restore: &mut Restore, position: &mut u64, part: &mut Part) -> Result<(), Unusable> {
    while !part.bytes.is_empty() {
        let taken = restore.push(&part.bytes)?;
        part.bytes = part.bytes.slice(taken..);
        *position += taken as u64;
        yield_now().await;
    }
    Ok(())
}

fn ranges(start: u64, end: u64, len: u64) -> impl Iterator<Item = Range<u64>> {
    (start..end).step_by(len as usize).map(move |start| start..end.min(start + len))
}

/// The tail of a checkpoint: the changes since its watermark.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    pub(crate) changes: Vec<Change>,
    /// The latest deletion of the organization that it has.
    pub(crate) mark: Option<Timestamp>,
    pub(crate) pages: usize,
}

impl Tail {
    /// Adds a page.
    pub(crate) fn push(&mut self, page: FeedPage) {
        self.changes.extend(page.changes);
        self.mark = self.mark.max(page.mark);
        self.pages += 1;
    }

    /// Succeeds unless the table is read faster than this tail is applied.
    pub(crate) fn check_length(&self, header: &Header) -> Result<(), Unusable> {
        let is_too_long = self.changes.len() > LONG_TAIL.max(header.clients() / 4);
        if is_too_long { Err(Unusable::Outdated) } else { Ok(()) }
    }

    /// Succeeds if the checkpoint and the feed are of one history.
    pub(crate) fn check(&self, header: &Header) -> Result<(), Unusable> {
        let lineage = header.lineage();
        if self.mark.is_some_and(|mark| epoch(Some(mark)) != lineage.epoch) {
            return Err(Unusable::Outdated);
        }
        let Some(newest) = lineage.newest else { return Ok(()) };
        let is_known = self.changes.iter().any(|change| match change {
            Change::Upsert(listed) => listed.client.id == newest.id && listed.client.updated_at >= newest.updated_at,
            // The feed was read from no later than the entry's time, and a client's times never go back.
            Change::Remove { id, .. } => *id == newest.id,
        });
        if is_known { Ok(()) } else { Err(Refusal::NewestMissing.into()) }
    }
}

/// The organization's epoch after this deletion. An organization that was never deleted has epoch 0.
pub(crate) fn epoch(mark: Option<Timestamp>) -> u64 {
    mark.map_or(0, |mark| mark.millis().try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_have_each_byte_once() {
        assert_eq!(ranges(3, 25, 10).collect::<Vec<_>>(), [3..13, 13..23, 23..25]);
        assert_eq!(ranges(7, 7, 10).count(), 0);
    }
}
