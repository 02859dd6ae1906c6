//! An organization as a whole: exported, imported and deleted through the store, beside all other writes and
//! under faults. `admin/tests/commands/org.rs` holds the command line above it.

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

use domain::{ClientId, ClientPatch, Clock, NewClient, Timestamp};
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use list_clients::replicas::Replicas;
use serde_json::json;
use shared::store::{
    ClientRecord, ClockError, CreateOutcome, ExpectedVersions, IMPORTED_WITH, Import, ImportOutcome, Store, WriteError,
};
use testkit::{DynamoDbCall, Fault, FaultProxy, Org, World, on_every_engine};
use tokio::sync::Notify;

on_every_engine![
    an_export_is_complete_and_in_order_over_many_pages,
    an_exported_organization_that_was_deleted_is_the_same_after_its_import,
    a_warm_replica_shows_what_was_imported_at_the_next_list,
    existing_clients_are_not_touched_unless_the_import_overwrites,
    a_repeated_import_changes_nothing,
    imported_versions_and_timestamps_go_forward,
    a_client_that_is_older_than_its_export_is_written_although_it_is_equal,
    idempotency_keys_make_no_second_client_after_an_import,
    a_write_that_was_answered_late_gets_a_new_timestamp,
    all_that_an_organization_has_is_deleted_and_nothing_else,
    an_operators_clock_is_compared_with_the_tables,
    warm_replicas_agree_with_the_table_after_an_import_among_other_writes,
];

const ROOM: usize = 64 * 1024 * 1024;

/// What these tests do to an organization besides.
trait Operator {
    fn store(&self) -> &Store;
    fn importing(&self, overwrite: bool) -> Import;
    async fn import(&self, records: &[ClientRecord], overwrite: bool) -> Vec<ImportOutcome>;
    async fn purge(&self) -> usize;
    async fn names(&self, replicas: &Replicas) -> Vec<String>;
}

impl Operator for Org {
    fn store(&self) -> &Store {
        &self.app.store
    }

    fn importing(&self, overwrite: bool) -> Import {
        let clock = Clock::system();
        Import { org: self.id().clone(), user: "operator".parse().unwrap(), overwrite, began: clock.now(), clock }
    }

    async fn import(&self, records: &[ClientRecord], overwrite: bool) -> Vec<ImportOutcome> {
        next_millisecond();
        let import = self.importing(overwrite);
        let mut outcomes = Vec::new();
        for record in records {
            outcomes.push(self.store().import(&import, record).await.unwrap());
        }
        outcomes
    }

    async fn purge(&self) -> usize {
        self.store().purge_clients(self.id(), &Clock::system(), |_| {}).await.unwrap()
    }

    async fn names(&self, replicas: &Replicas) -> Vec<String> {
        let page = self.list(replicas).await;
        let mut names: Vec<_> = page.clients.iter().map(|client| client.name.as_str().to_owned()).collect();
        names.sort();
        names
    }
}

/// Waits until everything that was written so far lies in the past.
fn next_millisecond() {
    let now = Clock::system().now();
    while Clock::system().now() == now {}
}

fn renamed(name: &str) -> ClientPatch {
    ClientPatch { name: Some(name.parse().unwrap()), ..ClientPatch::default() }
}

/// The part of a record that an import keeps.
fn kept(record: &ClientRecord) -> impl PartialEq + std::fmt::Debug + use<> {
    let ClientRecord { client, created_by, created_with, .. } = record.clone();
    (client.id, client.name, client.phone, client.status, client.notes, client.created_at, created_by, created_with)
}

async fn an_export_is_complete_and_in_order_over_many_pages(world: World) {
    let org = world.org("acme");
    let mut living = HashSet::new();
    for at in 0..330 {
        let client = org.create(&json!({ "name": format!("c{at}"), "notes": "ä".repeat(2_500) })).await;
        if at % 10 == 0 {
            org.delete(client.id).await;
        } else {
            living.insert(client.id);
        }
    }
    world.org("acme2").create(&json!({ "name": "another's" })).await;
    let pages = org.export_pages().await;
    assert!(pages.len() > 1, "the test is about several pages");
    let ids: Vec<ClientId> = pages.iter().flatten().map(|record| record.client.id).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.len(), living.len());
    assert_eq!(HashSet::from_iter(ids), living);
    for record in pages.iter().flatten() {
        assert_eq!(Some(&record.client), org.get(record.client.id).await.as_ref());
        assert_eq!((record.created_by.as_str(), record.updated_with.as_str()), ("ann", "key_1"));
    }
}

async fn an_exported_organization_that_was_deleted_is_the_same_after_its_import(world: World) {
    let org = world.org("acme");
    org.create(&json!({ "name": "José", "phone": "+1 555-1234", "notes": "long ".repeat(900) })).await;
    org.create(&json!({ "name": "b", "status": "inactive", "notes": "short" })).await;
    let changed = org.create(&json!({ "name": "c" })).await;
    org.rename(changed.id, "d").await;
    let gone = org.create(&json!({ "name": "gone" })).await;
    org.delete(gone.id).await;
    let warm = Replicas::new(ROOM);
    org.list(&warm).await;

    let before = org.export().await;
    assert_eq!(org.purge().await, 4);
    assert_eq!(org.export().await, []);
    assert_eq!(org.import(&before, false).await, [ImportOutcome::Created; 3]);

    let after = org.export().await;
    assert_eq!(after.iter().map(kept).collect::<Vec<_>>(), before.iter().map(kept).collect::<Vec<_>>());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((after.updated_by.as_str(), after.updated_with.as_str()), ("operator", IMPORTED_WITH));
        assert_eq!(after.client.version, before.client.version + 1);
        assert!(after.client.updated_at >= before.client.updated_at);
    }
    let fresh = org.list(&Replicas::new(ROOM)).await;
    assert_eq!(org.list(&warm).await, fresh);
    let listed: HashSet<_> = fresh.clients.iter().map(|client| client.name.as_str()).collect();
    assert_eq!(listed, HashSet::from(["José", "b", "d"]));
}

async fn a_warm_replica_shows_what_was_imported_at_the_next_list(world: World) {
    let source = world.org("source");
    let mut records = Vec::new();
    for name in ["new", "there", "deleted"] {
        source.create(&json!({ "name": name })).await;
    }
    records.extend(source.export().await);
    // Exported long ago.
    for record in &mut records {
        record.client.updated_at = world.start.before(Duration::from_secs(24 * 60 * 60));
    }
    let org = world.org("acme");
    let find = |name: &str| records.iter().find(|record| record.client.name.as_str() == name).unwrap().clone();
    org.import(&[find("there"), find("deleted")], false).await;
    org.rename(find("there").client.id, "changed").await;
    org.delete(find("deleted").client.id).await;

    let warm = Replicas::new(ROOM);
    assert_eq!(org.names(&warm).await, ["changed"]);
    org.import(&[find("new")], false).await;
    assert_eq!(org.names(&warm).await, ["changed", "new"]);
    assert_eq!(org.import(&[find("there")], true).await, [ImportOutcome::Replaced { newer: false }]);
    assert_eq!(org.names(&warm).await, ["new", "there"]);
    assert_eq!(org.import(&[find("deleted")], true).await, [ImportOutcome::Restored { newer: false }]);
    assert_eq!(org.names(&warm).await, ["deleted", "new", "there"]);
    // A client that came back to life lives: nothing of the tombstone is left, its end above all.
    for item in world.dump(&world.tables.clients).await {
        assert!(["deletedAt", "expiresAt", "kept"].iter().all(|gone| !item.contains_key(*gone)), "{item:?}");
        // A deletion of before, if it is still repeated, does not delete it.
        let of = |name: &str| item[name].as_s().unwrap().as_str();
        let was_deleted = (of("orgId"), of("id")) == ("acme", &find("deleted").client.id.to_string());
        assert_eq!(item.get("revivals").map(|number| number.as_n().unwrap().as_str()), was_deleted.then_some("1"));
    }
}

async fn existing_clients_are_not_touched_unless_the_import_overwrites(world: World) {
    let org = world.org("acme");
    let names = ["same", "changed", "deleted"];
    let mut ids = Vec::new();
    for name in names {
        ids.push(org.create(&json!({ "name": name, "notes": "n".repeat(500) })).await.id);
    }
    let exported = org.export().await;
    let record = |at: usize| exported.iter().find(|record| record.client.id == ids[at]).unwrap().clone();
    org.rename(ids[1], "changed since").await;
    let short = ClientPatch { notes: Some(Some("short".parse().unwrap())), ..ClientPatch::default() };
    world.store.update(&org.context(), ids[1], &short, &ExpectedVersions::ALL).await.unwrap();
    org.delete(ids[2]).await;
    let records = [record(0), record(1), record(2)];

    let before = world.dump(&world.tables.clients).await;
    let untouched = [ImportOutcome::Unchanged, ImportOutcome::Kept, ImportOutcome::StaysDeleted];
    assert_eq!(org.import(&records, false).await, untouched);
    assert_eq!(world.dump(&world.tables.clients).await, before);

    let overwritten =
        [ImportOutcome::Unchanged, ImportOutcome::Replaced { newer: false }, ImportOutcome::Restored { newer: false }];
    assert_eq!(org.import(&records, true).await, overwritten);
    for (at, name) in names.into_iter().enumerate() {
        let client = org.get(ids[at]).await.unwrap();
        assert_eq!((client.name.as_str(), client.notes), (name, record(at).client.notes));
    }
}

async fn a_repeated_import_changes_nothing(world: World) {
    let source = world.org("source");
    for at in 0..5 {
        source.create(&json!({ "name": format!("{at}"), "notes": "n".repeat(at * 100) })).await;
    }
    let records = source.export().await;
    let org = world.org("acme");
    // Interrupted after two clients, and repeated as a whole.
    org.import(&records[..2], true).await;
    let outcomes = org.import(&records, true).await;
    assert_eq!(outcomes[..2], [ImportOutcome::Unchanged; 2]);
    assert_eq!(outcomes[2..], [ImportOutcome::Created; 3]);
    let before = world.dump(&world.tables.clients).await;
    for overwrite in [false, true] {
        assert_eq!(org.import(&records, overwrite).await, [ImportOutcome::Unchanged; 5]);
    }
    assert_eq!(world.dump(&world.tables.clients).await, before);
}

async fn imported_versions_and_timestamps_go_forward(world: World) {
    let org = world.org("acme");
    let client = org.create(&json!({ "name": "a" })).await;
    let mut record = org.export().await.remove(0);
    record.client.name = "exported".parse().unwrap();

    record.client.version = 7;
    org.import(&[record.clone()], true).await;
    assert_eq!(org.get(client.id).await.unwrap().version, 8);

    // The clock of a writer is ahead: no earlier timestamp may follow its own.
    let ahead = world.at(3600);
    let update =
        world.store.update(&org.context_at(ahead), client.id, &renamed("b"), &ExpectedVersions::ALL).await.unwrap();
    assert_eq!((update.version, update.updated_at), (9, ahead));
    org.import(&[record.clone()], true).await;
    let imported = org.get(client.id).await.unwrap();
    assert_eq!((imported.version, imported.updated_at, imported.name.as_str()), (10, ahead, "exported"));

    // A caller with an earlier version gets an error.
    let stale = world.store.update(&org.context(), client.id, &renamed("c"), &ExpectedVersions::any_of(&[9])).await;
    assert!(matches!(stale, Err(WriteError::UnexpectedVersion)), "{stale:?}");

    org.delete(client.id).await;
    org.import(&[record], true).await;
    assert_eq!(org.get(client.id).await.unwrap().version, 12);
}

/// A replica that remembers a client from before its organization was deleted must not stay with it.
async fn a_client_that_is_older_than_its_export_is_written_although_it_is_equal(world: World) {
    let org = world.org("acme");
    let client = org.create(&json!({ "name": "a" })).await;
    let mut record = org.export().await.remove(0);
    record.client.version = 5;
    assert_eq!(org.import(&[record.clone()], true).await, [ImportOutcome::Replaced { newer: false }]);
    assert_eq!(org.get(client.id).await.unwrap().version, 6);
    assert_eq!(org.import(&[record], true).await, [ImportOutcome::Unchanged]);
}

async fn idempotency_keys_make_no_second_client_after_an_import(world: World) {
    let org = world.org("acme");
    let id = ClientId::random();
    let new = || NewClient::parse(br#"{"name":"once"}"#).unwrap();
    let create = async |hash| world.store.create(&org.context(), id, new(), Some(hash)).await.unwrap();
    assert!(matches!(create("hash").await, CreateOutcome::Created(_)));
    let mut record = org.export().await.remove(0);
    record.client.name = "exported".parse().unwrap();
    // A client that is overwritten still answers for its idempotency key…
    org.import(&[record.clone()], true).await;
    assert!(matches!(create("hash").await, CreateOutcome::Replayed(_)));
    // …whether or not it was deleted in between.
    org.delete(id).await;
    org.import(&[record.clone()], true).await;
    assert!(matches!(create("hash").await, CreateOutcome::Replayed(_)));
    // After a purge the hash is gone: a repeated request is a conflict, and makes no second client.
    org.purge().await;
    org.import(&[record], true).await;
    assert_eq!(create("hash").await, CreateOutcome::Conflict);
    assert_eq!(org.export().await.len(), 1);
}

/// The machine slept between a write's timestamp and its call.
async fn a_write_that_was_answered_late_gets_a_new_timestamp(world: World) {
    let source = world.org("source");
    source.create(&json!({ "name": "a" })).await;
    let record = source.export().await.remove(0);
    let org = world.org("acme");
    let readings = Arc::new(AtomicUsize::new(0));
    let counted = readings.clone();
    let (start, woken) = (world.start, world.at(600));
    let clock = Clock::new(move || if counted.fetch_add(1, Ordering::Relaxed) == 0 { start } else { woken });
    let import = Import { clock, ..org.importing(false) };
    assert_eq!(world.store.import(&import, &record).await.unwrap(), ImportOutcome::Created);
    let client = org.get(record.client.id).await.unwrap();
    assert_eq!((client.updated_at, client.version), (woken, record.client.version + 2));
}

async fn all_that_an_organization_has_is_deleted_and_nothing_else(world: World) {
    let org = world.org("acme");
    let neighbours = ["acme-2", "acm", "ACME", "b"].map(|id| world.org(id));
    // More than is looked up at a time.
    const CLIENTS: usize = 1_020;
    let created = stream::iter(0..CLIENTS).map(async |at| {
        let client = org.create(&json!({ "name": format!("c{at}") })).await;
        if at % 30 == 0 {
            org.delete(client.id).await;
        }
    });
    created.buffer_unordered(8).collect::<()>().await;
    world.key("acme").await;
    world.key("acme").await;
    for neighbour in &neighbours {
        neighbour.create(&json!({ "name": "stays" })).await;
        world.key(neighbour.id().as_str()).await;
    }
    let mut heard = Vec::new();
    assert_eq!(
        world.store.purge_clients(org.id(), &Clock::system(), |deleted| heard.push(deleted)).await.unwrap(),
        CLIENTS
    );
    assert_eq!(heard.last(), Some(&CLIENTS));
    let keys = world.store.all_api_keys(org.id()).await.unwrap();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        world.store.purge_api_key(key).await.unwrap();
    }
    world.store.purge_organization(org.id()).await.unwrap();
    assert_eq!(org.purge().await, 0);
    for table in [&world.tables.clients, &world.tables.api_keys] {
        let mut left = world.dump(table).await;
        // What stays is the mark of the deletion, and no data.
        left.retain(|item| item.get("id").is_none_or(|id| id.as_s().unwrap() != &ClientId::RESERVED.to_string()));
        // Beside each neighbour's key is the item of the neighbour.
        let (items, others): (Vec<_>, Vec<_>) = left.iter().partition(|item| item.contains_key("orgId"));
        assert_eq!(items.len(), neighbours.len());
        assert!(items.iter().all(|item| item["orgId"].as_s().unwrap() != "acme"));
        assert_eq!(others.len(), if table == &world.tables.api_keys { neighbours.len() } else { 0 });
        assert!(others.iter().all(|item| item["keyHash"].as_s().unwrap() != "org#acme"));
    }
}

async fn an_operators_clock_is_compared_with_the_tables(world: World) {
    let org = world.org("acme");
    let allowed = Duration::from_secs(2);
    let off = |millis: i64| Clock::new(move || Timestamp::from_millis(Clock::system().now().millis() + millis));
    let error = async |millis| world.store.clock_error(org.id(), &off(millis), allowed).await.unwrap();
    assert_eq!(error(0).await, None);
    assert_eq!(error(1_000).await, None);
    assert_eq!(error(-1_000).await, None);
    assert!(matches!(error(60_000).await, Some(ClockError::Ahead(by)) if (58..=60).contains(&by.as_secs())));
    // An answer that takes long says less of a clock that is behind.
    assert!(matches!(error(-60_000).await, Some(ClockError::Behind(by)) if (50..=60).contains(&by.as_secs())));
}

/// Writers, an overwriting import and lists, all at once.
async fn warm_replicas_agree_with_the_table_after_an_import_among_other_writes(world: World) {
    let org = world.org("acme");
    for at in 0..40 {
        org.create(&json!({ "name": format!("c{at}") })).await;
    }
    let exported = org.export().await;
    let ids: Vec<ClientId> = exported.iter().map(|record| record.client.id).collect();
    let warm = [Replicas::new(ROOM), Replicas::new(ROOM)];
    for replicas in &warm {
        org.list(replicas).await;
    }
    let imported = Cell::new(false);
    let writing = async |writer: u64| {
        let mut random = fastrand::Rng::with_seed(writer);
        while !imported.get() {
            let id = ids[random.usize(..ids.len())];
            let (context, all) = (org.context(), &ExpectedVersions::ALL);
            let put = NewClient::named("put".parse().unwrap());
            let outcome = match random.u8(..8) {
                kind @ (0 | 1) => world.store.delete(&context, id, all, kind == 1).await.map(drop),
                2 => world.store.restore(&context, id, all).await.map(drop),
                3 => world.store.put(&context, id, &put, all).await.map(drop),
                _ => world.store.update(&context, id, &renamed("other"), all).await.map(drop),
            };
            assert!(matches!(outcome, Ok(()) | Err(WriteError::NotFound)), "{outcome:?}");
        }
    };
    let listing = async |replicas| {
        while !imported.get() {
            org.list(replicas).await;
        }
    };
    let importing = async {
        for _ in 0..5 {
            let import = org.importing(true);
            let import = &import;
            let outcomes = stream::iter(&exported).map(|record| world.store.import(import, record));
            assert_eq!(outcomes.buffer_unordered(4).try_collect::<Vec<_>>().await.unwrap().len(), ids.len());
        }
        imported.set(true);
    };
    tokio::join!(writing(1), writing(2), listing(&warm[0]), listing(&warm[1]), importing);
    let fresh = org.list(&Replicas::new(ROOM)).await;
    for replicas in &warm {
        assert_eq!(org.list(replicas).await, fresh);
    }
}

/// The organization `acme`, and the same organization behind a proxy.
struct Proxied {
    direct: Org,
    through: Org,
    _world: World,
    _proxy: FaultProxy,
}

async fn behind_a_proxy(fault: impl Fn(&DynamoDbCall) -> Fault + Send + Sync + 'static) -> Proxied {
    let world = World::new().await;
    let proxy = FaultProxy::start(world.url(), fault).await.unwrap();
    Proxied { direct: world.org("acme"), through: world.behind(&proxy).org("acme"), _world: world, _proxy: proxy }
}

/// Chooses `fault` for those calls of one operation that are in `range`.
fn at_calls(operation: &'static str, range: std::ops::Range<i64>, fault: Fault) -> impl Fn(&DynamoDbCall) -> Fault {
    let count = AtomicI64::new(0);
    move |call| {
        let strikes = call.operation == operation && range.contains(&count.fetch_add(1, Ordering::Relaxed));
        if strikes { fault } else { Fault::None }
    }
}

#[tokio::test]
async fn a_write_of_the_api_during_an_import_is_not_lost_in_silence() {
    // The import's first call finds the client, the second one replaces it: the API's write is in between.
    let between = Arc::new(Notify::new());
    let (arrived, delay) = (between.clone(), at_calls("PutItem", 1..2, Fault::DelayBefore(Duration::from_millis(300))));
    let delayed = move |call: &DynamoDbCall| {
        let fault = delay(call);
        if fault != Fault::None {
            arrived.notify_one();
        }
        fault
    };
    let Proxied { direct, through, .. } = &behind_a_proxy(delayed).await;
    let client = direct.create(&json!({ "name": "a" })).await;
    let exported = direct.export().await.remove(0);
    direct.rename(client.id, "b").await;
    next_millisecond();
    let import = through.importing(true);
    let (imported, between) = tokio::join!(through.store().import(&import, &exported), async {
        between.notified().await;
        direct.rename(client.id, "c").await
    });
    assert_eq!(between.version, 3);
    assert_eq!(imported.unwrap(), ImportOutcome::Replaced { newer: true });
    let after = direct.get(client.id).await.unwrap();
    assert_eq!((after.name.as_str(), after.version), ("a", 4));
}

#[tokio::test]
async fn a_deletion_by_the_api_during_an_import_is_not_lost_in_silence() {
    let Proxied { direct, .. } = &behind_a_proxy(|_| Fault::None).await;
    let client = direct.create(&json!({ "name": "a" })).await;
    let exported = direct.export().await.remove(0);
    let import = direct.importing(true);
    direct.delete(client.id).await;
    assert_eq!(direct.store().import(&import, &exported).await.unwrap(), ImportOutcome::Restored { newer: true });
}

#[tokio::test]
async fn an_import_withstands_throttling_failures_and_lost_answers() {
    let cases = Fault::LOSSES.into_iter().flat_map(|fault| [(fault, 0), (fault, 1)]);
    join_all(cases.map(async |(fault, first)| {
        let case = format!("{fault:?} from call {first} on");
        let strikes = if fault == Fault::Hangs { 1 } else { 4 };
        let striking = at_calls("PutItem", first..first + strikes, fault);
        let Proxied { direct, through, .. } = &behind_a_proxy(striking).await;
        let new = direct.create(&json!({ "name": "new" })).await;
        let there = direct.create(&json!({ "name": "there" })).await;
        let exported = direct.export().await;
        let record = |id| exported.iter().find(|record| record.client.id == id).unwrap();
        direct.purge().await;
        direct.import(&[record(there.id).clone()], false).await;
        direct.rename(there.id, "other").await;
        let began = Clock::system().now();
        let import = through.importing(true);
        let outcome = through.store().import(&import, record(new.id)).await.unwrap();
        assert_eq!(outcome, ImportOutcome::Created, "{case}");
        let outcome = through.store().import(&import, record(there.id)).await.unwrap();
        assert!(matches!(outcome, ImportOutcome::Replaced { .. }), "{case}: {outcome:?}");
        // Each took effect once, stamped within the import.
        for (id, name, version) in [(new.id, "new", 2), (there.id, "there", 4)] {
            let client = direct.get(id).await.unwrap();
            assert_eq!((client.name.as_str(), client.version), (name, version), "{case}");
            assert!(client.updated_at >= began, "{case}");
        }
    }))
    .await;
}

#[tokio::test]
async fn an_import_on_a_table_that_is_missing_fails_at_once() {
    let world = World::new().await;
    let org = world.org("acme");
    org.create(&json!({ "name": "a" })).await;
    let record = org.export().await.remove(0);
    world.store.delete_tables().await.unwrap();
    let begin = std::time::Instant::now();
    assert!(org.store().import(&org.importing(true), &record).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(1));
}

/// DynamoDB may leave a part of a batch undone, and names that part.
#[tokio::test]
async fn the_part_of_a_batch_that_was_left_undone_is_deleted_too() {
    let world = World::new().await;
    let direct = world.org("acme");
    for at in 0..40 {
        direct.create(&json!({ "name": format!("c{at}") })).await;
    }
    let proxy = FaultProxy::start(world.url(), |_| Fault::PartlyDone).await.unwrap();
    let through = world.behind(&proxy).store;
    assert_eq!(through.purge_clients(direct.id(), &Clock::system(), |_| {}).await.unwrap(), 40);
    assert_eq!(direct.export().await, []);
}

#[tokio::test]
async fn a_deletion_goes_on_after_throttling_and_lost_answers() {
    for fault in [Fault::Throttled, Fault::FailedBefore, Fault::DroppedAfter] {
        let Proxied { direct, through, .. } = &behind_a_proxy(at_calls("BatchWriteItem", 0..5, fault)).await;
        for at in 0..30 {
            direct.create(&json!({ "name": format!("c{at}") })).await;
        }
        assert_eq!(through.purge().await, 30, "{fault:?}");
        assert_eq!(direct.export().await, [], "{fault:?}");
    }
}
