//! Writers under faults. Time is scaled down, as in `consistency.rs`: a writer lives for 600 milliseconds.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{ClientId, ClientPatch, Clock, NewClient};
use shared::{App, store::ExpectedVersions};
use testkit::{FaultProxy, Org, World};
use tokio::task::JoinSet;

const WRITERS: usize = 6;
const WRITER_LIFE: Duration = Duration::from_millis(600);
const SKEW: Duration = Duration::from_millis(100);
/// The overlap that covers these writers: a call can be in flight for 400 milliseconds.
pub(crate) const OVERLAP: Duration = Duration::from_millis(1_100);

/// What was answered with success.
#[derive(Clone, Default)]
pub(crate) struct Answered {
    pub(crate) versions: HashMap<ClientId, u64>,
    pub(crate) deletions: Vec<ClientId>,
    pub(crate) writes: usize,
}

/// Some writers, which write until they are stopped.
pub(crate) struct Traffic {
    answered: Arc<Mutex<Answered>>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

impl Traffic {
    /// Writers of an organization, each with a clock of its own, behind the proxy.
    pub(crate) fn start(world: &World, proxy: &FaultProxy, org: &str) -> Self {
        let (answered, stop) = (Arc::<Mutex<Answered>>::default(), Arc::new(AtomicBool::new(false)));
        let clients = Arc::<Mutex<Vec<ClientId>>>::default();
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let org = Org { app: with_its_own_clock(world, proxy), ..world.org(org) };
            let (answered, stop, clients) = (answered.clone(), stop.clone(), clients.clone());
            writers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    write(&org, &clients, &answered).await;
                }
            });
        }
        Self { answered, stop, writers }
    }

    /// What has been answered so far.
    pub(crate) fn answered(&self) -> Answered {
        self.answered.lock().unwrap().clone()
    }

    /// Stops the writers, and waits until no write of theirs can take effect any more.
    pub(crate) async fn stop(self) -> Answered {
        self.stop.store(true, Ordering::Relaxed);
        self.writers.join_all().await;
        tokio::time::sleep(OVERLAP).await;
        self.answered.lock().unwrap().clone()
    }
}

/// The state of an instance whose clock differs from others' as far as it may.
pub(crate) fn with_its_own_clock(world: &World, proxy: &FaultProxy) -> App {
    let skew = fastrand::u64(0..=SKEW.as_millis() as u64);
    let clock = Clock::new(move || Clock::system().now().before(SKEW / 2).after(Duration::from_millis(skew)));
    world.behind(proxy).with_clock(clock).app()
}

/// Makes one write, which ends at the writer's timeout, as on the platform.
async fn write(org: &Org, clients: &Mutex<Vec<ClientId>>, answered: &Mutex<Answered>) {
    let known = {
        let clients = clients.lock().unwrap();
        let new = clients.len() < 10 || fastrand::u8(0..8) == 0;
        if new { None } else { Some(clients[fastrand::usize(0..clients.len())]) }
    };
    let id = known.unwrap_or_else(ClientId::random);
    let is_deletion = known.is_some() && fastrand::u8(0..10) == 0;
    let notes = "long ".repeat(if fastrand::u8(0..4) == 0 { 100 } else { 1 });
    let (store, context, all) = (&org.app.store, org.context(), ExpectedVersions::ALL);
    let work = async {
        match known {
            None => {
                let new = NewClient { notes: Some(notes.parse().unwrap()), ..NewClient::named("new".parse().unwrap()) };
                store.create(&context, id, new, None).await.ok().map(|_| 1)
            }
            Some(_) if is_deletion => store.delete(&context, id, &all, false).await.ok().map(|_| 0),
            Some(_) => {
                let patch = ClientPatch { notes: Some(Some(notes.parse().unwrap())), ..ClientPatch::default() };
                store.update(&context, id, &patch, &all).await.ok().map(|client| client.version)
            }
        }
    };
    let outcome = tokio::time::timeout(WRITER_LIFE, work).await.ok().flatten();
    if known.is_none() {
        clients.lock().unwrap().push(id);
    }
    if is_deletion {
        clients.lock().unwrap().retain(|other| *other != id);
    }
    let mut answered = answered.lock().unwrap();
    answered.writes += 1;
    match outcome {
        Some(0) => answered.deletions.push(id),
        Some(version) => {
            let newest = answered.versions.entry(id).or_default();
            *newest = version.max(*newest);
        }
        None => {}
    }
}
