//! What one request did, gathered as it goes and written as one line at its end.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
    types::ConsumedCapacity,
};

use crate::{client::Action, identity::ClientId};

/// The tally of one request. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<Tally>);

#[derive(Debug, Default)]
struct Tally {
    calls: AtomicU32,
    units: Mutex<Units>,
    replica: Mutex<Option<ReplicaUse>>,
    client: Mutex<Option<ClientId>>,
    write: Mutex<Option<ClientWrite>>,
}

/// Capacity units consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Read request units.
    pub read: f64,
    /// Write request units.
    pub write: f64,
}

/// How a list came by its replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaUse {
    /// `hit` (nothing had changed), `refreshed`, `loaded`, or `unkept` (larger than the budget).
    pub state: &'static str,
    /// The bytes it holds.
    pub bytes: usize,
    /// Whether the organization was loaded for this list.
    pub loaded: bool,
}

/// A write to a client that has taken effect, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientWrite {
    /// What was done.
    pub action: Action,
    /// To which client.
    pub client: ClientId,
    /// The names of the fields that an update sets.
    pub fields: String,
    /// The version it made; `None` where nobody knows whether it took effect.
    pub version: Option<u64>,
}

impl RequestLog {
    /// How many requests have been sent to DynamoDB, retries included.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// What has been consumed.
    #[must_use]
    pub fn units(&self) -> Units {
        *lock(&self.0.units)
    }

    /// How a list came by its replica, where one did.
    #[must_use]
    pub fn replica(&self) -> Option<ReplicaUse> {
        *lock(&self.0.replica)
    }

    /// Notes how a list came by its replica.
    pub fn set_replica(&self, replica: ReplicaUse) {
        *lock(&self.0.replica) = Some(replica);
    }

    /// The client that the request is about, where it is about one.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        *lock(&self.0.client)
    }

    /// Notes which client the request is about.
    pub(crate) fn set_client(&self, client: ClientId) {
        *lock(&self.0.client) = Some(client);
    }

    /// The write to a client, where there was one.
    #[must_use]
    pub fn client_write(&self) -> Option<ClientWrite> {
        lock(&self.0.write).clone()
    }

    /// Notes a write before it is made: should the request end meanwhile, it may have taken effect.
    pub(crate) fn write_begins(&self, action: Action, client: ClientId, fields: String) {
        self.set_client(client);
        *lock(&self.0.write) = Some(ClientWrite { action, client, fields, version: None });
    }

    /// Notes that the write made this version.
    pub(crate) fn write_made(&self, version: u64) {
        if let Some(write) = lock(&self.0.write).as_mut() {
            write.version = Some(version);
        }
    }

    /// Notes that the write changed nothing.
    pub(crate) fn write_changed_nothing(&self) {
        *lock(&self.0.write) = None;
    }

    pub(crate) fn read(&self, consumed: Option<&ConsumedCapacity>) {
        lock(&self.0.units).read += units(consumed);
    }

    pub(crate) fn wrote(&self, consumed: Option<&ConsumedCapacity>) {
        lock(&self.0.units).write += units(consumed);
    }
}

fn units(consumed: Option<&ConsumedCapacity>) -> f64 {
    consumed.and_then(ConsumedCapacity::capacity_units).unwrap_or_default()
}

/// A tally stays right even where the thread that held it panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Intercept for RequestLog {
    fn name(&self) -> &'static str {
        "RequestLog"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
