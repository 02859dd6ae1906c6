//! What a list costs, and how replicas are kept: in calls and read units, and in bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use domain::{Caller, ClientId, ClientPatch, Clock, NewClient, OrgId, Timestamp, limits::RELOAD_AFTER};
use end_to_end::{engines::Lab, on_every_engine};
use list_clients::replicas::{Page, Replicas};
use list_engine::{ListParams, SortBy, SortOrder};
use shared::store::ExpectedVersions;
use shared::{
    App,
    store::{CreateOutcome, WriteContext},
    telemetry::Tally,
};

const ROOM: usize = 64 * 1024 * 1024;

on_every_engine![
    an_unchanged_organization_costs_one_call_and_one_unit_whatever_its_size,
    long_notes_cost_one_batch_read_and_short_ones_none,
    a_replica_larger_than_the_budget_answers_without_being_kept,
    many_organizations_in_turn_stay_within_the_budget_and_the_last_used_stay,
    deletions_and_their_tombstones_are_followed,
    an_old_replica_is_loaded_anew,
];

struct World {
    app: App,
}

/// What one list took.
struct Cost {
    calls: u32,
    read_units: f64,
    state: &'static str,
}

impl World {
    fn new(lab: Lab) -> Self {
        Self { app: App { store: lab.store, clock: Clock::system() } }
    }

    fn stamp(&self, org: &OrgId) -> WriteContext {
        let caller = Caller { org: org.clone(), user: "user".parse().unwrap(), key_id: "key".parse().unwrap() };
        WriteContext { caller, at: self.app.clock.now() }
    }

    async fn create(&self, org: &OrgId, name: &str, notes: Option<&str>) -> ClientId {
        let body = serde_json::json!({ "name": name, "notes": notes }).to_string();
        let new = NewClient::parse(body.as_bytes()).unwrap();
        match self.app.store.create(&self.stamp(org), ClientId::random(), new, None).await.unwrap() {
            CreateOutcome::Created(client) => client.id,
            other => unreachable!("{other:?}"),
        }
    }

    async fn list(&self, replicas: &Replicas, org: &OrgId, params: &ListParams) -> (Page, Cost) {
        let log = Tally::default();
        let app = App { store: self.app.store.counting_in(&log), ..self.app.clone() };
        let page = replicas.page(&app, org, params).await.unwrap();
        let state = log.replica().unwrap().state;
        (page, Cost { calls: log.calls(), read_units: log.units().read, state })
    }
}

fn org(name: &str) -> OrgId {
    name.parse().unwrap()
}

/// A clock that stands still at `now`, far enough on that what was written is out of the overlap.
fn later(world: &World) -> App {
    let now = world.app.clock.now().after(Duration::from_secs(60));
    App { clock: Clock::new(move || now), ..world.app.clone() }
}

async fn an_unchanged_organization_costs_one_call_and_one_unit_whatever_its_size(lab: Lab) {
    let mut world = World::new(lab);
    let org = org("o");
    for at in 0..300 {
        world.create(&org, &format!("client {at}"), Some(&"short ".repeat(30))).await;
    }
    let replicas = Replicas::new(ROOM);
    world.app = later(&world);
    let (page, cost) = world.list(&replicas, &org, &ListParams::default()).await;
    assert_eq!((page.total, cost.calls, cost.state), (300, 2, "loaded"));
    for offset in [0, 150, 299, 1000] {
        let params = ListParams { offset, query: Some("client".to_owned()), ..ListParams::default() };
        let (page, cost) = world.list(&replicas, &org, &params).await;
        assert_eq!((page.total, cost.calls, cost.state), (300, 1, "hit"));
        assert!(cost.read_units <= 1.0, "{}", cost.read_units);
    }
}

async fn long_notes_cost_one_batch_read_and_short_ones_none(lab: Lab) {
    let mut world = World::new(lab);
    let org = org("o");
    world.create(&org, "a", Some("short")).await;
    let id = world.create(&org, "b", Some(&"long ".repeat(1000))).await;
    let replicas = Replicas::new(ROOM);
    world.app = later(&world);
    world.list(&replicas, &org, &ListParams::default()).await;
    let (page, cost) = world.list(&replicas, &org, &ListParams::default()).await;
    assert_eq!(cost.calls, 2);
    let notes: Vec<&str> = page.clients.iter().map(|client| client.notes.as_ref().unwrap().as_str()).collect();
    assert_eq!(notes, ["short", &"long ".repeat(1000)]);
    let only_short = ListParams { query: Some("a".to_owned()), ..ListParams::default() };
    assert_eq!(world.list(&replicas, &org, &only_short).await.1.calls, 1);
    // And back: what is short again is in the replica again.
    let patch = ClientPatch { notes: Some(Some("short now".parse().unwrap())), ..ClientPatch::default() };
    world.app.store.update(&world.stamp(&org), id, &patch, &ExpectedVersions::ALL).await.unwrap();
    let (page, cost) = world.list(&replicas, &org, &ListParams::default()).await;
    assert_eq!(page.clients[1].notes.as_ref().unwrap().as_str(), "short now");
    assert_eq!((cost.calls, cost.state), (1, "refreshed"));
}

async fn a_replica_larger_than_the_budget_answers_without_being_kept(lab: Lab) {
    let world = World::new(lab);
    let org = org("o");
    for at in 0..50 {
        world.create(&org, &format!("client {at}"), None).await;
    }
    let replicas = Replicas::new(2000);
    for _ in 0..2 {
        let params =
            ListParams { sort_by: SortBy::Name, sort_order: SortOrder::Desc, limit: 1, ..ListParams::default() };
        let (page, cost) = world.list(&replicas, &org, &params).await;
        assert_eq!((page.total, page.clients[0].name.as_str(), cost.state), (50, "client 9", "unkept"));
        assert_eq!(replicas.bytes(), 0);
    }
}

async fn many_organizations_in_turn_stay_within_the_budget_and_the_last_used_stay(lab: Lab) {
    let world = World::new(lab);
    let budget = 200_000;
    let replicas = Replicas::new(budget);
    for at in 0..1000 {
        let org = org(&format!("o{at}"));
        world.create(&org, "client", None).await;
        assert_eq!(world.list(&replicas, &org, &ListParams::default()).await.0.total, 1);
        assert!(replicas.bytes() <= budget, "{}", replicas.bytes());
    }
    assert_ne!(world.list(&replicas, &org("o999"), &ListParams::default()).await.1.state, "loaded");
    assert_eq!(world.list(&replicas, &org("o0"), &ListParams::default()).await.1.state, "loaded");
}

async fn deletions_and_their_tombstones_are_followed(lab: Lab) {
    let world = World::new(lab);
    let org = org("o");
    let replicas = Replicas::new(ROOM);
    let (a, b) = (world.create(&org, "a", None).await, world.create(&org, "b", None).await);
    assert_eq!(world.list(&replicas, &org, &ListParams::default()).await.0.total, 2);
    world.app.store.delete(&world.stamp(&org), a, &ExpectedVersions::ALL).await.unwrap();
    let (page, _) = world.list(&replicas, &org, &ListParams::default()).await;
    assert_eq!((page.total, page.clients[0].id), (1, b));
    // A replica that is loaded only now does not know what it missed, and need not.
    assert_eq!(world.list(&Replicas::new(ROOM), &org, &ListParams::default()).await.0, page);
}

async fn an_old_replica_is_loaded_anew(lab: Lab) {
    let mut world = World::new(lab);
    let org = org("o");
    let start = world.app.clock.now();
    let offset = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let hand = offset.clone();
    world.app.clock = Clock::new(move || {
        Timestamp::from_millis(start.millis())
            .after(Duration::from_secs(hand.load(std::sync::atomic::Ordering::Relaxed)))
    });
    let replicas = Replicas::new(ROOM);
    let mut states = Vec::new();
    for seconds in [0, RELOAD_AFTER.as_secs() - 1, RELOAD_AFTER.as_secs(), RELOAD_AFTER.as_secs() + 1] {
        offset.store(seconds, std::sync::atomic::Ordering::Relaxed);
        states.push(world.list(&replicas, &org, &ListParams::default()).await.1.state);
    }
    assert_eq!(states, ["loaded", "hit", "loaded", "hit"]);
}
