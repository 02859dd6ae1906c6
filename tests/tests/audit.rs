//! The audit trail: every write notes its author, its time and its kind, in the item and in the tally of its
//! request, from which the log line is written. `store.rs` holds the rest of what the store promises;
//! `programs/runtime.rs` holds the log line itself.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Action, Caller, ClientId, ClientPatch, NewClient, Timestamp};
use shared::{
    store::{CreateOutcome, ExpectedVersions, Store, WriteContext, WriteError},
    telemetry::{ClientWrite, Tally},
};
use testkit::{Fault, FaultProxy, World, on_every_engine};

on_every_engine![
    an_item_says_who_made_it_and_who_changed_it_last_and_how,
    a_put_says_who_made_or_replaced_it,
    a_tombstone_says_who_deleted_it,
    a_restored_client_says_who_restored_it,
    a_refused_write_leaves_no_trail,
    a_repeated_create_leaves_no_second_trail,
];

fn by(world: &World, user: &str, seconds: u64) -> WriteContext {
    by_at(user, world.at(seconds))
}

fn by_at(user: &str, at: Timestamp) -> WriteContext {
    let key_id = format!("key_of_{user}").parse().unwrap();
    WriteContext::new(Caller { org: "acme".parse().unwrap(), user: user.parse().unwrap(), key_id }, at)
}

fn ann() -> NewClient {
    NewClient::parse(br#"{"name":"Ann","phone":"1"}"#).unwrap()
}

fn patch(body: &str) -> ClientPatch {
    ClientPatch::parse(body.as_bytes()).unwrap()
}

/// The trail in the only item.
async fn trail(world: &World) -> [Option<String>; 7] {
    let items = world.dump(&world.tables.clients).await;
    assert_eq!(items.len(), 1);
    // A living client's creation time is among the attributes that lists show.
    let listed = items[0].get("listed").map(|map| map.as_m().unwrap());
    let attribute = |name: &str| items[0].get(name).or_else(|| listed?.get(name));
    let text = |name: &str| attribute(name).and_then(|value| value.as_s().ok().cloned());
    ["createdAt", "createdBy", "createdWith", "updatedAt", "updatedBy", "updatedWith", "lastChange"].map(text)
}

fn assert_noted(store: &Store, action: Action, client: ClientId, fields: &str, version: Option<u64>) {
    let expected = ClientWrite { action, client, fields: fields.to_owned(), version };
    assert_eq!(store.tally().client_write(), Some(expected));
}

/// The store with a tally of its own.
fn request(store: &Store) -> Store {
    store.counting_in(&Tally::default())
}

async fn an_item_says_who_made_it_and_who_changed_it_last_and_how(world: World) {
    let id = ClientId::random();
    let store = request(&world.store);
    store.create(&by(&world, "maker", 0), id, ann(), None).await.unwrap();
    assert_noted(&store, Action::Create, id, "", Some(1));
    let made_at = world.at(0).to_string();
    let by_maker = [&made_at, "maker", "key_of_maker"].map(|text| Some(text.to_owned()));
    let [made_at, maker, key] = by_maker.clone();
    assert_eq!(
        trail(&world).await,
        [&made_at, &maker, &key, &made_at, &maker, &key, &Some("create".to_owned())].map(Clone::clone)
    );

    for (seconds, body, fields, change) in
        [(1, r#"{"notes":null,"name":"Bea"}"#, "name,notes", "update name,notes"), (2, "{}", "", "update")]
    {
        let store = request(&world.store);
        let updated =
            store.update(&by(&world, "editor", seconds), id, &patch(body), &ExpectedVersions::ALL).await.unwrap();
        assert_noted(&store, Action::Update, id, fields, Some(updated.version));
        let [at, editor, edited_with, what] =
            [&world.at(seconds).to_string(), "editor", "key_of_editor", change].map(|text| Some(text.to_owned()));
        let [made_at, maker, key] = by_maker.clone();
        assert_eq!(trail(&world).await, [made_at, maker, key, at, editor, edited_with, what]);
    }
}

async fn a_put_says_who_made_or_replaced_it(world: World) {
    let id = ClientId::random();
    let put = async |user, seconds| {
        let store = request(&world.store);
        let put = store.put(&by(&world, user, seconds), id, &ann(), &ExpectedVersions::ALL).await.unwrap();
        assert_noted(&store, Action::Put, id, "", Some(put.client().version));
        trail(&world).await.map(Option::unwrap)
    };
    let at = |seconds| world.at(seconds).to_string();
    assert_eq!(put("maker", 0).await, [&at(0), "maker", "key_of_maker", &at(0), "maker", "key_of_maker", "put"]);
    assert_eq!(put("editor", 1).await, [&at(0), "maker", "key_of_maker", &at(1), "editor", "key_of_editor", "put"]);
    world.store.delete(&by(&world, "cleaner", 2), id, &ExpectedVersions::ALL, false).await.unwrap();
    // After a deletion it is a new client, with a new author.
    assert_eq!(put("other", 3).await, [&at(3), "other", "key_of_other", &at(3), "other", "key_of_other", "put"]);
}

async fn a_tombstone_says_who_deleted_it(world: World) {
    let id = ClientId::random();
    world.store.create(&by(&world, "maker", 0), id, ann(), None).await.unwrap();
    let store = request(&world.store);
    store.delete(&by(&world, "cleaner", 1), id, &ExpectedVersions::ALL, false).await.unwrap();
    assert_noted(&store, Action::Delete, id, "", Some(2));
    let [.., at, user, key, change] = trail(&world).await.map(Option::unwrap);
    assert_eq!([at, user, key, change], [&world.at(1).to_string(), "cleaner", "key_of_cleaner", "delete"]);
    let items = world.dump(&world.tables.clients).await;
    assert_eq!(items[0]["deletedAt"], AttributeValue::S(world.at(1).to_string()));

    let store = request(&world.store);
    store.delete(&by(&world, "eraser", 2), id, &ExpectedVersions::ALL, true).await.unwrap();
    assert_noted(&store, Action::Erase, id, "", Some(3));
    let [created_at, maker, .., at, user, key, change] = trail(&world).await.map(Option::unwrap);
    assert_eq!((created_at, maker.as_str()), (world.at(0).to_string(), "maker"));
    assert_eq!([at, user, key, change], [&world.at(2).to_string(), "eraser", "key_of_eraser", "erase"]);
}

async fn a_restored_client_says_who_restored_it(world: World) {
    let id = ClientId::random();
    world.store.create(&by(&world, "maker", 0), id, ann(), None).await.unwrap();
    world.store.delete(&by(&world, "cleaner", 1), id, &ExpectedVersions::ALL, false).await.unwrap();
    let store = request(&world.store);
    store.restore(&by(&world, "restorer", 2), id, &ExpectedVersions::ALL).await.unwrap();
    assert_noted(&store, Action::Restore, id, "", Some(3));
    let [made_at, at] = [0, 2].map(|seconds| world.at(seconds).to_string());
    let expected = [&made_at, "maker", "key_of_maker", &at, "restorer", "key_of_restorer", "restore"];
    assert_eq!(trail(&world).await.map(Option::unwrap), expected);
    // The client lives: nothing is restored, and nobody is noted.
    let store = request(&world.store);
    store.restore(&by(&world, "latecomer", 3), id, &ExpectedVersions::ALL).await.unwrap();
    assert_eq!(store.tally().client_write(), None);
    assert_eq!(trail(&world).await.map(Option::unwrap), expected);
}

async fn a_refused_write_leaves_no_trail(world: World) {
    let id = ClientId::random();
    world.store.create(&by(&world, "maker", 0), id, ann(), None).await.unwrap();
    let before = trail(&world).await;
    let store = request(&world.store);
    let intruder = by(&world, "intruder", 1);
    assert!(matches!(
        store.update(&intruder, id, &patch("{}"), &ExpectedVersions::any_of(&[7])).await,
        Err(WriteError::UnexpectedVersion)
    ));
    assert_eq!(store.tally().client_write(), None);
    assert!(matches!(
        store.delete(&intruder, ClientId::random(), &ExpectedVersions::ALL, false).await,
        Err(WriteError::NotFound)
    ));
    assert_eq!(store.tally().client_write(), None);
    assert_eq!(trail(&world).await, before);
}

async fn a_repeated_create_leaves_no_second_trail(world: World) {
    let id = ClientId::random();
    world.store.create(&by(&world, "maker", 0), id, ann(), Some("hash")).await.unwrap();
    let store = request(&world.store);
    let again = store.create(&by(&world, "maker", 1), id, ann(), Some("hash")).await.unwrap();
    assert!(matches!(again, CreateOutcome::Replayed(_)));
    assert_eq!(store.tally().client_write(), None);
    let other = store.create(&by(&world, "maker", 1), id, ann(), Some("other")).await.unwrap();
    assert_eq!((other, store.tally().client_write()), (CreateOutcome::Conflict, None));
}

/// The writes that an update and a delete note if this fault strikes all of their calls.
async fn under(fault: Fault) -> [Option<ClientWrite>; 2] {
    under_each(move |_| fault).await
}

/// The same, if the fault depends on the number of calls before.
async fn under_each(fault: impl Fn(usize) -> Fault + Send + Sync + 'static) -> [Option<ClientWrite>; 2] {
    let world = World::new().await;
    let (id, now) = (ClientId::random(), world.start);
    world.store.create(&by_at("maker", now), id, ann(), None).await.unwrap();
    let calls = AtomicUsize::new(0);
    let proxy = FaultProxy::start(world.url(), move |_| fault(calls.fetch_add(1, Ordering::Relaxed)));
    let proxy = proxy.await.unwrap();
    let faulty = world.behind(&proxy).store;
    let (update, delete) = (request(&faulty), request(&faulty));
    let editor = by_at("editor", now);
    assert!(update.update(&editor, id, &patch(r#"{"status":"inactive"}"#), &ExpectedVersions::ALL).await.is_err());
    assert!(delete.delete(&editor, id, &ExpectedVersions::ALL, false).await.is_err());
    [update, delete].map(|store| store.tally().client_write())
}

#[tokio::test]
async fn a_write_whose_outcome_nobody_knows_is_in_the_trail_without_a_version() {
    for fault in [Fault::FailedAfter, Fault::DroppedBefore] {
        let [update, delete] = under(fault).await.map(Option::unwrap);
        assert_eq!((update.action, update.fields.as_str(), update.version), (Action::Update, "status", None));
        assert_eq!((delete.action, delete.version), (Action::Delete, None));
    }
}

/// The outcome of the last attempt says nothing about the first, whose answer was lost.
#[tokio::test]
async fn a_lost_answer_is_not_forgotten_if_later_attempts_are_throttled() {
    // The update is attempted once. The delete's first call is the second of all.
    let fault = |call| if call <= 1 { Fault::DroppedBefore } else { Fault::Throttled };
    let [_, delete] = under_each(fault).await.map(Option::unwrap);
    assert_eq!((delete.action, delete.version), (Action::Delete, None));
}

#[tokio::test]
async fn a_write_that_never_took_effect_is_not_in_the_trail() {
    assert_eq!(under(Fault::Throttled).await, [None, None]);
}

/// A request that ends at its deadline is dropped where it stands.
#[tokio::test]
async fn a_write_that_is_under_way_when_its_request_ends_is_in_the_trail() {
    let world = World::new().await;
    let proxy = FaultProxy::start(world.url(), |_| Fault::Hangs).await.unwrap();
    let store = request(&world.behind(&proxy).store);
    let (id, maker) = (ClientId::random(), by(&world, "maker", 0));
    let create = store.create(&maker, id, ann(), None);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), create).await.is_err());
    assert_noted(&store, Action::Create, id, "", None);
}
