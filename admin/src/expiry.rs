//! The expiry of a key, and the time for which a rotated key is kept, as operators type them.

use std::time::Duration;

use domain::Timestamp;
use jiff::{Span, ToSpan, civil::Date, tz::TimeZone};

/// The longest life of a key, in years. A longer one is a typing error.
const LONGEST_YEARS: i64 = 10;

/// The expiry of a key created at `now`: `90d` and `1y` count from `now`, a date is the key's last day (UTC),
/// and an RFC 3339 instant is taken as it is.
///
/// # Errors
/// Fails if the text has none of these forms, or if the expiry is not within ten years from now. The error
/// is the rule that the text breaks.
pub(crate) fn end(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let end = life(text)
        .map(|life| later(now, life))
        .or_else(|| last_day(text))
        .or_else(|| text.parse().ok())
        .ok_or("must be 30d, 60d, 90d, 1y (any number of days or years), a date (2027-01-31) or an instant (2027-01-31T12:00:00Z)")?;
    if end <= now {
        return Err("must be in the future".to_owned());
    }
    if end > later(now, LONGEST_YEARS.years()) {
        return Err(format!("must be at most {LONGEST_YEARS} years away"));
    }
    Ok(end)
}

/// The time for which an old key is kept beside its successor: minutes, hours or days (`30m`, `24h`, `7d`).
///
/// # Errors
/// Fails if the text has another form. The error names the right one.
pub(crate) fn keep(text: &str) -> Result<Duration, String> {
    let keep = number_and_unit(text).and_then(|(number, unit)| {
        let seconds = match unit {
            "m" => Some(60),
            "h" => Some(60 * 60),
            "d" => Some(24 * 60 * 60),
            _ => None,
        };
        seconds.map(|seconds| Duration::from_secs(seconds * u64::from(number)))
    });
    keep.ok_or_else(|| "must be a number of minutes, hours or days (30m, 24h, 7d)".to_owned())
}

/// `90d` or `1y`.
fn life(text: &str) -> Option<Span> {
    let (number, unit) = number_and_unit(text)?;
    // A span longer than the calendar would panic. A shorter one is refused as too long.
    let number = i64::from(number.min(10_000));
    match unit {
        "d" => Some(number.days()),
        "y" => Some(number.years()),
        _ => None,
    }
}

/// A whole number and the text after it.
fn number_and_unit(text: &str) -> Option<(u16, &str)> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    Some((number.parse().ok()?, unit))
}

/// The last millisecond of a date.
fn last_day(text: &str) -> Option<Timestamp> {
    // The parser would also accept a date with a time, and drop the time.
    if text.len() != "2027-01-31".len() {
        return None;
    }
    let date: Date = text.parse().ok()?;
    let end = date.at(23, 59, 59, 999_000_000).to_zoned_datetime(TimeZone::UTC);
    Some(Timestamp::from_millis(end.map_or(i64::MAX, |end| end.timestamp().as_millisecond())))
}

/// The time `life` after `now` by the calendar (UTC), or the calendar's end.
fn later(now: Timestamp, life: Span) -> Timestamp {
    let now = jiff::Timestamp::from_millisecond(now.millis()).map(|now| now.to_zoned_datetime(TimeZone::UTC));
    let end = now.and_then(|now| now.checked_add(life));
    Timestamp::from_millis(end.map_or(i64::MAX, |end| end.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(text: &str) -> Result<String, String> {
        end(text, "2026-03-01T12:30:15.250Z".parse().unwrap()).map(|end| end.to_string())
    }

    #[test]
    fn days_and_years_count_from_now() {
        assert_eq!(end_of("1d").unwrap(), "2026-03-02T12:30:15.250Z");
        assert_eq!(end_of("30d").unwrap(), "2026-03-31T12:30:15.250Z");
        assert_eq!(end_of("60d").unwrap(), "2026-04-30T12:30:15.250Z");
        assert_eq!(end_of("90d").unwrap(), "2026-05-30T12:30:15.250Z");
        // Years are counted by the calendar: these two include a 29th of February.
        assert_eq!(end_of("2y").unwrap(), "2028-03-01T12:30:15.250Z");
        assert_eq!(end_of("10y").unwrap(), "2036-03-01T12:30:15.250Z");
    }

    #[test]
    fn a_date_is_the_last_day() {
        assert_eq!(end_of("2027-01-31").unwrap(), "2027-01-31T23:59:59.999Z");
        assert_eq!(end_of("2026-03-01").unwrap(), "2026-03-01T23:59:59.999Z");
    }

    #[test]
    fn an_instant_is_taken_as_it_is() {
        assert_eq!(end_of("2027-01-31T12:00:00Z").unwrap(), "2027-01-31T12:00:00.000Z");
        assert_eq!(end_of("2027-01-31T12:00:00+02:00").unwrap(), "2027-01-31T10:00:00.000Z");
    }

    #[test]
    fn an_expiry_in_the_past_or_far_away_is_refused() {
        for past in ["0d", "0y", "2026-02-28", "2026-03-01T12:30:15.250Z", "1999-12-31"] {
            assert_eq!(end_of(past).unwrap_err(), "must be in the future", "{past}");
        }
        for far in ["11y", "4000d", "9999-12-31", "9999-12-30T00:00:00Z", "2036-03-02", "60000y", "65535d"] {
            assert_eq!(end_of(far).unwrap_err(), "must be at most 10 years away", "{far}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        for text in [
            "",
            " ",
            "90",
            "d",
            "-1d",
            "+1d",
            "1.5d",
            "90 d",
            "90D",
            "1w",
            "1yd",
            "tomorrow",
            "2027-02-30",
            "2027-1-31",
            "31.01.2027",
            "2027-01-31T12:00",
            "2027-01-31 12:00",
            "99999999999999999999d",
            "é",
        ] {
            assert!(end_of(text).unwrap_err().starts_with("must be 30d,"), "{text}");
        }
    }

    #[test]
    fn the_time_to_keep_an_old_key_is_in_minutes_hours_or_days() {
        assert_eq!(keep("0m"), Ok(Duration::ZERO));
        assert_eq!(keep("30m"), Ok(Duration::from_secs(30 * 60)));
        assert_eq!(keep("24h"), Ok(Duration::from_secs(24 * 60 * 60)));
        assert_eq!(keep("7d"), Ok(Duration::from_secs(7 * 24 * 60 * 60)));
        for text in ["", "24", "h", "1y", "-1h", "24 h", "99999999999999999999d"] {
            assert!(keep(text).is_err(), "{text}");
        }
    }
}
