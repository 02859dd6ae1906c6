//! One organization's replica: an index that follows the change feed.
//!
//! A refresh must find every write that was committed after the previous refresh began, when our clock read
//! `w`. The timestamp of such a write is later than `w` less the writers' timeout ([`WRITE_TIMEOUT`]), the
//! time that a call can be in flight ([`IN_FLIGHT`]) and the difference of the clocks ([`CLOCK_SKEW`]). So
//! a refresh reads the feed from `w − OVERLAP` on. `docs/consistency.md` has the whole argument.

use std::time::{Duration, Instant};

use domain::{
    OrgId, Timestamp,
    limits::{CLOCK_SKEW, IN_FLIGHT, RELOAD_AFTER, TOMBSTONE_LIFE, WRITE_TIMEOUT},
};
use list_engine::{Index, Loader};
use shared::{
    App,
    store::{Cursor, StoreError},
};

/// The time before the watermark from which a refresh reads again.
pub const OVERLAP: Duration = Duration::from_secs(WRITE_TIMEOUT.as_secs() + CLOCK_SKEW.as_secs() + IN_FLIGHT.as_secs());

// A tombstone must stay in the feed for longer than any replica goes without reading it.
const _: () = assert!(RELOAD_AFTER.as_secs() < TOMBSTONE_LIFE.as_secs() / 2);

/// A replica. A request that is dropped at its deadline leaves it sound: it keeps the pages that were read,
/// and the next request continues from there.
pub struct Replica {
    state: State,
    loaded_from: Timestamp,
    overlap: Duration,
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

enum State {
    Loading {
        loader: Loader,
        cursor: Option<Cursor>,
    },
    Following {
        index: Box<Index>,
        /// Our clock's time before the last refresh.
        watermark: Timestamp,
        /// The same instant on the monotonic clock.
        current_at: Option<Instant>,
    },
}

/// The work that brought a replica up to date.
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
    /// A new, empty replica. `overlap` is [`OVERLAP`], except in the tests that show what
    /// goes wrong with less.
    #[must_use]
    pub fn new(now: Timestamp, overlap: Duration) -> Self {
        let state = State::Loading { loader: Loader::default(), cursor: None };
        Self { state, loaded_from: now, overlap, measurement: Measurement::default() }
    }

    /// The index as of `arrived` or later: with every write that was answered before.
    ///
    /// # Errors
    /// Fails if the table does.
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
            State::Loading { .. } => unreachable!("a load ends with an index or with an error"),
        }
    }

    /// The heap bytes that the replica holds, apart from the last few changes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.state {
            State::Loading { loader, .. } => loader.bytes(),
            State::Following { .. } => self.measurement.bytes,
        }
    }

    /// Whether the replica has not read the whole organization yet.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        matches!(self.state, State::Loading { .. })
    }

    /// Reads the whole feed, unless that is done. Writes made meanwhile have timestamps later than the
    /// start of the load less the overlap, and the refresh that follows reads all of those.
    async fn load(&mut self, app: &App, org: &OrgId) -> Result<bool, StoreError> {
        let mut loaded = false;
        while let State::Loading { loader, cursor } = &mut self.state {
            let page = app.store.feed(org, None, cursor.clone()).await?;
            page.changes.into_iter().for_each(|change| loader.push(change));
            *cursor = page.next;
            if cursor.is_none() {
                let index = Box::new(std::mem::take(loader).finish());
                self.measurement = Measurement { bytes: index.bytes(), changes_since: 0 };
                self.state = State::Following { index, watermark: self.loaded_from, current_at: None };
            }
            loaded = true;
        }
        Ok(loaded)
    }

    /// Applies the changes since the last refresh, unless a refresh that began after `arrived` already
    /// has. Gives whether there were any.
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
        self.measurement.changes_since += changes;
        if self.measurement.changes_since >= CHANGES_BETWEEN_MEASUREMENTS {
            self.measurement = Measurement { bytes: index.bytes(), changes_since: 0 };
        }
        Ok(changes > 0)
    }
}
