//! Authentication: from the `Authorization` header to the caller.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::{ApiKey, Caller, KeyHash, Timestamp};
use lambda_http::http::{HeaderMap, header::AUTHORIZATION};

use super::ApiError;
use crate::{
    app::App,
    store::{ApiKeyRecord, ApiKeyState, LastUse},
};

/// The age at which a key's `lastUsedAt` is written anew.
const LAST_USED_RESOLUTION: Duration = Duration::from_secs(60);
/// The most keys in the cache. If there are more, the cache is emptied.
const CACHED_KEYS: usize = 10_000;

/// The API key in the header. A missing or malformed key is always the same error.
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

/// The record of the API key, if the key is active now.
pub(crate) async fn check(app: &App, hash: &KeyHash) -> Result<ApiKeyRecord, ApiError> {
    let record = app.store.find_api_key(hash).await?.ok_or(ApiError::Unauthorized)?;
    match record.state(app.clock.now()) {
        ApiKeyState::Active => Ok(record),
        ApiKeyState::Expired | ApiKeyState::Revoked => Err(ApiError::Unauthorized),
    }
}

/// The use of a key that is to be noted: at most one a minute and key, whatever the load. `None` if that is done
/// already.
pub(crate) fn last_use(record: &ApiKeyRecord, now: Timestamp) -> Option<LastUse> {
    let unless_since = now.before(LAST_USED_RESOLUTION);
    let is_noted = record.last_used_at.is_some_and(|used| used >= unless_since);
    (!is_noted).then_some(LastUse { at: now, unless_since })
}

/// Caches the caller of each API key. A cache hit starts a read early; it never authorizes one.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallerCache(Arc<Mutex<HashMap<KeyHash, Caller>>>);

impl CallerCache {
    pub(crate) fn get(&self, hash: &KeyHash) -> Option<Caller> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    pub(crate) fn remember(&self, hash: KeyHash, caller: Caller) {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CACHED_KEYS && !callers.contains_key(&hash) {
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
