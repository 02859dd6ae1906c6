//! Where a replica reads from, and for whom.

use std::time::Duration;

use domain::{
    Clock, OrgId,
    limits::{CHECKPOINT_PAUSE, CLOCK_SKEW, OVERLAP},
};
use shared::{
    App,
    http::{AfterAnswer, ApiError},
    store::StoreError,
};

use crate::checkpoints::Checkpoints;

/// See [`Settings::small`]: some 50 read units.
const SMALL: u16 = 1024;
/// See [`Settings::first_bytes`]: all of a checkpoint of some 60,000 clients.
const FIRST_BYTES: u64 = 4 * 1024 * 1024;
/// See [`Settings::range_bytes`].
const RANGE_BYTES: u64 = 8 * 1024 * 1024;
/// See [`Settings::storage_pause`].
const STORAGE_PAUSE: Duration = Duration::from_secs(10);

/// What a replica reads from, during one request.
pub(crate) struct Source<'a> {
    pub(crate) app: &'a App,
    pub(crate) org: &'a OrgId,
    pub(crate) checkpoints: &'a Checkpoints,
    pub(crate) settings: &'a Settings,
    pub(crate) after_answer: &'a AfterAnswer,
}

/// The settings of all replicas of a process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most bytes of replicas that are kept. An organization whose replica alone is larger is refused.
    pub budget: usize,
    /// The time before its watermark from which a replica reads the feed again. It is
    /// [`OVERLAP`], except in the tests that show what goes wrong with less.
    pub overlap: Duration,
    /// The most clients of an organization that is read from the table as cheaply as from a checkpoint.
    pub small: u16,
    /// The bytes of a checkpoint that are read first. They must have the header.
    pub first_bytes: u64,
    /// The bytes of each further read.
    pub range_bytes: u64,
    /// The shortest time between two checkpoints of an organization.
    pub checkpoint_pause: Duration,
    /// The time for which storage is left alone after a failure.
    pub storage_pause: Duration,
    /// Whether work can be left for the time after the answer.
    pub works_after_answers: bool,
    /// The database's clock; `None` asks the database. Tests have clocks of their own.
    pub database_clock: Option<Clock>,
    /// The table's identifier; `None` asks the database, which takes the embedded engine long in the bench: it counts
    /// the items.
    pub table_id: Option<String>,
}

impl Settings {
    /// The settings of a process that keeps so many bytes of replicas.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self {
            budget,
            overlap: OVERLAP,
            small: SMALL,
            first_bytes: FIRST_BYTES,
            range_bytes: RANGE_BYTES,
            checkpoint_pause: CHECKPOINT_PAUSE,
            storage_pause: STORAGE_PAUSE,
            works_after_answers: true,
            database_clock: None,
            table_id: None,
        }
    }
}

impl Source<'_> {
    /// Whether our clock and the database's differ by no more than clocks may.
    pub(crate) async fn clocks_agree(&self) -> bool {
        if let Some(clock) = &self.settings.database_clock {
            let difference = clock.now().millis() - self.app.clock.now().millis();
            return difference.unsigned_abs() <= CLOCK_SKEW.as_millis() as u64;
        }
        self.app.store.clocks_agree(&self.app.clock, CLOCK_SKEW).await
    }
}

/// The failure of a list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The organization's replica does not fit into the memory.
    #[error("the organization is too large")]
    TooLarge,
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Store(error) => error.into(),
            ListError::TooLarge => Self::TooLarge,
        }
    }
}
