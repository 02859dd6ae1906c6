//! One organization's replica: an index that follows the change feed.
//!
//! The argument (`docs/consistency.md` has it at length). A refresh must find every write that was
//! committed before it began and that the refresh before it, begun when our clock read `w`, was too
//! early for. Such a write was committed after `w`. Its stamp is its writer's clock at most
//! [`WRITE_TIMEOUT`] before the platform ended the writer, and its last call took effect at most
//! [`IN_FLIGHT`] after that; the writer's clock lies at most [`CLOCK_SKEW`] from ours. So it is
//! stamped at `w − OVERLAP` or later, and reading the feed from there on finds it: stamps of one
//! client never go back, so an item that is rewritten while we read only moves on to where we have
//! not read yet.

use std::time::{Duration, Instant};

use shared::{
    App, Cursor, OrgId, StoreError, Timestamp,
    limits::{CLOCK_SKEW, IN_FLIGHT, RELOAD_AFTER, TOMBSTONE_LIFE, WRITE_TIMEOUT},
};

use crate::index::{Index, Loader};

/// How far before its last reading a refresh reads again.
pub const OVERLAP: Duration = Duration::from_secs(WRITE_TIMEOUT.as_secs() + CLOCK_SKEW.as_secs() + IN_FLIGHT.as_secs());

// A deletion must stay in the feed for longer than any replica goes without looking.
const _: () = assert!(RELOAD_AFTER.as_secs() < TOMBSTONE_LIFE.as_secs() / 2);

/// A replica. A request that is dropped at its deadline leaves it sound: what was read is kept, and
/// the next request goes on from there.
pub struct Replica {
    state: State,
    loaded_from: Timestamp,
    overlap: Duration,
    /// What the index held when it was last measured, and the changes since.
    measured: (usize, usize),
}

/// To measure an index is to walk all of it: so many changes may add up in between.
const CHANGES_BETWEEN_MEASUREMENTS: usize = 1_000;

enum State {
    Loading {
        loader: Loader,
        cursor: Option<Cursor>,
    },
    Following {
        index: Box<Index>,
        /// Our clock before the last refresh.
        watermark: Timestamp,
        /// When that was, as requests measure their arrival.
        current_at: Option<Instant>,
    },
}

/// What it took to bring a replica up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Nothing had changed.
    Hit,
    /// Changes were applied.
    Refreshed,
    /// The organization was loaded.
    Loaded,
}

impl Replica {
    /// A replica that has read nothing yet. It overlaps its refreshes by [`OVERLAP`]; the tests
    /// show what it is for by taking less.
    #[must_use]
    pub fn new(now: Timestamp, overlap: Duration) -> Self {
        let state = State::Loading { loader: Loader::default(), cursor: None };
        Self { state, loaded_from: now, overlap, measured: (0, 0) }
    }

    /// The index as of `arrived` or later: with every write that was answered before.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn at(&mut self, arrived: Instant, app: &App, org: &OrgId) -> Result<(&Index, Effort), StoreError> {
        let now = app.clock.now();
        if self.loaded_from.after(RELOAD_AFTER) <= now {
            *self = Self::new(now, self.overlap);
        }
        let loaded = self.load(app, org).await?;
        let changed = self.refresh(arrived, app, org).await?;
        let effort = match (loaded, changed) {
            (true, _) => Effort::Loaded,
            (false, true) => Effort::Refreshed,
            (false, false) => Effort::Hit,
        };
        match &self.state {
            State::Following { index, .. } => Ok((index, effort)),
            State::Loading { .. } => unreachable!("a load ends only in following, or with an error"),
        }
    }

    /// Heap bytes held, but for the last few changes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.state {
            State::Loading { loader, .. } => loader.bytes(),
            State::Following { .. } => self.measured.0,
        }
    }

    /// Whether it has yet to read the rest of the organization.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        matches!(self.state, State::Loading { .. })
    }

    /// Reads the whole feed, unless that is done. What changes meanwhile is stamped after the load
    /// began, less the overlap, and the refresh that follows reads all of that.
    async fn load(&mut self, app: &App, org: &OrgId) -> Result<bool, StoreError> {
        let mut loaded = false;
        while let State::Loading { loader, cursor } = &mut self.state {
            let page = app.store.feed(org, None, cursor.clone()).await?;
            page.changes.into_iter().for_each(|change| loader.push(change));
            *cursor = page.next;
            if cursor.is_none() {
                let index = Box::new(std::mem::take(loader).finish());
                self.measured = (index.bytes(), 0);
                self.state = State::Following { index, watermark: self.loaded_from, current_at: None };
            }
            loaded = true;
        }
        Ok(loaded)
    }

    /// Applies what has changed, unless a refresh that began after `arrived` already has. Says
    /// whether there was anything.
    async fn refresh(&mut self, arrived: Instant, app: &App, org: &OrgId) -> Result<bool, StoreError> {
        let State::Following { index, watermark, current_at } = &mut self.state else { return Ok(false) };
        if current_at.is_some_and(|current_at| current_at >= arrived) {
            return Ok(false);
        }
        let (began, now) = (Instant::now(), app.clock.now());
        let mut changes = 0;
        let mut cursor = None;
        loop {
            let page = app.store.feed(org, Some(watermark.before(self.overlap)), cursor).await?;
            changes += page.changes.iter().filter(|change| index.apply(change)).count();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        *watermark = now;
        *current_at = Some(began);
        self.measured.1 += changes;
        if self.measured.1 >= CHANGES_BETWEEN_MEASUREMENTS {
            self.measured = (index.bytes(), 0);
        }
        Ok(changes > 0)
    }
}
