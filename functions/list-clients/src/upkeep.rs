//! The work on a replica after an answer, when no caller waits for it.

use shared::{App, telemetry::Upkeep};
use tokio::{task::yield_now, time::Instant};

use crate::{
    checkpoints::Stored,
    replica::{Following, Replica},
    source::{Settings, Source},
};

/// Whether there is any.
pub(crate) fn is_needed(replica: &mut Replica, app: &App, settings: &Settings) -> bool {
    let Some(following) = replica.following() else { return false };
    let needs_storage = app.objects.is_some() && {
        let now = app.clock.now();
        following.lease.is_some() || following.needs_checkpoint(now, settings) || following.needs_healing(now, settings)
    };
    needs_storage || !following.index.has_postings()
}

/// Does it, as far as the time goes. A checkpoint comes before the postings: other instances may wait for it.
pub(crate) async fn run(replica: &mut Replica, source: &Source<'_>) {
    let Some(following) = replica.following() else { return };
    let until = source.after_answer.until();
    if let Some(stored) = source.checkpoints.of(source.app, source.org).await {
        with_storage(following, source, &stored, until).await;
    }
    rebuild_postings(following, until).await;
}

async fn with_storage(following: &mut Following, source: &Source<'_>, stored: &Stored, until: Instant) {
    let (began, now) = (Instant::now(), source.app.clock.now());
    let mut done = Upkeep::default();
    if following.needs_healing(now, source.settings) {
        done.differences = following.heal(source, stored, until).await;
    }
    if following.lease.is_some() || following.needs_checkpoint(now, source.settings) {
        let written = following.write_checkpoint(source, stored, until).await;
        done.checkpoint = Some(written.name());
        done.bytes = written.bytes();
    }
    if done != Upkeep::default() {
        done.write(source.org, began.elapsed());
    }
}

async fn rebuild_postings(following: &mut Following, until: Instant) {
    while !following.index.has_postings() && Instant::now() < until {
        following.index.rebuild_postings();
        yield_now().await;
    }
    following.measure();
}
