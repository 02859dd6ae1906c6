//! Who is calling: from the `Authorization` header to a caller.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lambda_http::http::{HeaderMap, header::AUTHORIZATION};

use crate::{
    app::App,
    error::ApiError,
    identity::Caller,
    key::{ApiKey, KeyHash},
    store::{KeyRecord, KeyState},
};

/// How old a key's `lastUsedAt` may grow before it is written anew.
const LAST_USED_RESOLUTION: Duration = Duration::from_secs(60);
/// How long a request waits for that.
const PATIENCE: Duration = Duration::from_millis(250);
/// How many keys a process remembers; when there are more it forgets them all and starts over.
const REMEMBERED_KEYS: usize = 10_000;

/// The key in the header; the same error for every way of having none.
pub(crate) fn presented_key(headers: &HeaderMap) -> Result<ApiKey, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(ApiError::Unauthorized);
    };
    let text = value.to_str().map_err(|_| ApiError::Unauthorized)?;
    let (scheme, credentials) = text.split_once(' ').ok_or(ApiError::Unauthorized)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(ApiError::Unauthorized);
    }
    credentials.trim_start_matches(' ').parse().map_err(|_| ApiError::Unauthorized)
}

/// The record of a key that is active now.
pub(crate) async fn check(app: &App, hash: &KeyHash) -> Result<KeyRecord, ApiError> {
    let record = app.store.find_key(hash).await?.ok_or(ApiError::Unauthorized)?;
    match record.state(app.clock.now()) {
        KeyState::Active => Ok(record),
        KeyState::Expired | KeyState::Revoked => Err(ApiError::Unauthorized),
    }
}

/// Keeps `lastUsedAt` to the minute: a write a minute and key at the most, whatever the load. The
/// request does not depend on it, and waits for it only as long as it usually takes.
pub(crate) async fn touch(app: &App, record: &KeyRecord) {
    let now = app.clock.now();
    let stale = now.before(LAST_USED_RESOLUTION);
    if record.last_used_at.is_some_and(|used| used >= stale) {
        return;
    }
    let key_id = &record.caller.key;
    match tokio::time::timeout(PATIENCE, app.store.touch_key(record, now, stale)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, %key_id, "could not note that the key is in use"),
        Err(_) => tracing::warn!(%key_id, "gave up noting that the key is in use"),
    }
}

/// Whom each key belonged to when it was last checked. Never an answer to whether a key is valid:
/// only a guess for whom to start a read early.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered(Arc<Mutex<HashMap<KeyHash, Caller>>>);

impl Remembered {
    pub(crate) fn caller(&self, hash: &KeyHash) -> Option<Caller> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    pub(crate) fn remember(&self, hash: KeyHash, caller: Caller) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= REMEMBERED_KEYS {
            callers.clear();
        }
        callers.insert(hash, caller);
    }

    pub(crate) fn forget(&self, hash: &KeyHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_in(value: &str) -> Result<ApiKey, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        presented_key(&headers)
    }

    #[test]
    fn a_bearer_key_is_found() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(key_in(&format!("Bearer {}", key.reveal())).unwrap(), key);
        assert_eq!(key_in(&format!("bearer  {}", key.reveal())).unwrap(), key);
    }

    #[test]
    fn anything_else_is_unauthorized() {
        let key = ApiKey::generate().unwrap();
        for value in ["", "Bearer", "Bearer ", "Bearer x", key.reveal(), "Basic Og==", "Bearer ba_ ba_"] {
            assert!(matches!(key_in(value), Err(ApiError::Unauthorized)), "{value}");
        }
        assert!(presented_key(&HeaderMap::new()).is_err());
    }
}
