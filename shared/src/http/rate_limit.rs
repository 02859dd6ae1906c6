//! The limits on requests, as callers see them: the fields `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-11), and 429.

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::limits::{DEADLINE_MARGIN, RATE_LIMIT_WINDOW};
use futures_util::future;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue};

use super::{ApiError, auth};
use crate::{
    app::App,
    rate_limit::{Note, Standing},
    store::{ApiKeyRecord, LastUse},
};

/// The field with what is left of each limit.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The field with the limits.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// The longest time that the instance waits for its notes.
const NOTE_TIMEOUT: Duration = Duration::from_millis(150);
const _: () = assert!(NOTE_TIMEOUT.as_millis() < DEADLINE_MARGIN.as_millis());

/// The number of requests that a request counts as. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Cost(Arc<AtomicU64>);

impl Default for Cost {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1)))
    }
}

impl Cost {
    pub(super) fn set(&self, requests: u64) {
        self.0.store(requests.max(1), Ordering::Relaxed);
    }
}

/// The decision on a request by the limits of its key and of its organization.
pub(super) struct Admission {
    record: ApiKeyRecord,
    standings: Vec<Standing>,
}

impl Admission {
    /// Decides on a request with this key, and counts it if it is admitted.
    pub(super) fn decide(app: &App, record: ApiKeyRecord) -> Self {
        let standings = app.rate_limiter.admit(record.counted(), app.clock.now());
        Self { record, standings }
    }

    /// Succeeds if no limit refuses the request.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let refusing = self.standings.iter().filter(|standing| standing.refuses);
        match refusing.map(|standing| standing.seconds).max() {
            Some(seconds) => Err(ApiError::RateLimited { seconds }),
            None => Ok(()),
        }
    }

    /// Counts the rest of an admitted request's cost: one was counted when it was admitted.
    pub(super) fn charge(&mut self, app: &App, cost: &Cost) {
        let more = cost.0.load(Ordering::Relaxed) - 1;
        // A read's handler may have set the cost before the request was refused.
        if more > 0 && self.check().is_ok() {
            app.rate_limiter.count(self.record.counted(), more, app.clock.now());
            for standing in &mut self.standings {
                standing.left = standing.left.saturating_sub(more);
            }
        }
    }

    /// Adds the fields with the limits and what is left of them, if there are limits.
    pub(super) fn publish(&self, headers: &mut HeaderMap) {
        let window = RATE_LIMIT_WINDOW.as_secs();
        let (mut policy, mut left) = (String::new(), String::new());
        for standing in &self.standings {
            let separator = if policy.is_empty() { "" } else { ", " };
            let Standing { level, limit, left: requests, seconds, .. } = standing;
            let name = level.name();
            let written = write!(policy, "{separator}\"{name}\";q={limit};w={window}")
                .and_then(|()| write!(left, "{separator}\"{name}\";r={requests};t={seconds}"));
            written.expect("writing to a string cannot fail");
        }
        for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
            if !value.is_empty() {
                headers.insert(name, HeaderValue::try_from(value).expect("names and numbers"));
            }
        }
    }
}

/// Notes the use of the key, and the requests that this instance admitted, as far as that is due. `None` if nothing is.
/// No answer depends on it, so it is left for the time after the answer.
pub(super) fn note_use(app: &App, admission: Admission) -> Option<impl Future<Output = ()> + Send + use<>> {
    let now = app.clock.now();
    let Admission { record, standings } = admission;
    let last_use = auth::last_use(&record, now);
    let (of_key, of_org) =
        if standings.is_empty() { (None, None) } else { app.rate_limiter.notes(record.counted(), now) };
    if last_use.is_none() && of_key.is_none() && of_org.is_none() {
        return None;
    }
    let app = app.clone();
    Some(async move {
        let notes = future::join(note_key(&app, &record, last_use, of_key), note_organization(&app, &record, of_org));
        if tokio::time::timeout(NOTE_TIMEOUT, notes).await.is_err() {
            tracing::warn!(key_id = %record.caller.key_id, "gave up noting the use of the key");
        }
    })
}

async fn note_key(app: &App, record: &ApiKeyRecord, last_use: Option<LastUse>, usage: Option<Note>) {
    if last_use.is_none() && usage.is_none() {
        return;
    }
    match app.store.note_api_key_use(record.hash(), last_use, usage.as_ref()).await {
        Ok(()) => {
            if let Some(note) = usage {
                app.rate_limiter.key_noted(record.hash(), &note);
            }
        }
        Err(error) => {
            tracing::warn!(%error, key_id = %record.caller.key_id, "could not note the use of the key");
        }
    }
}

async fn note_organization(app: &App, record: &ApiKeyRecord, usage: Option<Note>) {
    let Some(note) = usage else { return };
    let org = &record.caller.org;
    match app.store.note_organization_use(org, &note).await {
        Ok(noted) => app.rate_limiter.org_noted(org, &note, &noted, app.clock.now()),
        Err(error) => tracing::warn!(%error, %org, "could not note the requests of the organization"),
    }
}
