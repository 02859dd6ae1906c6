//! The promise of `docs/consistency.md` on recorded histories: a list shows every write that was answered
//! before the list began. 20 instances with replicas and clocks of their own list while writers write,
//! and calls are delayed, repeated and lost. In one history they are warm; in another they end and start all the time,
//! and read and write checkpoints, which are lost, torn, put back and swapped meanwhile. `faults.rs` checks single
//! requests under the same faults.
//!
//! Time is scaled down: a writer lives for 600 milliseconds instead of seconds, and the overlap is made of that as the
//! real one is of the real timeout.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{Caller, Client, ClientId, ClientPatch, Clock, NewClient, OrgId};
use list_clients::{Settings, replicas::Replicas};
use list_engine::{ListParams, checkpoint::Key};
use shared::{
    App,
    http::AfterAnswer,
    objects::Expected,
    store::{CreateOutcome, ExpectedVersions, WriteContext},
    telemetry::Tally,
};
use testkit::{
    Fault, FaultProxy, Lister, Rate, S3, S3Fault, World,
    history::{Effect, List, Write, violations},
};

const INSTANCES: usize = 20;
const WRITERS: usize = 8;
/// The shortest history of warm instances.
const LENGTH: Duration = Duration::from_secs(2);
/// The time by which a history must have enough in it, however slow the machine is.
const LONGEST: Duration = Duration::from_secs(60);
const ENOUGH_LISTS: usize = 300;
const ENOUGH_WRITES: usize = 200;
/// The ways in which lists are made.
const STATES: [&str; 4] = ["restored", "loaded", "absent", "refused"];
/// The fewest lists that were made in each way, in a history of instances that come and go.
const ENOUGH_OF_EACH: usize = 3;

const WRITER_LIFE: Duration = Duration::from_millis(600);
const SKEW: Duration = Duration::from_millis(100);
const IN_FLIGHT: Duration = Duration::from_millis(400);

const OVERLAP: Duration = Duration::from_millis(1_100);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_show_every_answered_write_whatever_happens_to_the_calls() {
    assert_eq!(OVERLAP, WRITER_LIFE + SKEW + IN_FLIGHT);
    check_histories(Instances::Warm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_show_every_answered_write_whatever_happens_to_instances_and_their_checkpoints() {
    check_histories(Instances::ComeAndGo).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checker_catches_replicas_without_an_overlap() {
    let History { writes, lists, .. } = record(Duration::ZERO, Instances::Warm).await;
    assert!(!violations(&writes, &lists).is_empty(), "{} lists, {} writes", lists.len(), writes.len());
}

/// Records and checks a history, and then others until they have `HISTORY_OPERATIONS` operations together.
async fn check_histories(instances: Instances) {
    let wanted = std::env::var("HISTORY_OPERATIONS").map_or(1, |number| number.parse().expect("a number"));
    let (mut operations, mut histories) = (0, 0);
    while operations < wanted {
        let History { writes, lists, states } = record(OVERLAP, instances).await;
        has_no_violations(&writes, &lists);
        if instances == Instances::ComeAndGo {
            for state in STATES {
                assert!(states.get(state).is_some_and(|seen| *seen >= ENOUGH_OF_EACH), "{state}: {states:?}");
            }
        }
        operations += writes.len() + lists.len();
        histories += 1;
        eprintln!("{histories} histories, {operations} operations, no violation");
    }
}

fn has_no_violations(writes: &[Write], lists: &[List]) {
    let enough = lists.len() >= ENOUGH_LISTS && writes.len() >= ENOUGH_WRITES;
    assert!(enough, "{} lists, {} writes", lists.len(), writes.len());
    let found = violations(writes, lists);
    assert!(found.is_empty(), "{} violations, the first: {:?}", found.len(), &found[..found.len().min(3)]);
}

/// What becomes of the instances that list.
#[derive(Clone, Copy, PartialEq)]
enum Instances {
    /// They stay, and there are no checkpoints.
    Warm,
    /// They end and others start all the time, and checkpoints are mangled.
    ComeAndGo,
}

struct History {
    writes: Vec<Write>,
    lists: Vec<List>,
    /// The number of lists by what was done to make them.
    states: HashMap<&'static str, usize>,
}

async fn record(overlap: Duration, instances: Instances) -> History {
    let s3 = S3::start_with(|_| some_s3_fault()).await.unwrap();
    let world = World::new().await;
    let world = if instances == Instances::ComeAndGo { world.with_objects(s3.objects()) } else { world };
    let stop = Arc::new(AtomicBool::new(false));
    let vandal = (instances == Instances::ComeAndGo).then(|| {
        let (world, stop) = (world.clone(), stop.clone());
        tokio::spawn(async move { mangle_checkpoints(&world, &stop).await })
    });
    let proxy = FaultProxy::start(world.url(), |_| Fault::random()).await.unwrap();
    let app = || {
        let skew = fastrand::u64(0..=SKEW.as_millis() as u64);
        let clock = Clock::new(move || Clock::system().now().before(SKEW / 2).after(Duration::from_millis(skew)));
        world.behind(&proxy).with_clock(clock).app()
    };
    let org: OrgId = "org".parse().unwrap();
    let (writes, lists) = (Arc::new(Mutex::new(Vec::<Write>::new())), Arc::new(Mutex::new(Vec::<List>::new())));
    let clients = Arc::new(Mutex::new(Vec::new()));
    let tokens = Arc::new(AtomicU64::new(0));
    let states = Arc::new(Mutex::new(HashMap::<&str, usize>::new()));
    let start = Instant::now();
    let length = if instances == Instances::Warm { LENGTH } else { 3 * LENGTH };
    let goes_on = {
        let (writes, lists, states) = (writes.clone(), lists.clone(), states.clone());
        move || {
            let seen = |state| states.lock().unwrap().get(state).is_some_and(|seen| *seen >= ENOUGH_OF_EACH);
            let enough = lists.lock().unwrap().len() >= ENOUGH_LISTS
                && writes.lock().unwrap().len() >= ENOUGH_WRITES
                && (instances == Instances::Warm || STATES.into_iter().all(seen));
            start.elapsed() < if enough { length } else { LONGEST }
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
        let states = states.clone();
        tasks.push(tokio::spawn(async move {
            let new = || Replicas::with(settings(overlap));
            let mut replicas = new();
            let params = ListParams { limit: 100, ..ListParams::default() };
            while goes_on() {
                let start = Instant::now();
                let (tally, soon) = (Tally::default(), AfterAnswer::new(tokio::time::Instant::now() + REQUEST_LIFE));
                soon.authorize();
                let app = app.counting_in(&tally);
                let listing = replicas.page(&app, &org, &params, &soon);
                // A list that failed promises nothing. One that meets its deadline leaves a replica that is half read.
                if let Ok(Ok(page)) = tokio::time::timeout(REQUEST_LIFE, listing).await {
                    assert_eq!(page.clients.len(), page.total, "the page must hold the whole organization");
                    let shown = page
                        .clients
                        .into_iter()
                        .map(|client| (client.id, (client.version, client.name.as_str().to_owned())));
                    let list = List { start, end: Instant::now(), shown: shown.collect::<HashMap<_, _>>() };
                    lists.lock().unwrap().push(list);
                    let replica = tally.replica().unwrap();
                    let outcome = replica.checkpoint.map_or("none", |checkpoint| checkpoint.outcome);
                    let mut states = states.lock().unwrap();
                    *states.entry(replica.state).or_default() += 1;
                    *states.entry(outcome).or_default() += usize::from(outcome != replica.state);
                }
                if instances == Instances::ComeAndGo {
                    let upkeep = replicas.clone().upkeep(app.clone(), org.clone(), soon.until());
                    // Some end in the middle of it.
                    let life = Duration::from_millis(fastrand::u64(20..400));
                    drop(tokio::time::timeout(life, upkeep).await);
                    if fastrand::u8(0..3) == 0 {
                        replicas = new();
                    }
                }
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..40))).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    if let Some(vandal) = vandal {
        vandal.await.unwrap();
    }
    let (writes, lists) = (writes.lock().unwrap().clone(), lists.lock().unwrap().clone());
    let states = states.lock().unwrap().clone();
    History { writes, lists, states }
}

/// A request's time. Whoever waits for another's checkpoint waits for half of it.
const REQUEST_LIFE: Duration = Duration::from_secs(3);

/// An organization of five clients is large enough for a checkpoint, which may be replaced at once.
fn settings(overlap: Duration) -> Settings {
    let (checkpoint_pause, storage_pause) = (Duration::ZERO, Duration::from_millis(20));
    // Several ranges, too.
    let settings = Settings { small: 4, first_bytes: 1024, range_bytes: 512, ..Settings::new(usize::MAX >> 4) };
    Settings { overlap, checkpoint_pause, storage_pause, ..settings }
}

/// Deletes the organization's checkpoint and the leases, tears it, damages it, puts back an old one, and swaps it with
/// that of another organization.
async fn mangle_checkpoints(world: &World, stop: &AtomicBool) {
    let objects = world.objects.clone().unwrap();
    let table = world.store.clients_table_id().await.unwrap().unwrap();
    let key = |org: &str| Key { table: table.clone(), organization: org.parse::<OrgId>().unwrap().sha256() };
    let other = world.org("other");
    for n in 0..9 {
        other.create(&serde_json::json!({ "name": format!("of the other organization {n}") })).await;
    }
    let mut kept = Vec::new();
    let (ours, theirs) = (key("org"), key("other"));
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(5..50))).await;
        // An attempt whose answer was lost may have left a lease.
        drop(objects.delete(&theirs.load_lease_key()).await);
        let lister = Lister::new(settings(OVERLAP));
        drop(lister.try_list(&other, &ListParams::default()).await);
        lister.upkeep(&other).await;
        let Ok(Some(found)) = objects.get(&ours.object_key(), 0..1 << 20, None).await else { continue };
        kept.push(found.bytes.clone());
        let bytes = match fastrand::u8(0..6) {
            0 => {
                for key in ours.all_keys() {
                    drop(objects.delete(&key).await);
                }
                continue;
            }
            1 => found.bytes.slice(..fastrand::usize(1..found.bytes.len())),
            2 => {
                let mut bytes = found.bytes.to_vec();
                let at = fastrand::usize(..bytes.len());
                bytes[at] ^= 1 << fastrand::u8(0..8);
                bytes.into()
            }
            3 | 4 => kept[fastrand::usize(..kept.len())].clone(),
            _ => match objects.get(&theirs.object_key(), 0..1 << 20, None).await {
                Ok(Some(other)) => other.bytes,
                _ => continue,
            },
        };
        drop(objects.put(&ours.object_key(), bytes, &Expected::Unchanged(found.tag)).await);
    }
}

fn some_s3_fault() -> S3Fault {
    let slow = |millis| S3Fault::Slow(Rate { first_byte: Duration::from_millis(millis), bytes_per_second: 1 << 20 });
    match fastrand::u8(0..100) {
        0..30 => slow(fastrand::u64(1..=100)),
        30..32 => S3Fault::Throttled,
        32..34 => S3Fault::FailedBefore,
        34..36 => S3Fault::FailedAfter,
        36..38 => S3Fault::Forbidden,
        38..39 => S3Fault::NoBucket,
        39..41 => S3Fault::Conflict,
        41..43 => S3Fault::DroppedBefore,
        43..45 => S3Fault::DroppedAfter,
        45..47 => S3Fault::CutOff,
        47..48 => S3Fault::LacksAByte,
        _ => S3Fault::None,
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
        let id = known.unwrap_or_else(ClientId::random);
        let act = if known.is_some() { Act::some() } else { Act::Create };
        let start = Instant::now();
        let context = WriteContext::new(self.caller.clone(), self.app.clock.now());
        let tally = Tally::default();
        let store = self.app.store.counting_in(&tally);
        let new = NewClient::named(token.parse().unwrap());
        let all = &ExpectedVersions::ALL;
        let shown = |client: &Client| Some((Effect::Shows(client.name.as_str().to_owned()), client.version));
        let work = async {
            match act {
                Act::Create => match store.create(&context, id, new, None).await.ok()? {
                    CreateOutcome::Created(client) => shown(&client),
                    _ => None,
                },
                Act::Put => shown(store.put(&context, id, &new, all).await.ok()?.client()),
                Act::Update => shown(&store.update(&context, id, &patch(&token), all).await.ok()?),
                Act::Delete | Act::Erase => {
                    let version = store.delete(&context, id, all, act == Act::Erase).await.ok()?;
                    Some((Effect::Deletes, version))
                }
                Act::Restore => shown(&store.restore(&context, id, all).await.ok()?),
            }
        };
        let outcome = tokio::time::timeout(WRITER_LIFE, work).await.ok().flatten();
        let end = outcome.is_some().then(Instant::now);
        if known.is_none() {
            self.clients.lock().unwrap().push(id);
        }
        // A restoration of a client that lives writes nothing.
        if act == Act::Restore && outcome.is_some() && tally.client_write().is_none() {
            return;
        }
        let (effect, version) = match outcome {
            Some((effect, version)) => (effect, Some(version)),
            None => (act.effect(token), None),
        };
        self.writes.lock().unwrap().push(Write { id, effect, version, start, end });
    }
}

/// A kind of write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Create,
    Put,
    Update,
    Delete,
    Erase,
    Restore,
}

impl Act {
    /// A write to a client that was created, and may be deleted.
    fn some() -> Self {
        match fastrand::u8(0..100) {
            0..60 => Self::Update,
            60..80 => Self::Put,
            80..86 => Self::Delete,
            86..88 => Self::Erase,
            _ => Self::Restore,
        }
    }

    /// Its effect, as far as it is known without an answer.
    fn effect(self, token: String) -> Effect {
        match self {
            Self::Create | Self::Put | Self::Update => Effect::Shows(token),
            Self::Delete | Self::Erase => Effect::Deletes,
            Self::Restore => Effect::Restores,
        }
    }
}

fn patch(name: &str) -> ClientPatch {
    ClientPatch { name: Some(name.parse().unwrap()), ..ClientPatch::default() }
}
