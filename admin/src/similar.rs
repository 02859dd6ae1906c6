//! The identifier that was meant, if one is not there: the nearest of those that are. It is only ever shown.

use domain::{KeyId, OrgId};
use shared::store::{ApiKeyRecord, Store};

/// The most keys that are looked through: some 400 read units.
const MOST_KEYS: usize = 10_000;
/// The most letters that are mistyped. Identifiers of keys are random, so that no two are as near.
const TYPING_ERRORS: usize = 3;

/// The organization whose identifier is nearest to one that has no keys. `None` if none is near, if that one has keys, or
/// if the table cannot say.
pub(crate) async fn organization(org: &OrgId, store: &Store) -> Option<OrgId> {
    let mut nearest = Nearest::new(org.as_str());
    store
        .visit_api_keys(MOST_KEYS, |key| nearest.compare(key.caller.org.clone(), key.caller.org.as_str()))
        .await
        .ok()?;
    nearest.found()
}

/// Says on standard error which organization may have been meant.
pub(crate) async fn suggest_organization(org: &OrgId, store: &Store) {
    if let Some(near) = organization(org, store).await {
        eprintln!("hint: there is an organization `{near}`");
    }
}

/// The key whose identifier is nearest to one that is not there.
pub(crate) async fn key(id: &KeyId, store: &Store) -> Option<ApiKeyRecord> {
    let mut nearest = Nearest::new(id.as_str());
    store
        .visit_api_keys(MOST_KEYS, |key| {
            let id = key.caller.key_id.clone();
            nearest.compare(key, id.as_str());
        })
        .await
        .ok()?;
    nearest.found()
}

/// The nearest so far.
struct Nearest<'a, T> {
    wanted: &'a str,
    best: Option<(usize, T)>,
}

impl<'a, T> Nearest<'a, T> {
    fn new(wanted: &'a str) -> Self {
        Self { wanted, best: None }
    }

    fn compare(&mut self, candidate: T, text: &str) {
        let distance = if cut_short(self.wanted, text) { 1 } else { distance(self.wanted, text) };
        if self.best.as_ref().is_none_or(|(best, _)| distance < *best) {
            self.best = Some((distance, candidate));
        }
    }

    fn found(self) -> Option<T> {
        // Of a short identifier, three letters are too much.
        let most = TYPING_ERRORS.min(self.wanted.chars().count() / 3).max(1);
        self.best.filter(|(distance, _)| (1..=most).contains(distance)).map(|(_, found)| found)
    }
}

/// Whether only the beginning was copied, and enough of it.
fn cut_short(wanted: &str, text: &str) -> bool {
    wanted.len() >= 8 && wanted != text && text.starts_with(wanted)
}

/// The number of mistyped, missing, additional or swapped letters, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    if a == b {
        return 0;
    }
    strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(wanted: &str, there: &[&'static str]) -> Option<&'static str> {
        let mut nearest = Nearest::new(wanted);
        there.iter().for_each(|text| nearest.compare(*text, text));
        nearest.found()
    }

    #[test]
    fn the_nearest_is_found_if_it_is_near_enough() {
        let there = ["acme", "globex", "initech", "acme-staging"];
        assert_eq!(nearest("acmee", &there), Some("acme"));
        assert_eq!(nearest("amce", &there), Some("acme"));
        assert_eq!(nearest("ACME", &there), Some("acme"));
        assert_eq!(nearest("initec", &there), Some("initech"));
        assert_eq!(nearest("acme-stag", &there), Some("acme-staging"));
        assert_eq!(nearest("acme", &there), None, "it is there");
        assert_eq!(nearest("umbrella", &there), None);
        assert_eq!(nearest("bme", &there), None);
        assert_eq!(nearest("acme", &[]), None);
    }
}
