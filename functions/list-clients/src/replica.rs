//! One organization's replica: an index that follows the change feed.
//!
//! A refresh must find every write that was committed after the previous refresh began, when our clock read
//! `w`. The timestamp of such a write is later than `w` less the [`OVERLAP`](domain::limits::OVERLAP): the writers'
//! timeout, the time that a call can be in flight and the difference of the clocks. So a refresh reads the feed from
//! `w − OVERLAP` on. `docs/consistency.md` has the whole argument.

use std::time::Instant;

use domain::{
    Change, Timestamp,
    limits::{CLOCK_SKEW, HEALED_WITHIN, LONGEST_GAP, RELOAD_AFTER, TOO_LARGE_PAUSE},
};
use list_engine::{Index, checkpoint::Lineage};
use shared::{objects::ObjectTag, store::StoreError};
use tokio::task::yield_now;

use crate::{
    checkpoints::{heal::Healing, lease::Lease, restore::epoch},
    first_read::FirstRead,
    load::Load,
    made::Made,
    source::{ListError, Source},
};

/// The changes that are applied before others get their turn: some milliseconds' work.
const CHANGES_IN_A_ROW: usize = 128;

/// A replica. A request that is dropped at its deadline leaves it sound: it keeps what was read, and the next request
/// continues from there.
pub(crate) struct Replica {
    state: State,
    /// The time until which the organization is refused, because it was too large a moment ago.
    too_large_until: Option<Instant>,
}

enum State {
    Reading(FirstRead),
    Following(Box<Following>),
}

/// A replica that has read the whole organization.
pub(crate) struct Following {
    pub(crate) index: Box<Index>,
    /// Our clock's time before the last refresh.
    pub(crate) watermark: Timestamp,
    /// The same instant on the monotonic clock.
    current_at: Option<Instant>,
    /// The latest deletion of the organization that this replica knows of.
    pub(crate) epoch: u64,
    /// The start of the last read of the whole organization, by this replica or by those whose checkpoints it comes
    /// from.
    pub(crate) read_in_full: Timestamp,
    /// The time at which this replica began to follow.
    since: Timestamp,
    /// The start of the load, if that may have read clients that were being deleted with the organization. Later lists
    /// read the organization again.
    doubtful_since: Option<Instant>,
    /// The last checkpoint that it was restored from or that was written of it.
    pub(crate) checkpoint: Option<ObjectTag>,
    /// The watermark of the checkpoint in storage, as far as we know.
    pub(crate) stored: Option<Timestamp>,
    /// The time of the last attempt to write one.
    pub(crate) attempted: Option<Timestamp>,
    /// Whether the checkpoint in storage is to be replaced.
    pub(crate) wants_checkpoint: bool,
    /// The number of changes that the checkpoint in storage lacks.
    pub(crate) changes_since_stored: usize,
    pub(crate) lease: Option<Lease>,
    pub(crate) healing: Option<Healing>,
    /// The time at which another instance compared, so that this one could not.
    pub(crate) healing_refused: Option<Timestamp>,
    measurement: Measurement,
}

/// The last measurement of the index. Measuring walks all of the index, so it is done only once in
/// [`CHANGES_BETWEEN_MEASUREMENTS`] changes.
#[derive(Clone, Copy, Default)]
struct Measurement {
    bytes: usize,
    changes_since: usize,
}

const CHANGES_BETWEEN_MEASUREMENTS: usize = 1_000;

/// The outcome of a refresh.
enum Refreshed {
    /// The index is current, after this number of changes.
    Current(usize),
    /// The organization was deleted since, or may have been: what the replica has must not be shown.
    Deleted,
}

impl Default for Replica {
    /// A replica that has read nothing.
    fn default() -> Self {
        Self { state: State::Reading(FirstRead::default()), too_large_until: None }
    }
}

impl Replica {
    /// The replica as of `arrived` or later: with every write that was answered before.
    ///
    /// # Errors
    /// Fails if the table does, or if the organization is too large.
    pub(crate) async fn at(&mut self, arrived: Instant, source: &Source<'_>) -> Result<(&Following, Made), ListError> {
        if self.too_large_until.is_some_and(|until| Instant::now() < until) {
            return Err(ListError::TooLarge);
        }
        if self.is_too_old(source) {
            *self = Self::default();
        }
        let mut made = Made::default();
        loop {
            if let State::Reading(first) = &mut self.state {
                let following = first.read(source, &mut made).await;
                if let Err(ListError::TooLarge) = following {
                    let until = Instant::now() + TOO_LARGE_PAUSE;
                    *self = Self { too_large_until: Some(until), ..Self::default() };
                }
                self.state = State::Following(Box::new(following?));
            }
            let State::Following(following) = &mut self.state else { continue };
            match following.refresh(arrived, source).await? {
                Refreshed::Current(changes) => {
                    made.changes += changes;
                    break;
                }
                Refreshed::Deleted => *self = Self::default(),
            }
        }
        match &self.state {
            State::Following(following) => Ok((following, made)),
            State::Reading(_) => unreachable!("the loop ends with a replica that follows"),
        }
    }

    /// The replica, if it has read the whole organization.
    pub(crate) fn following(&mut self) -> Option<&mut Following> {
        match &mut self.state {
            State::Following(following) => Some(following),
            State::Reading(_) => None,
        }
    }

    /// The last checkpoint that the replica comes from, or that was written of it.
    pub(crate) fn checkpoint(&self) -> Option<&ObjectTag> {
        match &self.state {
            State::Reading(first) => first.checkpoint(),
            State::Following(following) => following.checkpoint.as_ref(),
        }
    }

    /// The heap bytes that the replica holds, apart from the last few changes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.state {
            State::Reading(first) => first.bytes(),
            State::Following(following) => following.measurement.bytes,
        }
    }

    /// Whether the replica has not read the whole organization yet.
    pub(crate) fn is_reading(&self) -> bool {
        matches!(self.state, State::Reading(_))
    }

    /// Whether the feed may have lost a tombstone since the replica read it, or whether the replica has been
    /// followed for so long that the whole organization is to be read again.
    fn is_too_old(&self, source: &Source<'_>) -> bool {
        let now = source.app.clock.now();
        match &self.state {
            State::Reading(first) => first.began().is_some_and(|began| began.after(RELOAD_AFTER) <= now),
            State::Following(following) => {
                let is_healed = source.app.objects.is_some() && following.index.len() > source.settings.small.into();
                let since = following.read_in_full.max(following.since);
                let life = if is_healed { HEALED_WITHIN } else { RELOAD_AFTER };
                since.after(life) <= now || following.watermark.after(LONGEST_GAP) <= now
            }
        }
    }
}

impl Following {
    /// A replica that was loaded from the table.
    pub(crate) fn loaded(load: Load, index: Box<Index>, source: &Source<'_>) -> Self {
        let Load { began, began_at, mark, lease, pages, .. } = load;
        // The organization was deleted when the load began, or later: what was read may be from before.
        let is_doubtful = mark.is_some_and(|mark| began < mark.after(CLOCK_SKEW));
        Self {
            watermark: began,
            current_at: None,
            epoch: epoch(mark),
            read_in_full: began,
            doubtful_since: is_doubtful.then_some(began_at),
            checkpoint: None,
            stored: None,
            wants_checkpoint: pages > 1,
            changes_since_stored: 0,
            lease,
            ..Self::of(index, source)
        }
    }

    /// A replica that was restored from a checkpoint, and has its tail. `began` and `now` are the times before the tail
    /// was read.
    pub(crate) fn restored(
        (index, tag, lineage): (Box<Index>, ObjectTag, &Lineage),
        (began, now): (Instant, Timestamp),
        source: &Source<'_>,
    ) -> Self {
        Self {
            watermark: now,
            current_at: Some(began),
            epoch: lineage.epoch,
            read_in_full: lineage.read_in_full,
            checkpoint: Some(tag),
            stored: Some(lineage.watermark),
            ..Self::of(index, source)
        }
    }

    fn of(index: Box<Index>, source: &Source<'_>) -> Self {
        let now = source.app.clock.now();
        Self {
            measurement: Measurement { bytes: index.bytes(), changes_since: 0 },
            index,
            watermark: now,
            current_at: None,
            epoch: 0,
            read_in_full: now,
            since: now,
            doubtful_since: None,
            checkpoint: None,
            stored: None,
            attempted: None,
            wants_checkpoint: false,
            changes_since_stored: 0,
            lease: None,
            healing: None,
            healing_refused: None,
        }
    }

    /// Whether the replica has data that may have been deleted, so that nothing may come of it but the answer that it
    /// was read for.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.doubtful_since.is_some()
    }

    /// Notes changes to the index.
    pub(crate) fn changed(&mut self, changes: usize) {
        self.changes_since_stored += changes;
        self.measurement.changes_since += changes;
        if self.measurement.changes_since >= CHANGES_BETWEEN_MEASUREMENTS {
            self.measure();
        }
    }

    /// Measures the index.
    pub(crate) fn measure(&mut self) {
        self.measurement = Measurement { bytes: self.index.bytes(), changes_since: 0 };
    }

    /// Applies the changes since the last refresh, unless a refresh that began after `arrived` already has.
    async fn refresh(&mut self, arrived: Instant, source: &Source<'_>) -> Result<Refreshed, StoreError> {
        let (began, now) = (Instant::now(), source.app.clock.now());
        if self.doubtful_since.is_some_and(|since| since < arrived) {
            return Ok(Refreshed::Deleted);
        }
        if self.current_at.is_some_and(|current_at| current_at >= arrived) {
            return Ok(Refreshed::Current(0));
        }
        let since = self.watermark.before(source.settings.overlap);
        let mut changes = 0;
        let mut cursor = None;
        loop {
            let page = source.app.store.feed(source.org, Some(since), cursor).await?;
            if page.mark.is_some_and(|mark| epoch(Some(mark)) != self.epoch) {
                return Ok(Refreshed::Deleted);
            }
            changes += apply(&mut self.index, &page.changes).await;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        self.watermark = now;
        self.current_at = Some(began);
        self.changed(changes);
        Ok(Refreshed::Current(changes))
    }
}

/// Applies changes, and lets others have their turn in between. Returns the number of those that were new.
pub(crate) async fn apply(index: &mut Index, changes: &[Change]) -> usize {
    let mut new = 0;
    for some in changes.chunks(CHANGES_IN_A_ROW) {
        new += some.iter().filter(|change| index.apply(change)).count();
        if some.len() == CHANGES_IN_A_ROW {
            yield_now().await;
        }
    }
    new
}
