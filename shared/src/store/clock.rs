//! Comparing this machine's clock with DynamoDB's, which every answer tells.

use std::time::Duration;

use aws_smithy_types::date_time::{DateTime, Format};
use domain::{Clock, Timestamp};

use super::Store;

/// The resolution of the date in an answer's headers.
const RESOLUTION: Duration = Duration::from_secs(1);

/// The least error of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// The clock is ahead of DynamoDB's.
    Ahead(Duration),
    /// The clock is behind DynamoDB's.
    Behind(Duration),
}

impl Store {
    /// Whether `clock` and DynamoDB's may differ by no more than `allowed`. `false` if DynamoDB does not tell the time.
    pub async fn clocks_agree(&self, clock: &Clock, allowed: Duration) -> bool {
        let before = clock.now();
        let date = self.transport.date().await;
        let after = clock.now();
        date.and_then(|date| http_date(&date)).is_some_and(|date| compare(before, date, after, allowed).is_none())
    }
}

/// The time in the header `Date`.
pub(super) fn http_date(date: &str) -> Option<Timestamp> {
    let date = DateTime::from_str(date, Format::HttpDate).ok()?;
    date.to_millis().ok().map(Timestamp::from_millis)
}

/// Compares the clocks. DynamoDB's was somewhere within the second that begins at `date` while ours
/// went from `before` to `after`.
pub(super) fn compare(before: Timestamp, date: Timestamp, after: Timestamp, allowed: Duration) -> Option<ClockError> {
    let apart = |late: Timestamp, early: Timestamp| {
        Duration::from_millis(u64::try_from(late.millis() - early.millis()).unwrap_or_default())
    };
    let (ahead, behind) = (apart(before, date.after(RESOLUTION)), apart(date, after));
    if ahead > allowed {
        Some(ClockError::Ahead(ahead))
    } else if behind > allowed {
        Some(ClockError::Behind(behind))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(before: &str, date: &str, after: &str) -> Option<ClockError> {
        let at = |text: &str| format!("2026-01-31T09:30:{text}Z").parse::<Timestamp>().unwrap();
        compare(at(before), at(date), at(after), Duration::from_secs(2))
    }

    #[test]
    fn only_a_certain_error_is_reported() {
        assert_eq!(error("10.900", "10.000", "10.950"), None);
        assert_eq!(error("13.000", "10.000", "13.100"), None);
        assert_eq!(error("13.001", "10.000", "13.100"), Some(ClockError::Ahead(Duration::from_millis(2001))));
        assert_eq!(error("07.000", "10.000", "08.000"), None);
        assert_eq!(error("07.000", "10.000", "07.999"), Some(ClockError::Behind(Duration::from_millis(2001))));
        // A slow answer says less about the clock, but nothing wrong.
        assert_eq!(error("05.000", "10.000", "25.000"), None);
    }
}
