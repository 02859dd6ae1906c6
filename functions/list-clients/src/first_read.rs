//! The first read of an organization: from its checkpoint, or else from the table.
//!
//! The start of the change feed and of the checkpoint are read at the same time. If the organization is small, the feed
//! ends there, and nobody waits for the checkpoint.

use std::{
    ops::Range,
    pin::pin,
    time::{Duration, Instant},
};

use domain::Timestamp;
use futures_util::future::{self, Either};
use shared::{
    objects::ObjectTag,
    store::{FeedStart, StoreError},
};
use tokio::time;

use crate::{
    checkpoints::{
        Stored,
        lease::{Attempt, Lease},
        restore::{Opened, Tail, Unusable},
    },
    load::Load,
    made::{Made, Origin},
    replica::{Following, apply},
    source::{ListError, Source},
};

/// The life of the lease on the right to load: the time for a load and the write of its checkpoint.
const LEASE_LIFE: Duration = Duration::from_secs(30);
/// The range of the pauses between two looks for the checkpoint that another instance writes, in milliseconds.
const LOOK_AGAIN: Range<u64> = 200..400;

/// The first read of an organization. If it is dropped, the next call continues.
#[derive(Default)]
pub(crate) enum FirstRead {
    #[default]
    Unread,
    Loading(Box<Load>),
    Restoring(Box<Restoring>),
}

/// A checkpoint that is being restored.
pub(crate) struct Restoring {
    opened: Opened,
    /// The load that goes on if the checkpoint turns out to be unusable.
    fallback: Box<Load>,
}

/// The reason why a restore stops.
enum Stop {
    Store(StoreError),
    Checkpoint(Unusable),
}

impl FirstRead {
    /// Reads what is left to read.
    pub(crate) async fn read(&mut self, source: &Source<'_>, made: &mut Made) -> Result<Following, ListError> {
        let mut restarted = false;
        loop {
            match self {
                Self::Unread => *self = start(source, made).await?,
                Self::Loading(load) => {
                    let index = load.read(source).await?;
                    let Self::Loading(load) = std::mem::take(self) else { unreachable!("it was loading") };
                    if index.bytes() > source.settings.budget {
                        return Err(ListError::TooLarge);
                    }
                    made.origin = Origin::Loaded;
                    return Ok(Following::loaded(*load, index, source));
                }
                Self::Restoring(restoring) => {
                    let unusable = match restoring.read(source, made).await {
                        Ok(following) => {
                            made.origin = Origin::Restored;
                            *self = Self::Unread;
                            return Ok(following);
                        }
                        Err(Stop::Store(error)) => return Err(error.into()),
                        Err(Stop::Checkpoint(unusable)) => unusable,
                    };
                    let Self::Restoring(restoring) = std::mem::take(self) else { unreachable!("it was restoring") };
                    let Restoring { opened, fallback } = *restoring;
                    made.unusable(source, unusable, Some(opened.tag));
                    // Only the newer checkpoint is worth a new start, once.
                    if unusable != Unusable::Replaced || std::mem::replace(&mut restarted, true) {
                        *self = Self::Loading(fallback);
                    }
                }
            }
        }
    }

    /// Our clock's time before the first read; `None` if nothing was read.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        match self {
            Self::Unread => None,
            Self::Loading(load) => Some(load.began),
            Self::Restoring(restoring) => Some(restoring.fallback.began),
        }
    }

    /// The checkpoint that is being restored.
    pub(crate) fn checkpoint(&self) -> Option<&ObjectTag> {
        match self {
            Self::Restoring(restoring) => Some(&restoring.opened.tag),
            Self::Unread | Self::Loading(_) => None,
        }
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Unread => 0,
            Self::Loading(load) => load.bytes(),
            Self::Restoring(restoring) => restoring.opened.bytes() + restoring.fallback.bytes(),
        }
    }
}

/// Reads the start of the feed, and opens the checkpoint if there is more.
async fn start(source: &Source<'_>, made: &mut Made) -> Result<FirstRead, ListError> {
    let now = source.app.clock.now();
    let mut load = Box::new(Load::new(now));
    if source.app.objects.is_none() {
        return Ok(FirstRead::Loading(load));
    }
    let page = pin!(source.app.store.feed_from(source.org, FeedStart::Beginning, source.settings.small));
    let opening = pin!(open(source, now));
    let (page, opened) = match future::select(page, opening).await {
        Either::Left((page, opening)) => (page?, Either::Left(opening)),
        Either::Right((opened, page)) => (page.await?, Either::Right(opened)),
    };
    let is_all = page.next.is_none();
    load.push(page);
    if is_all {
        return Ok(FirstRead::Loading(load));
    }
    let opened = match opened {
        Either::Left(opening) => opening.await,
        Either::Right(opened) => opened,
    };
    let (stored, unusable, tag) = match opened {
        Ok(opened) => return restoring(source, opened, load),
        Err(closed) => closed,
    };
    made.unusable(source, unusable, tag.clone());
    if let Some(stored) = stored {
        match take_turn(source, &stored, tag).await {
            Turn::Ours(lease) => load.lease = lease,
            Turn::Others(opened) => return restoring(source, opened, load),
        }
    }
    Ok(FirstRead::Loading(load))
}

/// The objects of an organization (`None` if they cannot be reached), the reason why its checkpoint is not used, and
/// the entity tag of that.
type Closed = (Option<Stored>, Unusable, Option<ObjectTag>);

async fn open(source: &Source<'_>, now: Timestamp) -> Result<Opened, Closed> {
    let Some(stored) = source.checkpoints.of(source.app, source.org).await else {
        return Err((None, Unusable::Unavailable, None));
    };
    stored.open(now, source.settings).await.map_err(|(unusable, tag)| {
        let is_reachable = !matches!(unusable, Unusable::Unavailable | Unusable::Forbidden);
        (is_reachable.then_some(stored), unusable, tag)
    })
}

fn restoring(source: &Source<'_>, opened: Opened, fallback: Box<Load>) -> Result<FirstRead, ListError> {
    if opened.header().index_bytes() > source.settings.budget as u64 {
        return Err(ListError::TooLarge);
    }
    Ok(FirstRead::Restoring(Box::new(Restoring { opened, fallback })))
}

/// Whose turn it is to load.
enum Turn {
    Ours(Option<Lease>),
    /// Another instance has loaded, and this is its checkpoint.
    Others(Opened),
}

/// Waits for the checkpoint that another instance is about to write, for half of the time that is left, unless no
/// instance is. `known` is the tag of the checkpoint that cannot be used.
async fn take_turn(source: &Source<'_>, stored: &Stored, known: Option<ObjectTag>) -> Turn {
    let key = stored.key.load_lease_key();
    let patience = (source.after_answer.until() - time::Instant::now()) / 2;
    let until = time::Instant::now() + patience;
    // A key that was revoked writes nothing, not even a lease.
    while source.after_answer.is_authorized() {
        match stored.lease(&key, source.app.clock.now(), LEASE_LIFE).await {
            Ok(Attempt::Held(lease)) => return Turn::Ours(Some(lease)),
            Ok(Attempt::Busy) => {}
            Err(_) => break,
        }
        let pause = Duration::from_millis(fastrand::u64(LOOK_AGAIN));
        if time::Instant::now() + pause >= until {
            break;
        }
        time::sleep(pause).await;
        match stored.read(0..1, None).await {
            Ok(part) if part.as_ref().map(|part| &part.tag) != known.as_ref() => {
                return match stored.open(source.app.clock.now(), source.settings).await {
                    Ok(opened) => Turn::Others(opened),
                    Err(_) => Turn::Ours(None),
                };
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Turn::Ours(None)
}

impl Restoring {
    /// Restores the checkpoint, reads its tail at the same time, and applies that.
    async fn read(&mut self, source: &Source<'_>, made: &mut Made) -> Result<Following, Stop> {
        let (began, now) = (Instant::now(), source.app.clock.now());
        self.opened.check(now)?;
        let stored = source.checkpoints.of(source.app, source.org).await.ok_or(Unusable::Unavailable)?;
        let header = self.opened.header().clone();
        let since = self.opened.tail_start(source.settings.overlap);
        let tail = async {
            let mut tail = Tail::default();
            let mut cursor = None;
            loop {
                let page = source.app.store.feed(source.org, Some(since), cursor).await.map_err(Stop::Store)?;
                cursor = page.next.clone();
                tail.push(page);
                tail.check_length(&header)?;
                if cursor.is_none() {
                    tail.check(&header)?;
                    return Ok(tail);
                }
            }
        };
        let restored = async { self.opened.restore(&stored).await.map_err(Stop::Checkpoint) };
        let ((), tail) = future::try_join(restored, tail).await?;
        let changes = apply(self.opened.index().expect("it is restored"), &tail.changes).await;
        let lineage = header.lineage();
        made.restored(&header, now, tail.changes.len());
        let index = self.opened.take_index().expect("it is restored");
        let mut following = Following::restored((index, self.opened.tag.clone(), lineage), (began, now), source);
        following.wants_checkpoint = tail.pages > 1;
        following.changed(changes);
        Ok(following)
    }
}

impl From<Unusable> for Stop {
    fn from(unusable: Unusable) -> Self {
        Self::Checkpoint(unusable)
    }
}
