//! The tally of one request: what it did, gathered as it goes and written as one line at its end.

use std::{
    fmt,
    ops::Add,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};

use domain::{Action, ClientId};
use uuid::Uuid;

/// The tally of one request, or of one operation of a batch. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: Arc<Counts>,
    subject: Arc<Subject>,
}

/// What a request, or an operation of a batch, is about.
#[derive(Debug, Default)]
struct Subject {
    id: Mutex<Option<Uuid>>,
    write: Mutex<Option<ClientWrite>>,
}

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU32,
    object_calls: AtomicU32,
    object_bytes_read: AtomicUsize,
    object_bytes_written: AtomicUsize,
    units: Mutex<Units>,
    replica: Mutex<Option<ReplicaUse>>,
    operations: Mutex<Vec<Arc<Subject>>>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaUse {
    /// `hit` (nothing had changed), `refreshed`, `loaded`, `restored`, or `unkept` (larger than the budget).
    pub state: &'static str,
    /// The replica's size in bytes.
    pub bytes: usize,
    /// Whether the organization was loaded from the table for this list.
    pub loaded: bool,
    /// Whether searches use postings. Without, they look at every client.
    pub has_postings: bool,
    /// The use of a checkpoint, if one was looked for.
    pub checkpoint: Option<CheckpointUse>,
}

/// The use of a checkpoint for a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointUse {
    /// `restored`, or the reason why there was no use: `absent`, `outdated`, `replaced` (while it was read),
    /// `unavailable`, `forbidden` or `refused`.
    pub outcome: &'static str,
    /// The reason why it was refused.
    pub refusal: Option<String>,
    /// The object's length.
    pub bytes: u64,
    /// The age of what it has.
    pub age_seconds: u64,
    /// The number of entries of the feed that were read besides.
    pub tail: usize,
}

impl CheckpointUse {
    /// Whether it shows a fault: a checkpoint that must not be used, or a permission that is missing.
    #[must_use]
    pub fn is_a_fault(&self) -> bool {
        matches!(self.outcome, "refused" | "forbidden")
    }
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

impl fmt::Display for ClientWrite {
    /// `update 6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1 2 name,phone`, with `?` for a version that nobody knows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, client, fields, version } = self;
        let version = version.map_or_else(|| "?".to_owned(), |version| version.to_string());
        write!(f, "{} {client} {version}", action.as_str())?;
        if fields.is_empty() { Ok(()) } else { write!(f, " {fields}") }
    }
}

impl Tally {
    /// The tally of the next operation of a batch: it counts in this one, but its write is its own.
    #[must_use]
    pub(crate) fn operation(&self) -> Self {
        let subject = Arc::<Subject>::default();
        lock(&self.counts.operations).push(subject.clone());
        Self { counts: self.counts.clone(), subject }
    }

    /// The number of requests sent to DynamoDB, retries included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.counts.calls.load(Ordering::Relaxed)
    }

    /// The number of requests sent to object storage, retries included.
    #[must_use]
    pub fn object_calls(&self) -> u32 {
        self.counts.object_calls.load(Ordering::Relaxed)
    }

    /// The bytes of objects that were read.
    #[must_use]
    pub fn object_bytes_read(&self) -> usize {
        self.counts.object_bytes_read.load(Ordering::Relaxed)
    }

    /// The bytes of objects that were written.
    #[must_use]
    pub fn object_bytes_written(&self) -> usize {
        self.counts.object_bytes_written.load(Ordering::Relaxed)
    }

    /// The units that were consumed.
    #[must_use]
    pub fn units(&self) -> Units {
        *lock(&self.counts.units)
    }

    /// The use of a replica, if there was one.
    #[must_use]
    pub fn replica(&self) -> Option<ReplicaUse> {
        lock(&self.counts.replica).clone()
    }

    /// The identifier of the resource that the request is about, if it is about one.
    #[must_use]
    pub fn subject(&self) -> Option<Uuid> {
        *lock(&self.subject.id)
    }

    /// The write to a client, if there was one.
    #[must_use]
    pub fn client_write(&self) -> Option<ClientWrite> {
        lock(&self.subject.write).clone()
    }

    /// The writes of the operations of a batch, in the order in which they began.
    #[must_use]
    pub fn operation_writes(&self) -> Vec<ClientWrite> {
        lock(&self.counts.operations).iter().filter_map(|operation| lock(&operation.write).clone()).collect()
    }

    /// Notes the use of a replica.
    pub fn set_replica(&self, replica: ReplicaUse) {
        *lock(&self.counts.replica) = Some(replica);
    }

    /// Notes the resource that the request is about.
    pub(crate) fn set_subject(&self, id: Uuid) {
        *lock(&self.subject.id) = Some(id);
    }

    /// Notes a write before it is made: if the request ends meanwhile, the write may have taken effect.
    pub(crate) fn begin_write(&self, action: Action, client: ClientId, fields: String) {
        self.set_subject(client.uuid());
        *lock(&self.subject.write) = Some(ClientWrite { action, client, fields, version: None });
    }

    /// Notes the version that the write made.
    pub(crate) fn end_write(&self, version: u64) {
        if let Some(write) = lock(&self.subject.write).as_mut() {
            write.version = Some(version);
        }
    }

    /// Notes that the write changed nothing.
    pub(crate) fn cancel_write(&self) {
        *lock(&self.subject.write) = None;
    }

    pub(crate) fn count_call(&self) {
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_object_call(&self) {
        self.counts.object_calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_object_bytes_read(&self, bytes: usize) {
        self.counts.object_bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_object_bytes_written(&self, bytes: usize) {
        self.counts.object_bytes_written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_units(&self, units: Units) {
        let mut sum = lock(&self.counts.units);
        *sum = *sum + units;
    }
}

/// A tally stays right even if a thread that held it panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
