//! The windows of time in which requests are counted.

use domain::limits::RATE_LIMIT_WINDOW;

const LENGTH: i64 = RATE_LIMIT_WINDOW.as_millis() as i64;

/// A window of time. Windows follow one another, aligned to the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window(i64);

impl Window {
    /// The window that contains `now`, in milliseconds since the Unix epoch.
    pub(super) fn at(now: i64) -> Self {
        Self(now.div_euclid(LENGTH))
    }

    /// The window of this number.
    pub(super) fn numbered(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    pub(super) fn number(self) -> i64 {
        self.0
    }

    /// The time of its start.
    pub(super) fn start(self) -> i64 {
        self.0.saturating_mul(LENGTH)
    }

    /// The whole seconds from `now` to its end, at least one.
    pub(super) fn seconds_left(self, now: i64) -> u64 {
        let left = self.start().saturating_add(LENGTH) - now;
        left.clamp(1, LENGTH).unsigned_abs().div_ceil(1000)
    }
}
