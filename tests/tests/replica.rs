//! The cost of a list in calls and read units, and the replicas' budget in bytes. `consistency.rs` holds what
//! the lists show.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use domain::{Client, Clock, limits::RELOAD_AFTER};
use list_clients::{
    ListError,
    replicas::{Page, Replicas},
};
use list_engine::ListParams;
use serde_json::json;
use shared::App;
use testkit::{Lister, ManualClock, Org, World, on_every_engine};

const ROOM: usize = 64 * 1024 * 1024;

on_every_engine![
    an_unchanged_organization_costs_one_call_and_one_unit_whatever_its_size,
    long_notes_cost_one_batch_read_and_short_ones_none,
    an_organization_larger_than_the_budget_is_refused,
    many_organizations_in_turn_stay_within_the_budget_and_the_last_used_stay,
    deletions_and_their_tombstones_are_followed,
    an_old_replica_is_loaded_anew,
];

/// The cost of one list.
struct Cost {
    calls: u32,
    read_units: f64,
    state: &'static str,
}

async fn create(org: &Org, name: &str, notes: Option<&str>) -> Client {
    org.create(&json!({ "name": name, "notes": notes })).await
}

async fn list(org: &Org, replicas: &Replicas, params: &ListParams) -> (Page, Cost) {
    let listed = Lister(replicas.clone()).try_list(org, params).await.unwrap();
    let (calls, read_units) = (listed.tally.calls(), listed.tally.units().read);
    (listed.page, Cost { calls, read_units, state: listed.replica.state })
}

/// Stops the organization's clock at a time so late that everything written before is out of the overlap.
fn later(org: Org) -> Org {
    let now = org.app.clock.now().after(Duration::from_secs(60));
    Org { app: App { clock: Clock::new(move || now), ..org.app }, ..org }
}

async fn an_unchanged_organization_costs_one_call_and_one_unit_whatever_its_size(world: World) {
    let org = world.org("o");
    for at in 0..300 {
        create(&org, &format!("client {at}"), Some(&"short ".repeat(30))).await;
    }
    let replicas = Replicas::new(ROOM);
    let org = later(org);
    let (page, cost) = list(&org, &replicas, &ListParams::default()).await;
    assert_eq!((page.total, cost.calls, cost.state), (300, 2, "loaded"));
    for offset in [0, 150, 299, 1000] {
        let params = ListParams { offset, query: Some("client".to_owned()), ..ListParams::default() };
        let (page, cost) = list(&org, &replicas, &params).await;
        assert_eq!((page.total, cost.calls, cost.state), (300, 1, "hit"));
        assert!(cost.read_units <= 1.0, "{}", cost.read_units);
    }
}

async fn long_notes_cost_one_batch_read_and_short_ones_none(world: World) {
    let org = world.org("o");
    create(&org, "a", Some("short")).await;
    let id = create(&org, "b", Some(&"long ".repeat(1000))).await.id;
    let replicas = Replicas::new(ROOM);
    let org = later(org);
    list(&org, &replicas, &ListParams::default()).await;
    let (page, cost) = list(&org, &replicas, &ListParams::default()).await;
    assert_eq!(cost.calls, 2);
    let notes: Vec<&str> = page.clients.iter().map(|client| client.notes.as_ref().unwrap().as_str()).collect();
    assert_eq!(notes, ["short", &"long ".repeat(1000)]);
    let only_short = ListParams { query: Some("a".to_owned()), ..ListParams::default() };
    assert_eq!(list(&org, &replicas, &only_short).await.1.calls, 1);
    // Notes that are short again are in the replica again.
    let patch = domain::ClientPatch { notes: Some(Some("short now".parse().unwrap())), ..Default::default() };
    org.update(id, &patch).await;
    let (page, cost) = list(&org, &replicas, &ListParams::default()).await;
    assert_eq!(page.clients[1].notes.as_ref().unwrap().as_str(), "short now");
    assert_eq!((cost.calls, cost.state), (1, "refreshed"));
}

async fn an_organization_larger_than_the_budget_is_refused(world: World) {
    let org = world.org("o");
    for at in 0..50 {
        create(&org, &format!("client {at}"), None).await;
    }
    let replicas = Replicas::new(2000);
    for _ in 0..2 {
        let listed = Lister(replicas.clone()).try_list(&org, &ListParams::default()).await;
        assert!(matches!(listed, Err(ListError::TooLarge)), "{listed:?}");
        assert!(replicas.bytes() <= 2000 + 1024, "{}", replicas.bytes());
    }
}

async fn many_organizations_in_turn_stay_within_the_budget_and_the_last_used_stay(world: World) {
    const ORGS: usize = 200;
    let budget = 40_000;
    let replicas = Replicas::new(budget);
    let org = |at: usize| world.org(&format!("o{at}"));
    for at in 0..ORGS {
        create(&org(at), "client", None).await;
        assert_eq!(list(&org(at), &replicas, &ListParams::default()).await.0.total, 1);
        assert!(replicas.bytes() <= budget, "{}", replicas.bytes());
    }
    assert_ne!(list(&org(ORGS - 1), &replicas, &ListParams::default()).await.1.state, "loaded");
    assert_eq!(list(&org(0), &replicas, &ListParams::default()).await.1.state, "loaded");
}

async fn deletions_and_their_tombstones_are_followed(world: World) {
    let org = world.org("o");
    let replicas = Replicas::new(ROOM);
    let (a, b) = (create(&org, "a", None).await.id, create(&org, "b", None).await.id);
    assert_eq!(list(&org, &replicas, &ListParams::default()).await.0.total, 2);
    org.delete(a).await;
    let (page, _) = list(&org, &replicas, &ListParams::default()).await;
    assert_eq!((page.total, page.clients[0].id), (1, b));
    // A replica that is loaded only now has missed the deletion, and need not know of it.
    assert_eq!(list(&org, &Replicas::new(ROOM), &ListParams::default()).await.0, page);
}

async fn an_old_replica_is_loaded_anew(world: World) {
    let clock = ManualClock::at(world.start);
    let org = world.with_clock(clock.clock()).org("o");
    let replicas = Replicas::new(ROOM);
    let mut states = Vec::new();
    let age = RELOAD_AFTER.as_secs();
    for seconds in [0, age - 1, age, age + 1] {
        clock.set(world.at(seconds));
        states.push(list(&org, &replicas, &ListParams::default()).await.1.state);
    }
    assert_eq!(states, ["loaded", "hit", "loaded", "hit"]);
}
