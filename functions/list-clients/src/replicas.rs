//! The replicas of many organizations under a byte budget: the least recently used is evicted first.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use domain::{Client, ClientId, OrgId};
use list_engine::{ListParams, Rows};
use shared::{App, http::AfterAnswer, store::LongNotes, telemetry::ReplicaUse};
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    checkpoints::Checkpoints,
    made::Origin,
    replica::Replica,
    source::{ListError, Settings, Source},
    upkeep,
};

/// The divisor of a function's memory that gives the replicas' budget. The rest is for loading them, for
/// the answers, and for the runtime.
pub const PART_OF_MEMORY: usize = 2;
/// The memory, in bytes, that is assumed if no platform says how much there is.
const DEFAULT_MEMORY: usize = 1024 * 1024 * 1024;
/// The bytes that an organization takes besides its index.
const OVERHEAD: usize = 1024;

/// The byte budget of the replicas: a part of the function's memory.
#[must_use]
pub fn budget_from_env() -> usize {
    let megabytes = std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok().and_then(|text| text.parse::<usize>().ok());
    megabytes.map_or(DEFAULT_MEMORY, |megabytes| megabytes * 1024 * 1024) / PART_OF_MEMORY
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The clients on it, in order.
    pub clients: Vec<Client>,
    /// The number of all matches.
    pub total: usize,
}

/// The replicas of a process. Clones share them.
#[derive(Clone)]
pub struct Replicas {
    kept: Arc<Mutex<Kept>>,
    checkpoints: Checkpoints,
    settings: Arc<Settings>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<OrgId, Entry>,
    uses: u64,
}

struct Entry {
    replica: Arc<AsyncMutex<Replica>>,
    bytes: usize,
    last_use: u64,
}

impl Replicas {
    /// No replicas yet, with room for `budget` bytes of them.
    #[must_use]
    pub fn new(budget: usize) -> Self {
        Self::with(Settings::new(budget))
    }

    /// No replicas yet, with these settings.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        let checkpoints = Checkpoints::new(&settings);
        Self { kept: Arc::default(), checkpoints, settings: Arc::new(settings) }
    }

    /// The page that `params` ask for, with every write that was answered before this call.
    ///
    /// # Errors
    /// Fails if the table does, or if the organization is too large.
    pub async fn page(
        &self,
        app: &App,
        org: &OrgId,
        params: &ListParams,
        after_answer: &AfterAnswer,
    ) -> Result<Page, ListError> {
        let source = self.source(app, org, after_answer);
        let mut mismatches = 0;
        loop {
            let rows = self.rows(&source, params).await?;
            let long: Vec<ClientId> =
                rows.clients.iter().filter(|row| row.has_long_notes).map(|row| row.client.id).collect();
            if long.is_empty() {
                let clients = rows.clients.into_iter().map(|row| row.client).collect();
                return Ok(Page { clients, total: rows.total });
            }
            let notes = app.store.long_notes(org, &long).await?;
            if let Some(page) = with_notes(rows, notes) {
                return Ok(page);
            }
            // A client on the page was changed between the two reads. The second time in a row it may be a
            // change that this replica has missed, so the replica is read anew, and not from its checkpoint.
            mismatches += 1;
            if mismatches == 2 {
                self.forget(org);
            }
        }
    }

    /// Whether there is work on the organization's replica that waits for the time after an answer.
    #[must_use]
    pub fn need_upkeep(&self, app: &App, org: &OrgId) -> bool {
        let replica = self.kept().entries.get(org).map(|entry| entry.replica.clone());
        // If another request uses the replica, that one will see to it.
        replica.is_some_and(|replica| {
            replica.try_lock().is_ok_and(|mut replica| upkeep::is_needed(&mut replica, app, &self.settings))
        })
    }

    /// Does the work on the organization's replica that waits for the time after an answer: it writes a checkpoint,
    /// compares the replica with the table, and completes the postings. It ends by `until`.
    pub async fn upkeep(self, app: App, org: OrgId, until: tokio::time::Instant) {
        let after_answer = AfterAnswer::new(until);
        let source = self.source(&app, &org, &after_answer);
        let Some(replica) = self.kept().entries.get(&org).map(|entry| entry.replica.clone()) else { return };
        let mut used = Used { replicas: &self, org: org.clone(), replica, settled: false };
        {
            let mut replica = used.replica.lock().await;
            upkeep::run(&mut replica, &source).await;
        }
        used.settle();
    }

    /// The bytes of all replicas kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept().entries.values().map(|entry| entry.bytes).sum()
    }

    async fn rows(&self, source: &Source<'_>, params: &ListParams) -> Result<Rows, ListError> {
        let arrived = Instant::now();
        let mut used = self.used(source.org);
        let outcome = {
            let mut replica = used.replica.lock().await;
            let outcome = replica.at(arrived, source).await;
            outcome.map(|(following, made)| (following.index.rows(params), following.index.has_postings(), made))
        };
        let (rows, has_postings, made) = outcome?;
        let Account { bytes, kept } = used.settle();
        let state = match made.origin {
            _ if !kept => "unkept",
            Origin::Loaded => "loaded",
            Origin::Restored => "restored",
            Origin::Kept if made.changes > 0 => "refreshed",
            Origin::Kept => "hit",
        };
        source.app.store.tally().set_replica(ReplicaUse {
            state,
            bytes,
            loaded: made.origin == Origin::Loaded,
            has_postings,
            checkpoint: made.checkpoint,
        });
        Ok(rows)
    }

    fn source<'a>(&'a self, app: &'a App, org: &'a OrgId, after_answer: &'a AfterAnswer) -> Source<'a> {
        Source { app, org, checkpoints: &self.checkpoints, settings: &self.settings, after_answer }
    }

    fn used(&self, org: &OrgId) -> Used<'_> {
        let mut kept = self.kept();
        kept.uses += 1;
        let last_use = kept.uses;
        let entry = kept.entries.entry(org.clone()).or_insert_with(|| Entry {
            replica: Arc::default(),
            bytes: OVERHEAD,
            last_use,
        });
        entry.last_use = last_use;
        Used { replicas: self, org: org.clone(), replica: entry.replica.clone(), settled: false }
    }

    /// Forgets a replica that is wrong, and refuses the checkpoint that it comes from.
    fn forget(&self, org: &OrgId) {
        let forgotten = self.kept().entries.remove(org);
        if let Some(entry) = forgotten
            && let Ok(replica) = entry.replica.try_lock()
            && let Some(tag) = replica.checkpoint()
        {
            self.checkpoints.refuse(org, tag.clone());
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A replica in use. However the request ends, even at its deadline, the replica's new size is accounted
/// for.
struct Used<'a> {
    replicas: &'a Replicas,
    org: OrgId,
    replica: Arc<AsyncMutex<Replica>>,
    settled: bool,
}

/// The size of a replica, and whether there was room to keep it.
struct Account {
    bytes: usize,
    kept: bool,
}

impl Used<'_> {
    /// Notes the replica's new size and makes room.
    fn settle(&mut self) -> Account {
        self.settled = true;
        let mut kept = self.replicas.kept();
        let Kept { entries, .. } = &mut *kept;
        let Some(entry) = entries.get_mut(&self.org).filter(|entry| Arc::ptr_eq(&entry.replica, &self.replica)) else {
            return Account { bytes: 0, kept: false };
        };
        // If another request is using the replica, that one will account for it.
        let mut loading = false;
        if let Ok(replica) = self.replica.try_lock() {
            entry.bytes = replica.bytes() + OVERHEAD;
            loading = replica.is_reading();
        }
        let bytes = entry.bytes;
        // A replica larger than the budget is evicted first, or it would evict all others in vain. But not
        // while it is loaded, or its next request would start from nothing, and so would every other.
        if bytes > self.replicas.settings.budget && !loading {
            entries.remove(&self.org);
            return Account { bytes, kept: false };
        }
        let mut total: usize = entries.values().map(|entry| entry.bytes).sum();
        while total > self.replicas.settings.budget {
            let others = entries.iter().filter(|(org, _)| **org != self.org);
            let oldest = others.min_by_key(|(_, entry)| entry.last_use).map(|(org, _)| org.clone());
            let Some(oldest) = oldest.and_then(|org| entries.remove(&org)) else { break };
            total -= oldest.bytes;
        }
        Account { bytes, kept: true }
    }
}

impl Drop for Used<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The index may be in any state.
            self.replicas.forget(&self.org);
        } else if !self.settled {
            self.settle();
        }
    }
}

/// The page with its long notes; `None` if they belong to other versions than the rest.
fn with_notes(rows: Rows, mut notes: HashMap<ClientId, LongNotes>) -> Option<Page> {
    let mut clients = Vec::with_capacity(rows.clients.len());
    for row in rows.clients {
        let mut client = row.client;
        if row.has_long_notes {
            let found = notes.remove(&client.id).filter(|found| found.version == client.version)?;
            client.notes = found.notes;
        }
        clients.push(client);
    }
    Some(Page { clients, total: rows.total })
}
