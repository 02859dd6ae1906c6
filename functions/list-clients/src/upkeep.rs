//! The work on a replica after an answer, when no caller waits for it.

use shared::{App, telemetry};
use tokio::{task::yield_now, time::Instant};

use crate::{
    checkpoints::write::Written,
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

/// Does it, as far as the time goes: a checkpoint first, because other instances may wait for it.
pub(crate) async fn run(replica: &mut Replica, source: &Source<'_>) {
    let Some(following) = replica.following() else { return };
    let until = source.after_answer.until();
    if let Some(stored) = source.checkpoints.of(source.app, source.org).await {
        let now = source.app.clock.now();
        if following.needs_healing(now, source.settings)
            && let Some(differences) = following.heal(source, &stored, until).await
        {
            telemetry::healed(source.org, differences);
        }
        if following.lease.is_some() || following.needs_checkpoint(now, source.settings) {
            let written = following.write_checkpoint(source, &stored, until).await;
            let bytes = if let Written::Done(bytes) = written { bytes } else { 0 };
            telemetry::checkpoint_written(source.org, written.name(), bytes);
        }
    }
    rebuild_postings(following, until).await;
}

async fn rebuild_postings(following: &mut Following, until: Instant) {
    while !following.index.has_postings() && Instant::now() < until {
        following.index.rebuild_postings();
        yield_now().await;
    }
    following.measure();
}
