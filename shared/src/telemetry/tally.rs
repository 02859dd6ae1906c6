//! The tally of one request: what it did, gathered as it goes and written as one line at its end.

use std::{
    ops::Add,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use domain::{Action, ClientId};
use uuid::Uuid;

/// The tally of one request. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU32,
    units: Mutex<Units>,
    replica: Mutex<Option<ReplicaUse>>,
    subject: Mutex<Option<Uuid>>,
    write: Mutex<Option<ClientWrite>>,
}

/// Capacity units that were consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
}

impl Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { read: self.read + other.read, write: self.write + other.write }
    }
}

/// The use of a replica for a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaUse {
    /// `hit` (nothing had changed), `refreshed`, `loaded`, or `unkept` (larger than the budget).
    pub state: &'static str,
    /// The replica's size in bytes.
    pub bytes: usize,
    /// Whether the organization was loaded for this list.
    pub loaded: bool,
}

/// A write to a client that took effect, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientWrite {
    /// The kind of write.
    pub action: Action,
    /// The client's identifier.
    pub client: ClientId,
    /// The names of the fields that an update sets.
    pub fields: String,
    /// The version that the write made; `None` if nobody knows whether it took effect.
    pub version: Option<u64>,
}

impl Tally {
    /// The number of requests sent to DynamoDB, retries included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// The units that were consumed.
    #[must_use]
    pub fn units(&self) -> Units {
        *lock(&self.0.units)
    }

    /// The use of a replica, if there was one.
    #[must_use]
    pub fn replica(&self) -> Option<ReplicaUse> {
        *lock(&self.0.replica)
    }

    /// The identifier of the resource that the request is about, if it is about one.
    #[must_use]
    pub fn subject(&self) -> Option<Uuid> {
        *lock(&self.0.subject)
    }

    /// The write to a client, if there was one.
    #[must_use]
    pub fn client_write(&self) -> Option<ClientWrite> {
        lock(&self.0.write).clone()
    }

    /// Notes the use of a replica.
    pub fn set_replica(&self, replica: ReplicaUse) {
        *lock(&self.0.replica) = Some(replica);
    }

    /// Notes the resource that the request is about.
    pub(crate) fn set_subject(&self, id: Uuid) {
        *lock(&self.0.subject) = Some(id);
    }

    /// Notes a write before it is made: if the request ends meanwhile, the write may have taken effect.
    pub(crate) fn begin_write(&self, action: Action, client: ClientId, fields: String) {
        self.set_subject(client.uuid());
        *lock(&self.0.write) = Some(ClientWrite { action, client, fields, version: None });
    }

    /// Notes the version that the write made.
    pub(crate) fn end_write(&self, version: u64) {
        if let Some(write) = lock(&self.0.write).as_mut() {
            write.version = Some(version);
        }
    }

    /// Notes that the write changed nothing.
    pub(crate) fn cancel_write(&self) {
        *lock(&self.0.write) = None;
    }

    pub(crate) fn count_call(&self) {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_units(&self, units: Units) {
        let mut sum = lock(&self.0.units);
        *sum = *sum + units;
    }
}

/// A tally stays right even if a thread that held it panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
