//! The promise of `docs/consistency.md` on recorded histories: a list shows every write that was answered
//! before the list began. 20 warm instances with replicas and clocks of their own list while writers write,
//! and calls are delayed, repeated and lost. `faults.rs` checks single requests under the same faults.
//!
//! Time is scaled down: a writer lives for 600 milliseconds instead of seconds, and the overlap is made of that as the real one
//! is of the real timeout.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{Caller, ClientId, ClientPatch, Clock, NewClient, OrgId};
use list_clients::{Settings, replicas::Replicas};
use list_engine::ListParams;
use shared::{
    App,
    store::{CreateOutcome, ExpectedVersions, WriteContext},
};
use testkit::{
    Fault, FaultProxy, World, after_answer,
    history::{List, Write, violations},
};

const INSTANCES: usize = 20;
const WRITERS: usize = 8;
/// The shortest history.
const LENGTH: Duration = Duration::from_secs(2);
/// The time by which a history must have enough in it, however slow the machine is.
const LONGEST: Duration = Duration::from_secs(60);
const ENOUGH_LISTS: usize = 300;
const ENOUGH_WRITES: usize = 200;

const WRITER_LIFE: Duration = Duration::from_millis(600);
const SKEW: Duration = Duration::from_millis(100);
const IN_FLIGHT: Duration = Duration::from_millis(400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_show_every_answered_write_whatever_happens_to_the_calls() {
    let overlap = WRITER_LIFE + SKEW + IN_FLIGHT;
    let (writes, lists) = record(overlap).await;
    let enough = lists.len() >= ENOUGH_LISTS && writes.len() >= ENOUGH_WRITES;
    assert!(enough, "{} lists, {} writes", lists.len(), writes.len());
    let found = violations(&writes, &lists);
    assert!(found.is_empty(), "{} violations, the first: {:?}", found.len(), &found[..found.len().min(3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checker_catches_replicas_without_an_overlap() {
    let (writes, lists) = record(Duration::ZERO).await;
    assert!(!violations(&writes, &lists).is_empty(), "{} lists, {} writes", lists.len(), writes.len());
}

async fn record(overlap: Duration) -> (Vec<Write>, Vec<List>) {
    let world = World::new().await;
    let proxy = FaultProxy::start(world.url(), |_| some_fault()).await.unwrap();
    let app = || {
        let skew = fastrand::u64(0..=SKEW.as_millis() as u64);
        let clock = Clock::new(move || Clock::system().now().before(SKEW / 2).after(Duration::from_millis(skew)));
        world.behind(&proxy).with_clock(clock).app()
    };
    let org: OrgId = "org".parse().unwrap();
    let (writes, lists) = (Arc::new(Mutex::new(Vec::<Write>::new())), Arc::new(Mutex::new(Vec::<List>::new())));
    let clients = Arc::new(Mutex::new(Vec::new()));
    let tokens = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let goes_on = {
        let (writes, lists) = (writes.clone(), lists.clone());
        move || {
            let enough = lists.lock().unwrap().len() >= ENOUGH_LISTS && writes.lock().unwrap().len() >= ENOUGH_WRITES;
            start.elapsed() < if enough { LENGTH } else { LONGEST }
        }
    };
    let mut tasks = Vec::new();
    for _ in 0..WRITERS {
        let writer = Writer {
            app: app(),
            caller: Caller { org: org.clone(), user: "user".parse().unwrap(), key_id: "key".parse().unwrap() },
            clients: clients.clone(),
            tokens: tokens.clone(),
            writes: writes.clone(),
        };
        let goes_on = goes_on.clone();
        tasks.push(tokio::spawn(async move {
            while goes_on() {
                writer.write().await;
            }
        }));
    }
    for _ in 0..INSTANCES {
        let (app, org, lists, goes_on) = (app(), org.clone(), lists.clone(), goes_on.clone());
        let replicas = Replicas::with(Settings { overlap, ..Settings::new(usize::MAX) });
        tasks.push(tokio::spawn(async move {
            let params = ListParams { limit: 100, ..ListParams::default() };
            while goes_on() {
                let start = Instant::now();
                // A list that failed promises nothing.
                if let Ok(page) = replicas.page(&app, &org, &params, &after_answer()).await {
                    assert_eq!(page.clients.len(), page.total, "the page must hold the whole organization");
                    let shown = page
                        .clients
                        .into_iter()
                        .map(|client| (client.id, (client.version, client.name.as_str().to_owned())));
                    let list = List { start, end: Instant::now(), shown: shown.collect::<HashMap<_, _>>() };
                    lists.lock().unwrap().push(list);
                }
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..40))).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let (writes, lists) = (writes.lock().unwrap().clone(), lists.lock().unwrap().clone());
    (writes, lists)
}

/// Mostly delays, so that timestamps and effects lie apart; some losses and failures.
fn some_fault() -> Fault {
    let delay = Duration::from_millis(fastrand::u64(1..=120));
    match fastrand::u8(0..100) {
        0..30 => Fault::DelayBefore(delay),
        30..40 => Fault::DelayAfter(delay),
        40..43 => Fault::Throttled,
        43..45 => Fault::FailedBefore,
        45..47 => Fault::FailedAfter,
        47..49 => Fault::DroppedBefore,
        49..51 => Fault::DroppedAfter,
        _ => Fault::None,
    }
}

struct Writer {
    app: App,
    caller: Caller,
    clients: Arc<Mutex<Vec<ClientId>>>,
    tokens: Arc<AtomicU64>,
    writes: Arc<Mutex<Vec<Write>>>,
}

impl Writer {
    /// Makes one write, which ends at the writer's timeout, as on the platform.
    async fn write(&self) {
        let token = format!("w{}", self.tokens.fetch_add(1, Ordering::Relaxed));
        let known = {
            let clients = self.clients.lock().unwrap();
            // The list must fit one page: beyond 60 clients there are no new ones.
            let new = clients.len() < 10 || (clients.len() < 60 && fastrand::u8(0..10) == 0);
            if new { None } else { Some(clients[fastrand::usize(0..clients.len())]) }
        };
        let delete = known.is_some() && fastrand::u8(0..100) == 0;
        let id = known.unwrap_or_else(ClientId::random);
        let start = Instant::now();
        let context = WriteContext { caller: self.caller.clone(), at: self.app.clock.now() };
        let store = &self.app.store;
        let name = Some(token.parse().unwrap());
        let work = async {
            if delete {
                return store.delete(&context, id, &ExpectedVersions::ALL).await.ok().map(|()| None);
            }
            if known.is_some() {
                let patch = ClientPatch { name, ..ClientPatch::default() };
                return store
                    .update(&context, id, &patch, &ExpectedVersions::ALL)
                    .await
                    .ok()
                    .map(|client| Some(client.version));
            }
            let body = format!("{{\"name\":\"{token}\"}}");
            match store.create(&context, id, NewClient::parse(body.as_bytes()).unwrap(), None).await {
                Ok(CreateOutcome::Created(client)) => Some(Some(client.version)),
                _ => None,
            }
        };
        let outcome = tokio::time::timeout(WRITER_LIFE, work).await.ok().flatten();
        let end = outcome.is_some().then(Instant::now);
        if known.is_none() {
            self.clients.lock().unwrap().push(id);
        }
        let token = (!delete).then_some(token);
        self.writes.lock().unwrap().push(Write { id, token, version: outcome.flatten(), start, end });
    }
}
