//! An organization as a whole: exported, imported and deleted, beside everything else that goes on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    cell::Cell,
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse, routing::post};
use domain::{ApiKey, Caller, Client, ClientId, ClientPatch, Clock, NewClient, OrgId, Timestamp};
use end_to_end::{
    engines::Lab,
    faults::{Call, Fault, FaultProxy},
    on_every_engine,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use list_clients::replicas::{Page, Replicas};
use list_engine::ListParams;
use local::engine::{Engine, config_for};
use serde_json::{Value, json};
use shared::{
    App,
    store::{
        ClientRecord, ClockError, CreateOutcome, ExpectedVersions, IMPORTED_WITH, Import, ImportOutcome, NewApiKey,
        Store, Tables, WriteContext, WriteError,
    },
};
use tokio::net::TcpListener;

on_every_engine![
    an_export_is_complete_and_in_order_over_many_pages,
    an_exported_organization_that_was_deleted_is_the_same_after_its_import,
    a_warm_replica_shows_what_was_imported_at_the_next_list,
    what_is_there_is_not_touched_unless_it_is_to_be_overwritten,
    a_repeated_import_changes_nothing,
    imported_versions_and_stamps_go_forward,
    a_client_that_is_older_than_its_export_is_written_although_it_is_equal,
    idempotency_keys_make_no_second_client_after_an_import,
    a_write_that_was_answered_late_is_stamped_again,
    all_that_an_organization_has_is_deleted_and_nothing_else,
    an_operators_clock_is_compared_with_the_tables,
    warm_replicas_agree_with_the_table_after_an_import_among_other_writes,
];

const ROOM: usize = 64 * 1024 * 1024;

struct World {
    store: Store,
    org: OrgId,
    start: Timestamp,
}

impl World {
    fn new(store: &Store) -> Self {
        Self { store: store.clone(), org: "acme".parse().unwrap(), start: Clock::system().now() }
    }

    fn of(&self, org: &str) -> Self {
        Self { org: org.parse().unwrap(), store: self.store.clone(), start: self.start }
    }

    fn stamp_at(&self, at: Timestamp) -> WriteContext {
        let caller = Caller { org: self.org.clone(), user: "ann".parse().unwrap(), key_id: "key_1".parse().unwrap() };
        WriteContext { caller, at }
    }

    fn stamp(&self) -> WriteContext {
        self.stamp_at(Clock::system().now())
    }

    async fn create(&self, body: &Value) -> Client {
        let new = NewClient::parse(body.to_string().as_bytes()).unwrap();
        match self.store.create(&self.stamp(), ClientId::random(), new, None).await.unwrap() {
            CreateOutcome::Created(client) => client,
            other => unreachable!("{other:?}"),
        }
    }

    async fn rename(&self, id: ClientId, name: &str) -> Client {
        self.store.update(&self.stamp(), id, &renamed(name), &ExpectedVersions::ALL).await.unwrap()
    }

    async fn delete(&self, id: ClientId) {
        self.store.delete(&self.stamp(), id, &ExpectedVersions::ALL).await.unwrap();
    }

    async fn get(&self, id: ClientId) -> Option<Client> {
        self.store.get(&self.stamp().caller, id).await.unwrap()
    }

    async fn export(&self) -> Vec<ClientRecord> {
        self.pages().await.concat()
    }

    async fn pages(&self) -> Vec<Vec<ClientRecord>> {
        let (mut pages, mut next) = (Vec::new(), None);
        loop {
            let page = self.store.export(&self.org, next).await.unwrap();
            pages.push(page.clients);
            next = page.next;
            if next.is_none() {
                return pages;
            }
        }
    }

    fn importing(&self, overwrite: bool) -> Import {
        let clock = Clock::system();
        Import { org: self.org.clone(), user: "operator".parse().unwrap(), overwrite, began: clock.now(), clock }
    }

    async fn import(&self, records: &[ClientRecord], overwrite: bool) -> Vec<ImportOutcome> {
        // What was written in the millisecond before was not written since.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let import = self.importing(overwrite);
        let mut outcomes = Vec::new();
        for record in records {
            outcomes.push(self.store.import(&import, record).await.unwrap());
        }
        outcomes
    }

    async fn list(&self, replicas: &Replicas) -> Page {
        let app = App { store: self.store.clone(), clock: Clock::system() };
        replicas.page(&app, &self.org, &ListParams { limit: 100, ..ListParams::default() }).await.unwrap()
    }

    async fn names(&self, replicas: &Replicas) -> Vec<String> {
        let mut names: Vec<_> =
            self.list(replicas).await.clients.iter().map(|client| client.name.as_str().to_owned()).collect();
        names.sort();
        names
    }
}

fn renamed(name: &str) -> ClientPatch {
    ClientPatch { name: Some(name.parse().unwrap()), ..ClientPatch::default() }
}

/// All that an import keeps.
fn kept(record: &ClientRecord) -> impl PartialEq + std::fmt::Debug + use<> {
    let ClientRecord { client, created_by, created_with, .. } = record.clone();
    (client.id, client.name, client.phone, client.status, client.notes, client.created_at, created_by, created_with)
}

async fn an_export_is_complete_and_in_order_over_many_pages(lab: Lab) {
    let world = World::new(&lab.store);
    let mut living = HashSet::new();
    for at in 0..330 {
        let client = world.create(&json!({ "name": format!("c{at}"), "notes": "ä".repeat(2_500) })).await;
        if at % 10 == 0 {
            world.delete(client.id).await;
        } else {
            living.insert(client.id);
        }
    }
    world.of("acme2").create(&json!({ "name": "another's" })).await;
    let pages = world.pages().await;
    assert!(pages.len() > 1, "the test is about several pages");
    let ids: Vec<ClientId> = pages.iter().flatten().map(|record| record.client.id).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.len(), living.len());
    assert_eq!(HashSet::from_iter(ids), living);
    for record in pages.iter().flatten() {
        assert_eq!(Some(&record.client), world.get(record.client.id).await.as_ref());
        assert_eq!((record.created_by.as_str(), record.updated_with.as_str()), ("ann", "key_1"));
    }
}

async fn an_exported_organization_that_was_deleted_is_the_same_after_its_import(lab: Lab) {
    let world = World::new(&lab.store);
    world.create(&json!({ "name": "José", "phone": "+1 555-1234", "notes": "long ".repeat(900) })).await;
    world.create(&json!({ "name": "b", "status": "inactive", "notes": "short" })).await;
    let changed = world.create(&json!({ "name": "c" })).await;
    world.rename(changed.id, "d").await;
    let gone = world.create(&json!({ "name": "gone" })).await;
    world.delete(gone.id).await;
    let warm = Replicas::new(ROOM);
    world.list(&warm).await;

    let before = world.export().await;
    assert_eq!(world.store.purge_clients(&world.org, |_| {}).await.unwrap(), 4);
    assert_eq!(world.export().await, []);
    assert_eq!(world.import(&before, false).await, [ImportOutcome::Created; 3]);

    let after = world.export().await;
    assert_eq!(after.iter().map(kept).collect::<Vec<_>>(), before.iter().map(kept).collect::<Vec<_>>());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((after.updated_by.as_str(), after.updated_with.as_str()), ("operator", IMPORTED_WITH));
        assert_eq!(after.client.version, before.client.version + 1);
        assert!(after.client.updated_at >= before.client.updated_at);
    }
    let fresh = world.list(&Replicas::new(ROOM)).await;
    assert_eq!(world.list(&warm).await, fresh);
    let listed: HashSet<_> = fresh.clients.iter().map(|client| client.name.as_str()).collect();
    assert_eq!(listed, HashSet::from(["José", "b", "d"]));
}

async fn a_warm_replica_shows_what_was_imported_at_the_next_list(lab: Lab) {
    let source = World::new(&lab.store).of("source");
    let mut records = Vec::new();
    for name in ["new", "there", "deleted"] {
        source.create(&json!({ "name": name })).await;
    }
    records.extend(source.export().await);
    // Exported long ago.
    for record in &mut records {
        record.client.updated_at = lab.start.before(Duration::from_secs(24 * 60 * 60));
    }
    let world = World::new(&lab.store);
    let find = |name: &str| records.iter().find(|record| record.client.name.as_str() == name).unwrap().clone();
    world.import(&[find("there"), find("deleted")], false).await;
    world.rename(find("there").client.id, "changed").await;
    world.delete(find("deleted").client.id).await;

    let warm = Replicas::new(ROOM);
    assert_eq!(world.names(&warm).await, ["changed"]);
    world.import(&[find("new")], false).await;
    assert_eq!(world.names(&warm).await, ["changed", "new"]);
    assert_eq!(world.import(&[find("there")], true).await, [ImportOutcome::Replaced { newer: false }]);
    assert_eq!(world.names(&warm).await, ["new", "there"]);
    assert_eq!(world.import(&[find("deleted")], true).await, [ImportOutcome::Restored { newer: false }]);
    assert_eq!(world.names(&warm).await, ["deleted", "new", "there"]);
    // A client that came back to life lives: nothing of the tombstone is left, its end above all.
    for item in lab.dump(&lab.tables.clients).await {
        assert!(!item.contains_key("deletedAt") && !item.contains_key("expiresAt"));
    }
}

async fn what_is_there_is_not_touched_unless_it_is_to_be_overwritten(lab: Lab) {
    let world = World::new(&lab.store);
    let names = ["same", "changed", "deleted"];
    let mut ids = Vec::new();
    for name in names {
        ids.push(world.create(&json!({ "name": name, "notes": "n".repeat(500) })).await.id);
    }
    let exported = world.export().await;
    let record = |at: usize| exported.iter().find(|record| record.client.id == ids[at]).unwrap().clone();
    world.rename(ids[1], "changed since").await;
    let short = ClientPatch { notes: Some(Some("short".parse().unwrap())), ..ClientPatch::default() };
    world.store.update(&world.stamp(), ids[1], &short, &ExpectedVersions::ALL).await.unwrap();
    world.delete(ids[2]).await;
    let records = [record(0), record(1), record(2)];

    let before = lab.dump(&lab.tables.clients).await;
    let untouched = [ImportOutcome::Unchanged, ImportOutcome::Kept, ImportOutcome::StaysDeleted];
    assert_eq!(world.import(&records, false).await, untouched);
    assert_eq!(lab.dump(&lab.tables.clients).await, before);

    let overwritten =
        [ImportOutcome::Unchanged, ImportOutcome::Replaced { newer: false }, ImportOutcome::Restored { newer: false }];
    assert_eq!(world.import(&records, true).await, overwritten);
    for (at, name) in names.into_iter().enumerate() {
        let client = world.get(ids[at]).await.unwrap();
        assert_eq!((client.name.as_str(), client.notes), (name, record(at).client.notes));
    }
}

async fn a_repeated_import_changes_nothing(lab: Lab) {
    let source = World::new(&lab.store).of("source");
    for at in 0..5 {
        source.create(&json!({ "name": format!("{at}"), "notes": "n".repeat(at * 100) })).await;
    }
    let records = source.export().await;
    let world = World::new(&lab.store);
    // Interrupted after two clients, and repeated as a whole.
    world.import(&records[..2], true).await;
    let outcomes = world.import(&records, true).await;
    assert_eq!(outcomes[..2], [ImportOutcome::Unchanged; 2]);
    assert_eq!(outcomes[2..], [ImportOutcome::Created; 3]);
    let before = lab.dump(&lab.tables.clients).await;
    for overwrite in [false, true] {
        assert_eq!(world.import(&records, overwrite).await, [ImportOutcome::Unchanged; 5]);
    }
    assert_eq!(lab.dump(&lab.tables.clients).await, before);
}

async fn imported_versions_and_stamps_go_forward(lab: Lab) {
    let world = World::new(&lab.store);
    let client = world.create(&json!({ "name": "a" })).await;
    let mut record = world.export().await.remove(0);
    record.client.name = "exported".parse().unwrap();

    record.client.version = 7;
    world.import(&[record.clone()], true).await;
    assert_eq!(world.get(client.id).await.unwrap().version, 8);

    // A writer whose clock is ahead: its stamp must not be followed by an earlier one.
    let ahead = lab.at(3600);
    let update =
        world.store.update(&world.stamp_at(ahead), client.id, &renamed("b"), &ExpectedVersions::ALL).await.unwrap();
    assert_eq!((update.version, update.updated_at), (9, ahead));
    world.import(&[record.clone()], true).await;
    let imported = world.get(client.id).await.unwrap();
    assert_eq!((imported.version, imported.updated_at, imported.name.as_str()), (10, ahead, "exported"));

    // A holder of the tag from before is told.
    let stale = world.store.update(&world.stamp(), client.id, &renamed("c"), &ExpectedVersions::any_of(&[9])).await;
    assert!(matches!(stale, Err(WriteError::UnexpectedVersion)), "{stale:?}");

    world.delete(client.id).await;
    world.import(&[record], true).await;
    assert_eq!(world.get(client.id).await.unwrap().version, 12);
}

/// A replica that remembers a client from before its organization was deleted must not stay with it.
async fn a_client_that_is_older_than_its_export_is_written_although_it_is_equal(lab: Lab) {
    let world = World::new(&lab.store);
    let client = world.create(&json!({ "name": "a" })).await;
    let mut record = world.export().await.remove(0);
    record.client.version = 5;
    assert_eq!(world.import(&[record.clone()], true).await, [ImportOutcome::Replaced { newer: false }]);
    assert_eq!(world.get(client.id).await.unwrap().version, 6);
    assert_eq!(world.import(&[record], true).await, [ImportOutcome::Unchanged]);
}

async fn idempotency_keys_make_no_second_client_after_an_import(lab: Lab) {
    let world = World::new(&lab.store);
    let id = ClientId::random();
    let new = || NewClient::parse(br#"{"name":"once"}"#).unwrap();
    let create = async |hash| world.store.create(&world.stamp(), id, new(), Some(hash)).await.unwrap();
    assert!(matches!(create("hash").await, CreateOutcome::Created(_)));
    let mut record = world.export().await.remove(0);
    record.client.name = "exported".parse().unwrap();
    // What is overwritten goes on answering for its key…
    world.import(&[record.clone()], true).await;
    assert!(matches!(create("hash").await, CreateOutcome::Replayed(_)));
    // …deleted in between or not;
    world.delete(id).await;
    world.import(&[record.clone()], true).await;
    assert!(matches!(create("hash").await, CreateOutcome::Replayed(_)));
    // where all was deleted for good, the hash is gone: a repeated request is told, and makes no second one.
    world.store.purge_clients(&world.org, |_| {}).await.unwrap();
    world.import(&[record], true).await;
    assert_eq!(create("hash").await, CreateOutcome::Conflict);
    assert_eq!(world.export().await.len(), 1);
}

/// The machine slept between a write's stamp and its call.
async fn a_write_that_was_answered_late_is_stamped_again(lab: Lab) {
    let source = World::new(&lab.store).of("source");
    source.create(&json!({ "name": "a" })).await;
    let record = source.export().await.remove(0);
    let world = World::new(&lab.store);
    let readings = Arc::new(AtomicUsize::new(0));
    let counted = readings.clone();
    let (start, woken) = (lab.start, lab.at(600));
    let clock = Clock::new(move || if counted.fetch_add(1, Ordering::Relaxed) == 0 { start } else { woken });
    let import = Import { clock, ..world.importing(false) };
    assert_eq!(world.store.import(&import, &record).await.unwrap(), ImportOutcome::Created);
    let client = world.get(record.client.id).await.unwrap();
    assert_eq!((client.updated_at, client.version), (woken, record.client.version + 2));
}

async fn all_that_an_organization_has_is_deleted_and_nothing_else(lab: Lab) {
    let world = World::new(&lab.store);
    let neighbours = ["acme-2", "acm", "ACME", "b"].map(|org| world.of(org));
    let create_key = async |world: &World| {
        let new = NewApiKey {
            org: world.org.clone(),
            user: "ann".parse().unwrap(),
            name: "k".to_owned(),
            expires_at: lab.at(3600),
        };
        lab.store.create_api_key(&ApiKey::generate().unwrap(), new, lab.start).await.unwrap();
    };
    // More than is looked up at a time.
    const CLIENTS: usize = 1_020;
    let created = stream::iter(0..CLIENTS).map(async |at| {
        let client = world.create(&json!({ "name": format!("c{at}") })).await;
        if at % 30 == 0 {
            world.delete(client.id).await;
        }
    });
    created.buffer_unordered(8).collect::<()>().await;
    create_key(&world).await;
    create_key(&world).await;
    for neighbour in &neighbours {
        neighbour.create(&json!({ "name": "stays" })).await;
        create_key(neighbour).await;
    }
    let mut heard = Vec::new();
    assert_eq!(world.store.purge_clients(&world.org, |deleted| heard.push(deleted)).await.unwrap(), CLIENTS);
    assert_eq!(heard.last(), Some(&CLIENTS));
    let keys = world.store.all_api_keys(&world.org).await.unwrap();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        world.store.purge_api_key(key).await.unwrap();
    }
    assert_eq!(world.store.purge_clients(&world.org, |_| {}).await.unwrap(), 0);
    for table in [&lab.tables.clients, &lab.tables.api_keys] {
        let left = lab.dump(table).await;
        assert_eq!(left.len(), neighbours.len());
        assert!(left.iter().all(|item| item["orgId"].as_s().unwrap() != "acme"));
    }
}

async fn an_operators_clock_is_compared_with_the_tables(lab: Lab) {
    let org: OrgId = "acme".parse().unwrap();
    let allowed = Duration::from_secs(2);
    let off = |millis: i64| Clock::new(move || Timestamp::from_millis(Clock::system().now().millis() + millis));
    let error = async |millis| lab.store.clock_error(&org, &off(millis), allowed).await.unwrap();
    assert_eq!(error(0).await, None);
    assert_eq!(error(1_000).await, None);
    assert_eq!(error(-1_000).await, None);
    assert!(matches!(error(60_000).await, Some(ClockError::Ahead(by)) if (58..=60).contains(&by.as_secs())));
    // An answer that takes long says less of a clock that is behind.
    assert!(matches!(error(-60_000).await, Some(ClockError::Behind(by)) if (50..=60).contains(&by.as_secs())));
}

/// Writers, an overwriting import and lists, all at once.
async fn warm_replicas_agree_with_the_table_after_an_import_among_other_writes(lab: Lab) {
    let world = World::new(&lab.store);
    for at in 0..40 {
        world.create(&json!({ "name": format!("c{at}") })).await;
    }
    let exported = world.export().await;
    let ids: Vec<ClientId> = exported.iter().map(|record| record.client.id).collect();
    let warm = [Replicas::new(ROOM), Replicas::new(ROOM)];
    for replicas in &warm {
        world.list(replicas).await;
    }
    let imported = Cell::new(false);
    let writing = async |writer: u64| {
        let mut random = fastrand::Rng::with_seed(writer);
        while !imported.get() {
            let id = ids[random.usize(..ids.len())];
            let outcome = match random.u8(..4) {
                0 => world.store.delete(&world.stamp(), id, &ExpectedVersions::ALL).await,
                _ => world.store.update(&world.stamp(), id, &renamed("other"), &ExpectedVersions::ALL).await.map(drop),
            };
            assert!(matches!(outcome, Ok(()) | Err(WriteError::NotFound)), "{outcome:?}");
        }
    };
    let listing = async |replicas| {
        while !imported.get() {
            world.list(replicas).await;
        }
    };
    let importing = async {
        for _ in 0..5 {
            let import = world.importing(true);
            let import = &import;
            let outcomes = stream::iter(&exported).map(|record| world.store.import(import, record));
            assert_eq!(outcomes.buffer_unordered(4).try_collect::<Vec<_>>().await.unwrap().len(), ids.len());
        }
        imported.set(true);
    };
    tokio::join!(writing(1), writing(2), listing(&warm[0]), listing(&warm[1]), importing);
    let fresh = world.list(&Replicas::new(ROOM)).await;
    for replicas in &warm {
        assert_eq!(world.list(replicas).await, fresh);
    }
}

/// An engine, a store on it, and one through a proxy.
async fn behind_a_proxy(fault: impl Fn(&Call) -> Fault + Send + Sync + 'static) -> (Engine, FaultProxy, World, World) {
    let engine = Engine::in_memory().await.unwrap();
    let direct = Store::new(engine.config(), Tables::default());
    direct.create_tables().await.unwrap();
    let proxy = FaultProxy::start(engine.url(), fault).await.unwrap();
    let through = Store::new(&config_for(&proxy.url()), Tables::default());
    (engine, proxy, World::new(&direct), World::new(&through))
}

/// A proxy's choice: this fault at the calls of one operation in this range.
fn at_calls(operation: &'static str, range: std::ops::Range<i64>, fault: Fault) -> impl Fn(&Call) -> Fault {
    let count = AtomicI64::new(0);
    move |call| {
        let strikes = call.operation == operation && range.contains(&count.fetch_add(1, Ordering::Relaxed));
        if strikes { fault } else { Fault::None }
    }
}

#[tokio::test]
async fn a_write_of_the_api_during_an_import_is_not_lost_in_silence() {
    // The import's first call finds the client, the second one replaces it: the API is in between.
    let delayed = at_calls("PutItem", 1..2, Fault::DelayBefore(Duration::from_millis(600)));
    let (_engine, _proxy, direct, through) = behind_a_proxy(delayed).await;
    let client = direct.create(&json!({ "name": "a" })).await;
    let exported = direct.export().await.remove(0);
    direct.rename(client.id, "b").await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let import = through.importing(true);
    let (imported, between) = tokio::join!(through.store.import(&import, &exported), async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        direct.rename(client.id, "c").await
    });
    assert_eq!(between.version, 3);
    assert_eq!(imported.unwrap(), ImportOutcome::Replaced { newer: true });
    let after = direct.get(client.id).await.unwrap();
    assert_eq!((after.name.as_str(), after.version), ("a", 4));
}

#[tokio::test]
async fn a_deletion_by_the_api_during_an_import_is_not_lost_in_silence() {
    let (_engine, _proxy, direct, _) = behind_a_proxy(|_| Fault::None).await;
    let client = direct.create(&json!({ "name": "a" })).await;
    let exported = direct.export().await.remove(0);
    let import = direct.importing(true);
    direct.delete(client.id).await;
    assert_eq!(direct.store.import(&import, &exported).await.unwrap(), ImportOutcome::Restored { newer: true });
}

#[tokio::test]
async fn an_import_withstands_throttling_failures_and_lost_answers() {
    let faults = [
        Fault::Throttled,
        Fault::FailedBefore,
        Fault::FailedAfter,
        Fault::DroppedBefore,
        Fault::DroppedAfter,
        Fault::Hangs,
    ];
    for fault in faults {
        for first in 0..2 {
            let case = format!("{fault:?} from call {first} on");
            let strikes = if fault == Fault::Hangs { 1 } else { 4 };
            let striking = at_calls("PutItem", first..first + strikes, fault);
            let (_engine, _proxy, direct, through) = behind_a_proxy(striking).await;
            let new = direct.create(&json!({ "name": "new" })).await;
            let there = direct.create(&json!({ "name": "there" })).await;
            let exported = direct.export().await;
            let record = |id| exported.iter().find(|record| record.client.id == id).unwrap();
            direct.store.purge_clients(&direct.org, |_| {}).await.unwrap();
            direct.import(&[record(there.id).clone()], false).await;
            direct.rename(there.id, "other").await;
            let began = Clock::system().now();
            let import = through.importing(true);
            let outcome = through.store.import(&import, record(new.id)).await.unwrap();
            assert_eq!(outcome, ImportOutcome::Created, "{case}");
            let outcome = through.store.import(&import, record(there.id)).await.unwrap();
            assert!(matches!(outcome, ImportOutcome::Replaced { .. }), "{case}: {outcome:?}");
            // Each took effect once, stamped within the import.
            for (id, name, version) in [(new.id, "new", 2), (there.id, "there", 4)] {
                let client = direct.get(id).await.unwrap();
                assert_eq!((client.name.as_str(), client.version), (name, version), "{case}");
                assert!(client.updated_at >= began, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn an_import_on_a_table_that_is_missing_fails_at_once() {
    let engine = Engine::in_memory().await.unwrap();
    let world = World::new(&Store::new(engine.config(), Tables::default()));
    world.store.create_tables().await.unwrap();
    world.create(&json!({ "name": "a" })).await;
    let record = world.export().await.remove(0);
    world.store.delete_tables().await.unwrap();
    let begin = std::time::Instant::now();
    assert!(world.store.import(&world.importing(true), &record).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(1));
}

/// DynamoDB may leave a part of a batch undone, and says which.
#[tokio::test]
async fn what_a_batch_leaves_undone_is_deleted_all_the_same() {
    let engine = Engine::in_memory().await.unwrap();
    let direct = World::new(&Store::new(engine.config(), Tables::default()));
    direct.store.create_tables().await.unwrap();
    for at in 0..40 {
        direct.create(&json!({ "name": format!("c{at}") })).await;
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let halving = Router::new().route("/", post(halve)).with_state(Arc::new(engine.url().to_owned()));
    let server = tokio::spawn(async move { axum::serve(listener, halving).await });
    let through = World::new(&Store::new(&config_for(&url), Tables::default()));
    assert_eq!(through.store.purge_clients(&through.org, |_| {}).await.unwrap(), 40);
    assert_eq!(direct.export().await, []);
    server.abort();
}

/// Passes a call on, but only the first half of a batch of several writes.
async fn halve(State(upstream): State<Arc<String>>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let is_batch = headers["x-amz-target"].to_str().unwrap().ends_with(".BatchWriteItem");
    let mut request: Value = serde_json::from_slice(&body).unwrap();
    let mut undone = json!({});
    if is_batch {
        let writes = request["RequestItems"]["clients"].as_array_mut().unwrap();
        if writes.len() > 1 {
            let rest = writes.split_off(writes.len() / 2);
            undone = json!({ "clients": rest });
        }
    }
    let call = reqwest::Client::new().post(upstream.as_str()).headers(forwarded(&headers)).body(request.to_string());
    let answer = call.send().await.unwrap();
    let status = answer.status();
    let mut answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    if is_batch {
        answer["UnprocessedItems"] = undone;
    }
    (status, [("content-type", "application/x-amz-json-1.0")], answer.to_string())
}

fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove("content-length");
    headers.remove("host");
    headers
}

#[tokio::test]
async fn a_deletion_goes_on_after_throttling_and_lost_answers() {
    for fault in [Fault::Throttled, Fault::FailedBefore, Fault::DroppedAfter] {
        let (_engine, _proxy, direct, through) = behind_a_proxy(at_calls("BatchWriteItem", 0..5, fault)).await;
        for at in 0..30 {
            direct.create(&json!({ "name": format!("c{at}") })).await;
        }
        assert_eq!(through.store.purge_clients(&through.org, |_| {}).await.unwrap(), 30, "{fault:?}");
        assert_eq!(direct.export().await, [], "{fault:?}");
    }
}
