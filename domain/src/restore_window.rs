//! The time for which a deleted client can be restored.

use std::{str::FromStr, time::Duration};

use crate::{
    limits::{DAY, RESTORE_WINDOW},
    time::Timestamp,
};

/// The time for which a deleted client can be restored: 0 to 7 whole days, an operator's setting. If it is 0, a
/// deletion keeps no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreWindow(Duration);

impl RestoreWindow {
    /// No time: what is deleted is gone.
    pub const NONE: Self = Self(Duration::ZERO);

    /// Whether a deletion keeps the client's data.
    #[must_use]
    pub fn keeps_data(self) -> bool {
        !self.0.is_zero()
    }

    /// The time of the earliest deletion that can be undone at `now`. It lies after every deletion if none can.
    #[must_use]
    pub fn start(self, now: Timestamp) -> Timestamp {
        if self.keeps_data() { now.before(self.0) } else { Timestamp::from_millis(i64::MAX) }
    }
}

/// The longest time.
impl Default for RestoreWindow {
    fn default() -> Self {
        Self(RESTORE_WINDOW)
    }
}

/// Reads a number of days.
impl FromStr for RestoreWindow {
    type Err = InvalidRestoreWindow;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days: u64 = text.parse().map_err(|_| InvalidRestoreWindow)?;
        let window = Duration::from_secs(days.saturating_mul(DAY));
        if window > RESTORE_WINDOW { Err(InvalidRestoreWindow) } else { Ok(Self(window)) }
    }
}

/// The error for a text that is not a number of days from 0 to 7.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("must be a whole number of days from 0 to {}", RESTORE_WINDOW.as_secs() / DAY)]
pub struct InvalidRestoreWindow;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_0_to_7_days_are_a_window() {
        for days in 0..=7 {
            assert_eq!(days.to_string().parse::<RestoreWindow>().unwrap().keeps_data(), days > 0);
        }
        assert_eq!("7".parse::<RestoreWindow>().unwrap(), RestoreWindow::default());
        assert_eq!("0".parse::<RestoreWindow>().unwrap(), RestoreWindow::NONE);
        for text in ["8", "-1", "", " 7", "7 days", "1.5", "18446744073709551615"] {
            assert!(text.parse::<RestoreWindow>().is_err(), "{text}");
        }
        assert_eq!(InvalidRestoreWindow.to_string(), "must be a whole number of days from 0 to 7");
    }

    #[test]
    fn the_window_ends_now_and_is_empty_without_days() {
        let now: Timestamp = "2026-01-31T09:30:00.000Z".parse().unwrap();
        let start = |days: &str| days.parse::<RestoreWindow>().unwrap().start(now);
        assert_eq!(start("7").to_string(), "2026-01-24T09:30:00.000Z");
        assert_eq!(start("0").to_string(), "9999-12-30T22:00:00.000Z");
    }
}
