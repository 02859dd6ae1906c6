//! The limiter of an instance: it admits or refuses requests, and knows what to note.

use std::{
    collections::HashMap,
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{KeyHash, OrgId, Timestamp, limits::CLOCK_SKEW};
use uuid::Uuid;

use super::{
    Entry, Level, Quotas,
    counter::{Counter, Verdict},
    window::Window,
};

/// The most keys, and the most organizations, that an instance counts. If there are more, those of past windows are
/// forgotten, and if there are still more, all are.
const COUNTED: usize = 10_000;
/// The most entries of past windows that one note removes: an expression has at most 4 KB.
const REMOVED: usize = 100;

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
