//! The trail of a change: who made it, what it was and when, in the item itself and in the request's
//! tally, from which the log line is written.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Action, Caller, ClientId, ClientPatch, Clock, NewClient, Timestamp};
use end_to_end::{
    engines::Lab,
    faults::{Fault, FaultProxy},
    on_every_engine,
};
use local::{config_for, engine::Engine};
use shared::{
    store::{CreateOutcome, ExpectedVersions, Store, Tables, WriteContext, WriteError},
    telemetry::{ClientWrite, Tally},
};

on_every_engine![
    an_item_says_who_made_it_and_who_changed_it_last_and_how,
    a_tombstone_says_who_deleted_it,
    a_refused_write_leaves_no_trail,
    a_repeated_create_leaves_no_second_trail,
];

fn stamp(lab: &Lab, user: &str, seconds: u64) -> WriteContext {
    stamp_at(lab.at(seconds), user)
}

fn stamp_at(at: Timestamp, user: &str) -> WriteContext {
    let key_id = format!("key_of_{user}").parse().unwrap();
    WriteContext { caller: Caller { org: "acme".parse().unwrap(), user: user.parse().unwrap(), key_id }, at }
}

fn ann() -> NewClient {
    NewClient::parse(br#"{"name":"Ann","phone":"1"}"#).unwrap()
}

fn patch(body: &str) -> ClientPatch {
    ClientPatch::parse(body.as_bytes()).unwrap()
}

/// The trail in the one item there is.
async fn trail(lab: &Lab) -> [Option<String>; 7] {
    let items = lab.dump(&lab.tables.clients).await;
    assert_eq!(items.len(), 1);
    let text = |name: &str| items[0].get(name).and_then(|value| value.as_s().ok().cloned());
    ["createdAt", "createdBy", "createdWith", "updatedAt", "updatedBy", "updatedWith", "lastChange"].map(text)
}

fn made(store: &Store, action: Action, client: ClientId, fields: &str, version: Option<u64>) {
    let expected = ClientWrite { action, client, fields: fields.to_owned(), version };
    assert_eq!(store.tally().client_write(), Some(expected));
}

/// The store with a tally of its own.
fn request(store: &Store) -> Store {
    store.counting_in(&Tally::default())
}

async fn an_item_says_who_made_it_and_who_changed_it_last_and_how(lab: Lab) {
    let id = ClientId::random();
    let store = request(&lab.store);
    store.create(&stamp(&lab, "maker", 0), id, ann(), None).await.unwrap();
    made(&store, Action::Create, id, "", Some(1));
    let made_at = lab.at(0).to_string();
    let by_maker = [&made_at, "maker", "key_of_maker"].map(|text| Some(text.to_owned()));
    let [made_at, maker, key] = by_maker.clone();
    assert_eq!(
        trail(&lab).await,
        [&made_at, &maker, &key, &made_at, &maker, &key, &Some("create".to_owned())].map(Clone::clone)
    );

    for (seconds, body, fields, change) in
        [(1, r#"{"notes":null,"name":"Bea"}"#, "name,notes", "update name,notes"), (2, "{}", "", "update")]
    {
        let store = request(&lab.store);
        let updated =
            store.update(&stamp(&lab, "editor", seconds), id, &patch(body), &ExpectedVersions::ALL).await.unwrap();
        made(&store, Action::Update, id, fields, Some(updated.version));
        let [at, editor, edited_with, what] =
            [&lab.at(seconds).to_string(), "editor", "key_of_editor", change].map(|text| Some(text.to_owned()));
        let [made_at, maker, key] = by_maker.clone();
        assert_eq!(trail(&lab).await, [made_at, maker, key, at, editor, edited_with, what]);
    }
}

async fn a_tombstone_says_who_deleted_it(lab: Lab) {
    let id = ClientId::random();
    lab.store.create(&stamp(&lab, "maker", 0), id, ann(), None).await.unwrap();
    let store = request(&lab.store);
    store.delete(&stamp(&lab, "cleaner", 1), id, &ExpectedVersions::ALL).await.unwrap();
    made(&store, Action::Delete, id, "", Some(2));
    let [.., at, user, key, change] = trail(&lab).await.map(Option::unwrap);
    assert_eq!([at, user, key, change], [&lab.at(1).to_string(), "cleaner", "key_of_cleaner", "delete"]);
    let items = lab.dump(&lab.tables.clients).await;
    assert_eq!(items[0]["deletedAt"], AttributeValue::S(lab.at(1).to_string()));
}

async fn a_refused_write_leaves_no_trail(lab: Lab) {
    let id = ClientId::random();
    lab.store.create(&stamp(&lab, "maker", 0), id, ann(), None).await.unwrap();
    let before = trail(&lab).await;
    let store = request(&lab.store);
    let intruder = stamp(&lab, "intruder", 1);
    assert!(matches!(
        store.update(&intruder, id, &patch("{}"), &ExpectedVersions::any_of(&[7])).await,
        Err(WriteError::UnexpectedVersion)
    ));
    assert_eq!(store.tally().client_write(), None);
    assert!(matches!(
        store.delete(&intruder, ClientId::random(), &ExpectedVersions::ALL).await,
        Err(WriteError::NotFound)
    ));
    assert_eq!(store.tally().client_write(), None);
    assert_eq!(trail(&lab).await, before);
}

async fn a_repeated_create_leaves_no_second_trail(lab: Lab) {
    let id = ClientId::random();
    lab.store.create(&stamp(&lab, "maker", 0), id, ann(), Some("hash")).await.unwrap();
    let store = request(&lab.store);
    let again = store.create(&stamp(&lab, "maker", 1), id, ann(), Some("hash")).await.unwrap();
    assert!(matches!(again, CreateOutcome::Replayed(_)));
    assert_eq!(store.tally().client_write(), None);
    let other = store.create(&stamp(&lab, "maker", 1), id, ann(), Some("other")).await.unwrap();
    assert_eq!((other, store.tally().client_write()), (CreateOutcome::Conflict, None));
}

/// What the trail says of an update and of a delete, all of whose calls meet this fault.
async fn under(fault: Fault) -> [Option<ClientWrite>; 2] {
    under_each(move |_| fault).await
}

/// The same, where the fault depends on how many calls there were before.
async fn under_each(fault: impl Fn(usize) -> Fault + Send + Sync + 'static) -> [Option<ClientWrite>; 2] {
    let engine = Engine::in_memory().await.unwrap();
    let store = Store::new(engine.config(), Tables::default());
    store.create_tables().await.unwrap();
    let (id, now) = (ClientId::random(), Clock::system().now());
    store.create(&stamp_at(now, "maker"), id, ann(), None).await.unwrap();
    let calls = AtomicUsize::new(0);
    let proxy = FaultProxy::start(engine.url(), move |_| fault(calls.fetch_add(1, Ordering::Relaxed)));
    let proxy = proxy.await.unwrap();
    let faulty = || request(&Store::new(&config_for(&proxy.url()), Tables::default()));
    let (update, delete) = (faulty(), faulty());
    let stamp = stamp_at(now, "editor");
    assert!(update.update(&stamp, id, &patch(r#"{"status":"inactive"}"#), &ExpectedVersions::ALL).await.is_err());
    assert!(delete.delete(&stamp, id, &ExpectedVersions::ALL).await.is_err());
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

/// What the last try came to says nothing of the first, whose answer was lost.
#[tokio::test]
async fn a_lost_answer_is_not_forgotten_when_later_tries_are_refused() {
    // The update is tried once. The delete's first call is the second of all.
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
    let engine = Engine::in_memory().await.unwrap();
    let proxy = FaultProxy::start(engine.url(), |_| Fault::Hangs).await.unwrap();
    let store = request(&Store::new(&config_for(&proxy.url()), Tables::default()));
    let (id, stamp) = (ClientId::random(), stamp_at(Clock::system().now(), "maker"));
    let create = store.create(&stamp, id, ann(), None);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), create).await.is_err());
    made(&store, Action::Create, id, "", None);
}
