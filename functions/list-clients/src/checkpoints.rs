//! Checkpoints in object storage: what a process knows of them, and how it reads and writes them.
//!
//! | file | purpose |
//! |---|---|
//! | `restore.rs` | opens a checkpoint, checks it, and restores an index from it |
//! | `write.rs` | writes a checkpoint after an answer |
//! | `lease.rs` | leases, so that one instance does what all would do |
//! | `heal.rs` | compares a replica with the table after an answer |
//!
//! `list_engine::checkpoint` is the format. Storage that fails never fails a list: the table has everything.

pub(crate) mod heal;
pub(crate) mod lease;
pub(crate) mod restore;
pub(crate) mod write;

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::OrgId;
use list_engine::checkpoint::Key;
use shared::{
    App,
    objects::{Expected, ObjectError, ObjectTag, Objects, Part},
};
use tokio::{sync::OnceCell, time::Instant};

use crate::source::Settings;

/// The most refused entity tags that are remembered.
const REFUSED_TAGS: usize = 1_000;

/// What a process knows about checkpoints. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoints(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// The identifier of the table, if it has one.
    table: OnceCell<Option<String>>,
    /// The time until which storage is left alone after a failure, and how long that is.
    paused_until: Mutex<Option<Instant>>,
    pause: Duration,
    /// The entity tags of checkpoints that are not to be used.
    refused: Mutex<HashMap<OrgId, ObjectTag>>,
}

/// The objects of one organization.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    objects: Objects,
    pub(crate) key: Key,
    org: OrgId,
    known: Checkpoints,
}

/// The failure of a request to storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The object is not the one with this entity tag any more.
    Changed,
    /// The object ends before the range: it is empty, which no object of ours is.
    TooShort,
    /// The function may not do this.
    Forbidden,
    /// Storage is slow, throttles, or fails.
    Unavailable,
}

impl Checkpoints {
    /// Nothing is known yet, apart from the settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self(Arc::new(Known {
            table: OnceCell::new_with(settings.table_id.clone().map(Some)),
            paused_until: Mutex::default(),
            pause: settings.storage_pause,
            refused: Mutex::default(),
        }))
    }

    /// The organization's objects. `None` if checkpoints are off, if storage has failed a moment ago, or if the table
    /// has no identifier or does not tell it.
    pub(crate) async fn of(&self, app: &App, org: &OrgId) -> Option<Stored> {
        let objects = app.objects.clone()?;
        let paused_until = *lock(&self.0.paused_until);
        if paused_until.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let table = match self.0.table.get_or_try_init(|| app.store.clients_table_id()).await {
            Ok(table) => table.clone()?,
            Err(error) => {
                tracing::warn!(%error, "no checkpoints: the table does not tell its identifier");
                self.pause();
                return None;
            }
        };
        let key = Key { table, organization: org.sha256() };
        Some(Stored { objects, key, org: org.clone(), known: self.clone() })
    }

    /// Refuses the checkpoint with this tag from now on.
    pub(crate) fn refuse(&self, org: &OrgId, tag: ObjectTag) {
        let mut refused = lock(&self.0.refused);
        if refused.len() >= REFUSED_TAGS {
            refused.clear();
        }
        refused.insert(org.clone(), tag);
    }

    fn pause(&self) {
        *lock(&self.0.paused_until) = Some(Instant::now() + self.0.pause);
    }
}

impl Stored {
    /// Whether the checkpoint with this tag was refused before.
    pub(crate) fn is_refused(&self, tag: &ObjectTag) -> bool {
        lock(&self.known.0.refused).get(&self.org) == Some(tag)
    }

    /// Bytes of the checkpoint, if there is one.
    pub(crate) async fn read(&self, range: Range<u64>, tag: Option<&ObjectTag>) -> Result<Option<Part>, Failure> {
        self.get(&self.key.object_key(), range, tag).await
    }

    async fn get(&self, key: &str, range: Range<u64>, tag: Option<&ObjectTag>) -> Result<Option<Part>, Failure> {
        self.objects.get(key, range, tag).await.map_err(|error| self.failed(&error))
    }

    /// Writes an object. `None` if it is not as expected.
    async fn put(&self, key: &str, bytes: Vec<u8>, expected: &Expected) -> Result<Option<ObjectTag>, Failure> {
        self.objects.put(key, bytes.into(), expected).await.map_err(|error| self.failed(&error))
    }

    async fn delete(&self, key: &str) {
        if let Err(error) = self.objects.delete(key).await {
            self.failed(&error);
        }
    }

    fn failed(&self, error: &ObjectError) -> Failure {
        if error.is_changed() {
            return Failure::Changed;
        }
        if error.is_too_short() {
            return Failure::TooShort;
        }
        tracing::warn!(%error, "object storage failed");
        self.known.pause();
        if error.is_forbidden() { Failure::Forbidden } else { Failure::Unavailable }
    }

    /// Notes that storage took too long.
    pub(crate) fn timed_out(&self) -> Failure {
        self.known.pause();
        Failure::Unavailable
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
