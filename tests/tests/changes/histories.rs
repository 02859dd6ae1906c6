//! Readers under faults, whose requests go to instances with clocks of their own. When a pass has ended, a reader has
//! every write that was answered before the pass began; when nobody writes any more, it has what the table has.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::OrgId;
use testkit::{Fault, FaultProxy, World};
use tokio::task::JoinSet;

use crate::{
    reader::{Reader, in_table},
    traffic::{Answered, OVERLAP, Traffic, with_its_own_clock},
};

const READERS: usize = 4;
const INSTANCES: usize = 12;
/// The shortest history.
const LENGTH: Duration = Duration::from_secs(3);
/// The time by which a history must have enough in it, however slow the machine is.
const LONGEST: Duration = Duration::from_secs(60);
const ENOUGH_PASSES: usize = 40;
const ENOUGH_WRITES: usize = 150;
const REQUEST_LIFE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_miss_nothing_whatever_happens_to_the_calls() {
    // Several histories, until they have so many operations together.
    let wanted = std::env::var("HISTORY_OPERATIONS").map_or(1, |number| number.parse().expect("a number"));
    let (mut operations, mut histories) = (0, 0);
    while operations < wanted {
        let History { violations, operations: made } = record(OVERLAP).await;
        assert!(violations.is_empty(), "{} violations, the first: {:?}", violations.len(), violations.first());
        assert!(made >= ENOUGH_WRITES, "{made} operations");
        operations += made;
        histories += 1;
        eprintln!("{histories} histories, {operations} operations, no violation");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_without_an_overlap_are_caught() {
    assert!(!record(Duration::ZERO).await.violations.is_empty());
}

struct History {
    /// Each violation, described.
    violations: Vec<String>,
    /// The number of pages and writes.
    operations: usize,
}

async fn record(overlap: Duration) -> History {
    let world = World::new().await;
    let proxy = FaultProxy::start(world.url(), |_| Fault::random()).await.unwrap();
    let traffic = Arc::new(Traffic::start(&world, &proxy, "org"));
    let org: OrgId = "org".parse().unwrap();
    let (passes, pages) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let start = Instant::now();
    let instances: Vec<_> = (0..INSTANCES).map(|_| with_its_own_clock(&world, &proxy)).collect();
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (traffic, org, instances) = (traffic.clone(), org.clone(), instances.clone());
        let (passes, pages) = (passes.clone(), pages.clone());
        readers.spawn(async move {
            let mut reader = Reader::new(&org, overlap);
            let (mut violations, mut owed) = (Vec::new(), traffic.answered());
            let is_enough = |answered: usize| {
                let enough = passes.load(Ordering::Relaxed) >= ENOUGH_PASSES && answered >= ENOUGH_WRITES;
                start.elapsed() >= if enough { LENGTH } else { LONGEST }
            };
            while !is_enough(owed.writes) {
                let mut next = reader.clone();
                let instance = &instances[fastrand::usize(..INSTANCES)];
                let polling = next.poll(instance, fastrand::usize(1..=20));
                // A request that failed, or whose answer was lost, is made again.
                let Ok(Ok(polled)) = tokio::time::timeout(REQUEST_LIFE, polling).await else { continue };
                pages.fetch_add(1, Ordering::Relaxed);
                if fastrand::u8(0..20) == 0 {
                    continue;
                }
                reader = next;
                if polled.has_more {
                    continue;
                }
                passes.fetch_add(1, Ordering::Relaxed);
                violations.extend(missing(&reader, &owed));
                // Some start over.
                if fastrand::u8(0..10) == 0 {
                    reader = Reader::new(&org, overlap);
                }
                tokio::time::sleep(Duration::from_millis(fastrand::u64(0..150))).await;
                owed = traffic.answered();
            }
            (reader, violations)
        });
    }
    let readers = readers.join_all().await;
    let traffic = Arc::into_inner(traffic).unwrap();
    let answered = traffic.stop().await;
    let expected = in_table(&world.org("org")).await;
    assert!(!expected.is_empty());
    let mut violations = Vec::new();
    for (mut reader, found) in readers {
        violations.extend(found);
        reader.catch_up(&world.app()).await.unwrap();
        reader.catch_up(&world.app()).await.unwrap();
        if reader.clients() != expected {
            violations.push("a reader differs from the table in the end".to_owned());
        }
    }
    History { violations, operations: pages.load(Ordering::Relaxed) + answered.writes }
}

/// What was answered before the pass and is not there after it.
fn missing(reader: &Reader, owed: &Answered) -> Vec<String> {
    let older = owed.versions.iter().filter(|(id, version)| reader.version(**id) < **version);
    let older = older.map(|(id, version)| format!("{id}: version {version} is missing"));
    let alive = owed.deletions.iter().filter(|id| !reader.is_deleted(**id));
    older.chain(alive.map(|id| format!("{id}: it was deleted"))).collect()
}
