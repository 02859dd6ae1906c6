//! The count of one key or organization in this instance, and whether one more request is within the limit.
//!
//! A pure state machine, which knows neither tables nor clocks. All times are in milliseconds since the Unix epoch.

use std::mem;

use super::{Level, entry::Entry, window::Window};

/// The shortest time between two notes of an instance.
const NOTE_PAUSE: i64 = 1000;
/// The age up to which an entry's instance counts as busy: it would have noted again by then.
const BUSY: i64 = NOTE_PAUSE + 300;
/// A request is refused on an estimate only if the estimate is above the limit by this part of it.
const DOUBT: f64 = 0.05;
/// An instance notes nothing if it has admitted less than this part of the limit since its last note.
const LIGHT: u64 = 200;

/// The count of one key or organization in this instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter {
    window: Window,
    /// The requests that this instance admitted in the window.
    admitted: u64,
    /// The part of them that its entry holds.
    noted: u64,
    /// The time since which it admitted requests that its entry does not hold.
    since: Option<i64>,
    /// The time of its last attempt at a note.
    tried_at: Option<i64>,
    /// Whether it refused a request because of what others may have admitted and not noted yet.
    is_in_doubt: bool,
    /// What the others noted in the window.
    others: Vec<Seen>,
    /// The names of entries of past windows, for the next note to remove.
    pub(super) past: Vec<String>,
}

/// An entry of another instance.
#[derive(Clone, Debug)]
struct Seen {
    entry: Entry,
    at: i64,
}

/// Whether a request is within a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is.
    Within,
    /// The limit is used up.
    UsedUp,
    /// The limit is probably used up, by requests that others have not noted yet. A second later, this is known.
    InDoubt,
}

impl Counter {
    /// Moves on to the window of `now`. What nobody noted in the last window does not matter any more.
    pub(super) fn enter(&mut self, now: i64) {
        let window = Window::at(now);
        if self.window != window {
            *self = Self { window, tried_at: self.tried_at, past: mem::take(&mut self.past), ..Self::default() };
        }
    }

    /// Takes over what other instances have noted, as it is seen at `now`.
    pub(super) fn see<'a>(&mut self, entries: impl Iterator<Item = &'a Entry>, now: i64) {
        for entry in entries.filter(|entry| entry.window == self.window.number()) {
            match self.others.iter_mut().find(|seen| seen.entry.instance == entry.instance) {
                Some(seen) if (seen.entry.count, seen.entry.at) >= (entry.count, entry.at) => {}
                Some(seen) => *seen = Seen { entry: entry.clone(), at: now },
                None => self.others.push(Seen { entry: entry.clone(), at: now }),
            }
        }
    }

    /// Whether this is the window of `now`.
    pub(super) fn is_of(&self, now: i64) -> bool {
        self.window == Window::at(now)
    }

    /// The requests that are known to be admitted in the window.
    pub(super) fn known(&self) -> u64 {
        self.admitted + self.others.iter().map(|seen| seen.entry.count).sum::<u64>()
    }

    /// Decides on a request. It is never refused for good while fewer requests than the limit are known.
    pub(super) fn judge(&mut self, level: Level, limit: u64, now: i64) -> Verdict {
        let known = self.known();
        if known >= limit {
            return Verdict::UsedUp;
        }
        if known as f64 + self.estimate(level, now) < limit as f64 * (1.0 + DOUBT) {
            return Verdict::Within;
        }
        self.is_in_doubt = true;
        Verdict::InDoubt
    }

    /// Counts requests as admitted.
    pub(super) fn count(&mut self, requests: u64, now: i64) {
        self.admitted += requests;
        self.since.get_or_insert(now);
    }

    /// An estimate of the requests that busy instances have admitted and not noted.
    ///
    /// An instance that noted in a steady flow goes on in it. An instance that noted in a sudden rush is assumed to
    /// have admitted since as much as this instance has: if all rush together, each takes an equal part of what is
    /// left.
    fn estimate(&self, level: Level, now: i64) -> f64 {
        let own = (self.admitted - self.noted) * level.rushing();
        let is_busy = |seen: &&Seen| seen.at - seen.entry.at <= BUSY && now - seen.at <= BUSY;
        let busy = self.others.iter().filter(is_busy);
        let admitted = busy.map(|Seen { entry, .. }| match entry.rate {
            Some(rate) => rate as f64 * (now - entry.at).clamp(0, 2 * BUSY) as f64 / 1000.0,
            None => own as f64,
        });
        admitted.sum()
    }

    /// Whether this instance should note its count now: if that is not little, and if the last attempt is a second ago.
    pub(super) fn is_due(&self, limit: u64, now: i64) -> bool {
        let is_light = self.admitted - self.noted < (limit / LIGHT).max(1);
        let is_early = self.tried_at.is_some_and(|tried| (0..NOTE_PAUSE).contains(&(now - tried)));
        !is_early && (!is_light || self.is_in_doubt)
    }

    /// Begins a note.
    pub(super) fn begin_note(&mut self, now: i64) {
        self.tried_at = Some(now);
        self.is_in_doubt = false;
    }

    /// What this instance has to say.
    pub(super) fn entry(&self, level: Level, instance: &str, now: i64) -> Entry {
        let own = self.admitted - self.noted;
        let span = now - self.since.unwrap_or(now);
        let rate = (own == 0 || span >= NOTE_PAUSE).then(|| own * 1000 / span.max(NOTE_PAUSE).unsigned_abs());
        let (window, instance) = (self.window.number(), instance.to_owned());
        Entry { level, window, instance, count: self.admitted, at: now, rate }
    }

    /// Ends a note: the entry is written.
    pub(super) fn end_note(&mut self, entry: &Entry) {
        if entry.window == self.window.number() {
            self.noted = self.noted.max(entry.count);
            self.since = Some(entry.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn counted(requests: u64, now: i64) -> Counter {
        let mut counter = Counter::default();
        counter.enter(now);
        counter.count(requests, now);
        counter
    }

    #[test]
    fn a_note_that_ends_in_the_next_minute_counts_nothing_there() {
        let mut counter = counted(50, MINUTE - 1);
        let entry = counter.entry(Level::Key, "a", MINUTE - 1);
        counter.enter(MINUTE + 1);
        counter.end_note(&entry);
        counter.count(1, MINUTE + 2);
        assert_eq!((counter.known(), counter.is_due(100, MINUTE + 2)), (1, true));
    }

    #[test]
    fn a_rate_is_known_after_a_second() {
        let mut counter = counted(50, 100);
        assert_eq!(counter.entry(Level::Key, "a", 900).rate, None, "a rush");
        assert_eq!(counter.entry(Level::Key, "a", 1_100).rate, Some(50));
        assert_eq!(counter.entry(Level::Key, "a", 5_100).rate, Some(10));
        let entry = counter.entry(Level::Key, "a", 5_100);
        counter.end_note(&entry);
        assert_eq!(counter.entry(Level::Key, "a", 5_200).rate, Some(0), "nothing since");
    }

    #[test]
    fn an_older_view_takes_nothing_back() {
        let mut counter = counted(1, 0);
        let entry = |count, at| Entry { level: Level::Key, window: 0, instance: "b".to_owned(), count, at, rate: None };
        counter.see([entry(9, 200), entry(5, 100)].iter(), 300);
        counter.see([entry(7, 150)].iter(), 400);
        assert_eq!(counter.known(), 10);
        let of_the_last_minute = Entry { window: -1, ..entry(99, 500) };
        counter.see([of_the_last_minute].iter(), 500);
        assert_eq!(counter.known(), 10);
    }

    #[test]
    fn what_is_in_doubt_is_known_a_second_later() {
        let mut counter = counted(1, 0);
        let busy = Entry { level: Level::Key, window: 0, instance: "b".to_owned(), count: 90, at: 0, rate: Some(30) };
        counter.see([busy].iter(), 0);
        assert_eq!(counter.judge(Level::Key, 100, 900), Verdict::InDoubt);
        assert!(counter.is_due(100, 900));
        // It did not note again, so it is not busy any more.
        assert_eq!(counter.judge(Level::Key, 100, 1_301), Verdict::Within);
        counter.count(9, 1_301);
        assert_eq!(counter.judge(Level::Key, 100, 1_302), Verdict::UsedUp);
    }
}
