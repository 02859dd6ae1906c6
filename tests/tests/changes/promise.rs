//! Each statement about the change feed for callers, alone and on every engine.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{
    ClientId, ClientPatch,
    limits::{CLOCK_SKEW, LONGEST_GAP, OVERLAP},
};
use serde_json::{Value, json};
use shared::{http::ApiError, store::ExpectedVersions};
use testkit::{EngineKind, Fault, FaultProxy, ManualClock, Org, World, on_every_engine};

use crate::reader::{Reader, in_table};

on_every_engine![
    the_first_pass_gives_every_client_and_the_next_ones_what_has_changed_since,
    a_change_within_the_overlap_is_sent_once,
    a_poll_costs_one_unit_when_nothing_has_changed,
    a_write_that_was_under_way_during_a_pass_is_in_the_next,
    long_notes_are_there_and_belong_to_their_version,
    a_cursor_lasts_for_the_longest_gap_and_no_longer,
    a_reader_from_before_the_deletion_of_its_organization_starts_over,
];

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// An organization whose clock stands still, and a reader of it.
struct Scene {
    world: World,
    clock: ManualClock,
    org: Org,
    reader: Reader,
}

impl Scene {
    fn new(world: &World) -> Self {
        let clock = ManualClock::at(world.start);
        let world = world.with_clock(clock.clock());
        let org = world.org("acme");
        let reader = Reader::new(org.id(), OVERLAP);
        Self { world, clock, org, reader }
    }

    async fn create(&self, name: &str) -> ClientId {
        self.org.create(&json!({ "name": name })).await.id
    }

    /// The changes of a pass.
    async fn pass(&mut self) -> Vec<Value> {
        let mut changes = Vec::new();
        loop {
            let polled = self.reader.poll(&self.org.app, 2).await.unwrap();
            assert!(polled.changes.len() <= 2);
            changes.extend(polled.changes);
            if !polled.has_more {
                return changes;
            }
        }
    }

    async fn expires(&self) -> bool {
        matches!(self.reader.clone().poll(&self.org.app, 2).await, Err(ApiError::CursorExpired))
    }
}

fn names(changes: &[Value]) -> Vec<&str> {
    changes.iter().map(|change| change["name"].as_str().unwrap_or("deleted")).collect()
}

async fn the_first_pass_gives_every_client_and_the_next_ones_what_has_changed_since(world: World) {
    let mut scene = Scene::new(&world);
    let (mut ids, mut expected) = (Vec::new(), Vec::new());
    for n in 0..5 {
        scene.clock.advance(SECOND);
        expected.push(format!("client {n}"));
        ids.push(scene.create(&expected[n]).await);
    }
    assert_eq!(names(&scene.pass().await), expected);
    scene.clock.advance(MINUTE);
    assert_eq!(scene.pass().await, [Value::Null; 0]);

    scene.org.rename(ids[3], "renamed").await;
    scene.clock.advance(SECOND);
    scene.org.delete(ids[1]).await;
    let changes = scene.pass().await;
    assert_eq!((names(&changes), &changes[0]["version"]), (vec!["renamed", "deleted"], &json!(2)));
    let deleted_at = scene.clock.now().to_string();
    assert_eq!(changes[1], json!({ "id": ids[1], "deletedAt": deleted_at, "version": 2 }));
    assert_eq!(scene.reader.clients(), in_table(&scene.org).await);
    // Whoever starts now is told of the deletion too, which does no harm.
    let mut other = Reader::new(scene.org.id(), OVERLAP);
    other.catch_up(&scene.org.app).await.unwrap();
    assert_eq!(other.clients(), scene.reader.clients());
}

async fn a_change_within_the_overlap_is_sent_once(world: World) {
    let mut scene = Scene::new(&world);
    let id = scene.create("first").await;
    assert_eq!(scene.pass().await.len(), 1);
    for second in 0..10 {
        scene.clock.advance(SECOND);
        assert_eq!(scene.pass().await.len(), 0, "after {second} s");
        if second == 3 {
            scene.org.rename(id, "second").await;
            assert_eq!(names(&scene.pass().await), ["second"]);
        }
    }
}

async fn a_poll_costs_one_unit_when_nothing_has_changed(world: World) {
    let mut scene = Scene::new(&world);
    for n in 0..300 {
        scene.create(&format!("client {n}")).await;
    }
    scene.reader.catch_up(&scene.org.app).await.unwrap();
    // Within the overlap, the entries that are left out cost one call too, and the units of what they weigh.
    let soon = scene.reader.poll(&scene.org.app, 100).await.unwrap();
    assert_eq!((soon.changes.len(), soon.has_more, soon.tally.calls()), (0, false, 1));
    scene.clock.advance(MINUTE);
    scene.reader.catch_up(&scene.org.app).await.unwrap();
    for _ in 0..3 {
        scene.clock.advance(MINUTE);
        let quiet = scene.reader.poll(&scene.org.app, 100).await.unwrap();
        assert_eq!((quiet.changes.len(), quiet.has_more, quiet.tally.calls()), (0, false, 1));
        // DynamoDB Local reports 0 units for a query that finds nothing.
        let units = if world.engine == EngineKind::Embedded { 1.0 } else { 0.0 };
        assert!((quiet.tally.units().read - units).abs() < 0.01, "{:?}", quiet.tally.units());
    }
}

async fn a_write_that_was_under_way_during_a_pass_is_in_the_next(world: World) {
    let mut scene = Scene::new(&world);
    let slow = scene.create("slow").await;
    let gone = scene.create("gone").await;
    scene.clock.advance(MINUTE);
    // Their writers begin, and are slow.
    let began = scene.org.context();
    scene.clock.advance(OVERLAP - CLOCK_SKEW);
    scene.create("later, and committed earlier").await;
    assert_eq!(scene.pass().await.len(), 3);
    let name = ClientPatch { name: Some("slow, renamed".parse().unwrap()), ..ClientPatch::default() };
    let all = ExpectedVersions::ALL;
    scene.world.store.update(&began, slow, &name, &all).await.unwrap();
    scene.world.store.delete(&began, gone, &all, false).await.unwrap();
    scene.clock.advance(SECOND);
    let mut changes = scene.pass().await;
    changes.sort_by_key(|change| change["deletedAt"].is_string());
    assert_eq!(names(&changes), ["slow, renamed", "deleted"]);
    assert_eq!(scene.reader.clients(), in_table(&scene.org).await);
}

async fn long_notes_are_there_and_belong_to_their_version(world: World) {
    let mut scene = Scene::new(&world);
    let notes = "old ".repeat(100);
    let id = scene.org.create(&json!({ "name": "n", "notes": notes })).await.id;
    assert_eq!(scene.pass().await[0]["notes"], notes);

    // The client is changed between the read of the feed and that of the notes.
    scene.org.rename(id, "renamed").await;
    let reads = Arc::new(AtomicUsize::new(0));
    let (counted, writer) = (reads.clone(), scene.org.clone());
    let runtime = tokio::runtime::Handle::current();
    let proxy = FaultProxy::start(world.url(), move |call| {
        if call.operation == "BatchGetItem" && counted.fetch_add(1, Ordering::Relaxed) == 0 {
            let patch =
                ClientPatch { notes: Some(Some("new ".repeat(100).parse().unwrap())), ..ClientPatch::default() };
            let writer = writer.clone();
            runtime.spawn(async move { writer.update(id, &patch).await });
            return Fault::DelayBefore(Duration::from_millis(200));
        }
        Fault::None
    });
    let proxy = proxy.await.unwrap();
    let behind = scene.world.behind(&proxy).app();
    let polled = scene.reader.poll(&behind, 10).await.unwrap();
    assert_eq!(polled.changes.len(), 1);
    assert_eq!((&polled.changes[0]["notes"], &polled.changes[0]["version"]), (&json!("new ".repeat(100)), &json!(3)));
    assert_eq!(reads.load(Ordering::Relaxed), 2);
}

async fn a_cursor_lasts_for_the_longest_gap_and_no_longer(world: World) {
    let mut scene = Scene::new(&world);
    let kept = scene.create("kept").await;
    scene.create("in the middle of a pass").await;
    scene.create("not read").await;
    let mut within = scene.reader.clone();
    assert!(within.poll(&scene.org.app, 1).await.unwrap().has_more);
    scene.pass().await;
    let start = scene.clock.now().before(OVERLAP);
    scene.org.delete(kept).await;
    scene.clock.set(start.after(LONGEST_GAP).next());
    assert!(scene.expires().await);
    assert!(matches!(within.clone().poll(&scene.org.app, 1).await, Err(ApiError::CursorExpired)));
    scene.clock.set(start.after(LONGEST_GAP));
    for _ in 0..2 {
        within.catch_up(&scene.org.app).await.unwrap();
    }
    assert_eq!(names(&scene.pass().await), ["deleted"]);
    assert_eq!(within.clients(), scene.reader.clients());
}

async fn a_reader_from_before_the_deletion_of_its_organization_starts_over(world: World) {
    let mut scene = Scene::new(&world);
    for n in 0..4 {
        scene.create(&format!("client {n}")).await;
    }
    let mut within = scene.reader.clone();
    within.poll(&scene.org.app, 1).await.unwrap();
    scene.pass().await;
    scene.clock.advance(MINUTE);
    scene.world.store.purge_clients(scene.org.id(), &scene.clock.clock(), |_| {}).await.unwrap();
    // So soon that clocks do not tell whether this reader has seen clients that were being deleted.
    scene.clock.advance(CLOCK_SKEW);
    assert!(Reader::new(scene.org.id(), OVERLAP).poll(&scene.org.app, 1).await.is_err());

    scene.clock.advance(SECOND);
    scene.create("new").await;
    assert!(scene.expires().await);
    assert!(matches!(within.catch_up(&scene.org.app).await, Err(ApiError::CursorExpired)));
    scene.reader = Reader::new(scene.org.id(), OVERLAP);
    for _ in 0..3 {
        scene.pass().await;
        assert_eq!(scene.reader.clients(), in_table(&scene.org).await);
        scene.clock.advance(MINUTE);
        scene.create("another").await;
    }
    scene.world.store.purge_clients(scene.org.id(), &scene.clock.clock(), |_| {}).await.unwrap();
    assert!(scene.expires().await, "the second deletion");
}
