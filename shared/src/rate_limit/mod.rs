//! Limits on the requests of a key and of an organization, which all instances keep together.
//!
//! | file | purpose |
//! |---|---|
//! | `counter.rs` | the count of one key or organization in this instance, and the decision on a request |
//! | `entry.rs` | what an instance notes for the others to see |
//! | `window.rs` | the minutes in which requests are counted |
//!
//! Each instance counts what it admits. At most once a second, and only if that is much, it notes its count on the
//! item of the key, which every request reads, and on the item of the organization, which answers with what the
//! others noted. [`docs/design.md`] says how exact that is; `simulation.rs` shows it.
//!
//! [`docs/design.md`]: ../../../docs/design.md#decisions

mod counter;
mod entry;
#[cfg(test)]
mod simulation;
mod window;

use std::{
    collections::HashMap,
    env,
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{KeyHash, OrgId, Timestamp, limits::CLOCK_SKEW};
use uuid::Uuid;

use counter::{Counter, Verdict};
use window::Window;

pub use entry::Entry;

/// The most keys, and the most organizations, that an instance counts. If there are more, those of past windows are
/// forgotten, and if there are still more, all are.
const COUNTED: usize = 10_000;
/// The most entries of past windows that one note removes: an expression has at most 4 KB.
const REMOVED: usize = 100;

/// Whose requests a limit is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Those of one API key.
    Key,
    /// Those of all keys of an organization.
    Organization,
}

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Key, Self::Organization];

    /// The name of the limit, as callers see it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Organization => "organization",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Key => 'k',
            Self::Organization => 'o',
        }
    }

    fn of_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.letter() == letter)
    }

    /// How many instances each instance in a sudden rush stands for. Every request sees the entries of its key as they
    /// are, but those of the organization as they were at this instance's last note: others have joined since.
    fn rushing(self) -> u64 {
        match self {
            Self::Key => 1,
            Self::Organization => 2,
        }
    }
}

/// The limits of a key and of an organization, in requests a minute. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotas {
    /// The limit of each key. `None` if it is not set.
    pub key: Option<u64>,
    /// The limit of the organization. `None` if it is not set.
    pub organization: Option<u64>,
}

impl Quotas {
    /// The limits that the environment sets: `KEY_REQUESTS_PER_MINUTE` and `ORGANIZATION_REQUESTS_PER_MINUTE`.
    ///
    /// # Errors
    /// Fails if one of them is set to something else than a number.
    pub fn from_env() -> Result<Self, String> {
        let number = |name| match env::var(name) {
            Ok(value) if !value.is_empty() => {
                value.parse().map(Some).map_err(|_| format!("{name} must be a number of requests"))
            }
            _ => Ok(None),
        };
        Ok(Self { key: number("KEY_REQUESTS_PER_MINUTE")?, organization: number("ORGANIZATION_REQUESTS_PER_MINUTE")? })
    }

    /// The limit at a level. `None` if it is not set, or if there is none.
    fn at(self, level: Level) -> Option<u64> {
        let limit = match level {
            Level::Key => self.key,
            Level::Organization => self.organization,
        };
        limit.filter(|limit| *limit > 0)
    }

    /// These limits, and those of `others` where they set none.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self { key: self.key.or(others.key), organization: self.organization.or(others.organization) }
    }
}

/// The caller of a request, and what its key's item says about its limits.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// The key.
    pub key: &'a KeyHash,
    /// The organization.
    pub org: &'a OrgId,
    /// The organization's own limits.
    pub quotas: Quotas,
    /// What the instances have noted.
    pub usage: &'a [Entry],
}

/// A limit, and what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whose requests are limited.
    pub level: Level,
    /// The limit.
    pub limit: u64,
    /// The requests that are left in the window.
    pub left: u64,
    /// The seconds after which more requests are admitted.
    pub seconds: u64,
    /// Whether the limit refuses the request.
    pub refuses: bool,
}

/// What an instance writes into an item's usage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The entries that it sets.
    pub entries: Vec<Entry>,
    /// The names of the entries of past windows that it removes.
    pub past: Vec<String>,
}

/// Counts the requests that this instance admits. Cheap to clone; clones are the same instance.
#[derive(Clone, Debug, Default)]
pub struct RateLimiter {
    quotas: Quotas,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    instance: String,
    keys: Mutex<HashMap<KeyHash, Counter>>,
    orgs: Mutex<HashMap<OrgId, Counter>>,
}

impl Default for State {
    fn default() -> Self {
        let instance = Uuid::new_v4().simple().to_string()[..8].to_owned();
        Self { instance, keys: Mutex::default(), orgs: Mutex::default() }
    }
}

impl RateLimiter {
    /// A new instance, with the limits of organizations that have none of their own.
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self { quotas, state: Arc::default() }
    }

    /// Decides on a request, and counts it if no limit refuses it. Gives the standing of each limit after it.
    #[must_use]
    pub fn admit(&self, caller: Counted<'_>, now: Timestamp) -> Vec<Standing> {
        self.with_counters(caller, now, |counters, now| {
            let judged: Vec<_> =
                counters.iter_mut().map(|(level, limit, counter)| counter.judge(*level, *limit, now)).collect();
            let is_admitted = judged.iter().all(|verdict| *verdict == Verdict::Within);
            let standings = counters.iter_mut().zip(judged).map(|((level, limit, counter), verdict)| {
                if is_admitted {
                    counter.count(1, now);
                }
                let (left, seconds) = match verdict {
                    Verdict::InDoubt => (0, 1),
                    _ => (limit.saturating_sub(counter.known()), Window::at(now).seconds_left(now)),
                };
                Standing { level: *level, limit: *limit, left, seconds, refuses: verdict != Verdict::Within }
            });
            standings.collect()
        })
    }

    /// Counts more requests, without a decision.
    pub fn count(&self, caller: Counted<'_>, requests: u64, now: Timestamp) {
        self.with_counters(caller, now, |counters, now| {
            for (_, _, counter) in counters {
                counter.count(requests, now);
            }
        });
    }

    /// What this instance should write into the usage of the key, and of the organization. `None` if it should not.
    ///
    /// With a key's count goes the organization's: requests see it with their key, sooner than by a note of their own.
    #[must_use]
    pub fn notes(&self, caller: Counted<'_>, now: Timestamp) -> (Option<Note>, Option<Note>) {
        let instance = &self.state.instance;
        self.with_counters(caller, now, |counters, now| {
            let due: Vec<_> = counters.iter().map(|(_, limit, counter)| counter.is_due(*limit, now)).collect();
            if !due.contains(&true) {
                return (None, None);
            }
            let entries: Vec<_> =
                counters.iter().map(|(level, _, counter)| counter.entry(*level, instance, now)).collect();
            let mut notes = (None, None);
            for ((level, _, counter), _) in counters.iter_mut().zip(due).filter(|(_, is_due)| *is_due) {
                counter.begin_note(now);
                match level {
                    Level::Key => notes.0 = Some(Note { entries: entries.clone(), past: past(caller.usage, now) }),
                    Level::Organization => {
                        let own = entries.iter().filter(|entry| entry.level == Level::Organization);
                        notes.1 = Some(Note { entries: own.cloned().collect(), past: mem::take(&mut counter.past) });
                    }
                }
            }
            notes
        })
    }

    /// Ends a note on a key's item.
    pub fn key_noted(&self, key: &KeyHash, note: &Note) {
        let mut keys = lock(&self.state.keys);
        let entry = note.entries.iter().find(|entry| entry.level == Level::Key);
        if let (Some(counter), Some(entry)) = (keys.get_mut(key), entry) {
            counter.end_note(entry);
        }
    }

    /// Ends a note on an organization's item, whose usage is now `usage`.
    pub fn org_noted(&self, org: &OrgId, note: &Note, usage: &[Entry], now: Timestamp) {
        let now = now.millis();
        let mut orgs = lock(&self.state.orgs);
        if let (Some(counter), Some(entry)) = (orgs.get_mut(org), note.entries.first()) {
            counter.end_note(entry);
            counter.see(self.others(usage, Level::Organization), now);
            counter.past = past(usage, now);
        }
    }

    /// Works with the counters of the caller's limits, in the window of `now`.
    fn with_counters<T>(
        &self,
        caller: Counted<'_>,
        now: Timestamp,
        work: impl FnOnce(&mut [(Level, u64, &mut Counter)], i64) -> T,
    ) -> T {
        let (quotas, now) = (caller.quotas.or(self.quotas), now.millis());
        let (mut keys, mut orgs);
        let mut counters = Vec::with_capacity(2);
        if let Some(limit) = quotas.at(Level::Key) {
            keys = lock(&self.state.keys);
            counters.push((Level::Key, limit, counter(&mut keys, caller.key, now)));
        }
        if let Some(limit) = quotas.at(Level::Organization) {
            orgs = lock(&self.state.orgs);
            counters.push((Level::Organization, limit, counter(&mut orgs, caller.org, now)));
        }
        for (level, _, counter) in &mut counters {
            counter.see(self.others(caller.usage, *level), now);
        }
        work(&mut counters, now)
    }

    fn others<'a>(&'a self, usage: &'a [Entry], level: Level) -> impl Iterator<Item = &'a Entry> {
        usage.iter().filter(move |entry| entry.level == level && entry.instance != self.state.instance)
    }
}

/// The names of the entries of windows that are past on every instance's clock.
fn past(usage: &[Entry], now: i64) -> Vec<String> {
    let skew = i64::try_from(CLOCK_SKEW.as_millis()).unwrap_or_default();
    let window = Window::at(now - skew).number();
    usage.iter().filter(|entry| entry.window < window).map(Entry::name).take(REMOVED).collect()
}

fn counter<'a, K: Clone + Eq + Hash>(counters: &'a mut HashMap<K, Counter>, of: &K, now: i64) -> &'a mut Counter {
    if counters.len() >= COUNTED && !counters.contains_key(of) {
        counters.retain(|_, counter| counter.is_of(now));
        if counters.len() >= COUNTED {
            counters.clear();
        }
    }
    let counter = counters.entry(of.clone()).or_default();
    counter.enter(now);
    counter
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
