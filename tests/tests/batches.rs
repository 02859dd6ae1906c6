//! Batches under faults: whatever strikes which call, and whoever writes in between, a batch that is repeated under one
//! idempotency key has each of its effects once, and what it says is true. `http/batch.rs` holds what batches promise.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use domain::{ApiKey, ClientId, limits::WRITE_TIMEOUT};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use testkit::{Answer, Call, EngineKind, Fault, FaultProxy, Instance, World, on_every_engine};

on_every_engine![
    every_effect_comes_once_whatever_strikes_which_call_and_whoever_writes_in_between,
    a_batch_that_is_cut_off_tells_what_it_has_not_tried,
    an_operation_that_was_refused_stays_behind_those_that_followed_it,
    a_claim_is_no_client_and_goes_with_its_organization,
];

/// An organization whose clients a batch and somebody else change.
struct Scene {
    direct: Instance,
    key: ApiKey,
    /// The clients by the names that the operations have for them.
    ids: BTreeMap<&'static str, String>,
    /// The number of writes by somebody else to each of them.
    others: BTreeMap<&'static str, u64>,
}

impl Scene {
    async fn new(world: &World) -> Self {
        let direct = world.instance();
        let key = world.key(domain::KeyId::random().as_str()).await;
        let mut ids = BTreeMap::from([("absent", ClientId::random().to_string())]);
        for name in ["changed", "versioned", "deleted", "replaced"] {
            let created = direct.answer(&Call::create(&json!({ "name": name })).key(&key)).await;
            ids.insert(name, created.id().to_owned());
        }
        Self { direct, key, ids, others: BTreeMap::new() }
    }

    /// The batch. With each operation comes the client that it is about.
    fn operations(&self) -> Vec<(&'static str, Value)> {
        let id = |name: &str| json!(self.ids[name]);
        let operations = [
            ("created", json!({ "operation": "create", "client": { "name": "token" } })),
            ("created", json!({ "operation": "create", "client": { "name": "token" } })),
            ("changed", json!({ "operation": "update", "id": id("changed"), "client": { "phone": "1" } })),
            ("changed", json!({ "operation": "update", "id": id("changed"), "client": { "notes": "1" } })),
            ("changed", json!({ "operation": "update", "id": id("changed"), "client": {}, "ifMatch": "\"77\"" })),
            (
                "versioned",
                json!({ "operation": "update", "id": id("versioned"), "client": { "phone": "1" }, "ifMatch": "\"1\"" }),
            ),
            ("deleted", json!({ "operation": "delete", "id": id("deleted") })),
            ("absent", json!({ "operation": "update", "id": id("absent"), "client": { "name": "never" } })),
            (
                "absent",
                json!({ "operation": "put", "id": id("absent"), "client": { "name": "put" }, "ifNoneMatch": "*" }),
            ),
            ("replaced", json!({ "operation": "put", "id": id("replaced"), "client": { "name": "put" } })),
        ];
        operations.into()
    }

    fn batch(&self) -> Call {
        let operations: Vec<Value> = self.operations().into_iter().map(|(_, operation)| operation).collect();
        Call::batch(&operations).key(&self.key).header("idempotency-key", "batch")
    }

    async fn get(&self, name: &str) -> Answer {
        self.direct.answer(&Call::get(&self.ids[name]).key(&self.key)).await
    }

    /// The number of clients that the creates have made.
    async fn created(&self) -> u64 {
        let found = self.direct.answer(&Call::list().query("query=token").key(&self.key)).await;
        found.body["total"].as_u64().unwrap()
    }

    /// The number of writes to a client that have taken effect.
    async fn writes(&self, name: &str) -> u64 {
        if name == "created" {
            return self.created().await;
        }
        let answer = self.get(name).await;
        match version(&answer) {
            Some(version) => version,
            // A tombstone's version cannot be read.
            None if name == "deleted" => 2,
            None => 0,
        }
    }

    /// Somebody else changes some clients that are there, and puts the deleted one in its place again.
    async fn others_write(&mut self) {
        for (name, id) in self.ids.clone() {
            let there = self.get(name).await.status == 200;
            let call = match name {
                "deleted" if !there => {
                    Call::batch(&[json!({ "operation": "put", "id": id, "client": { "name": "again" } })])
                }
                "changed" | "absent" | "replaced" if there => Call::update(&id, &json!({ "status": "inactive" })),
                _ => continue,
            };
            assert!(self.direct.answer(&call.key(&self.key)).await.status < 300);
            *self.others.entry(name).or_default() += 1;
        }
    }

    /// Checks that the batch has had each effect once.
    async fn check(&self, case: &str) {
        let others = |name: &str| self.others.get(name).copied().unwrap_or_default();
        assert_eq!(self.created().await, 2, "{case}");
        for (name, writes) in [("changed", 3), ("versioned", 2), ("deleted", 2), ("absent", 1), ("replaced", 2)] {
            assert_eq!(self.writes(name).await, writes + others(name), "{case}: {name}");
        }
        let changed = self.get("changed").await;
        assert_eq!((&changed.data()["phone"], &changed.data()["notes"]), (&json!("1"), &json!("1")), "{case}");
        assert_eq!(self.get("absent").await.data()["name"], "put", "{case}");
    }
}

fn version(answer: &Answer) -> Option<u64> {
    answer.header("etag").trim_matches('"').parse().ok()
}

fn results(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["results"].as_array().unwrap().clone()
}

/// Checks what results say about writes against the writes that there were since `before`, of which none was the
/// batch's.
async fn check_truth(scene: &Scene, before: &BTreeMap<&'static str, u64>, results: &[Value], case: &str) {
    let mut bounds: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for ((name, _), result) in scene.operations().iter().zip(results) {
        let (least, most) = bounds.entry(name).or_default();
        let code = result["problem"]["code"].as_str();
        match result["status"].as_u64().unwrap() {
            200 | 201 if result["replayed"] == true => {}
            200 | 201 => {
                *least += 1;
                *most += 1;
            }
            503 if code == Some("unavailable") => *most += 1,
            503 => assert_eq!(code, Some("not_attempted"), "{case}"),
            404 => assert_eq!(*name, "absent", "{case}: {result}"),
            412 => assert_eq!(*name, "changed", "{case}: {result}"),
            other => panic!("{case}: {other}: {result}"),
        }
    }
    for (name, (least, most)) in bounds {
        let writes = scene.writes(name).await - before[name];
        assert!(
            (least..=most).contains(&writes),
            "{case}: {name}: {writes} writes, {least} to {most} said: {results:?}"
        );
    }
}

async fn writes(scene: &Scene) -> BTreeMap<&'static str, u64> {
    let mut writes = BTreeMap::from([("created", scene.created().await)]);
    for name in scene.ids.keys().copied() {
        writes.insert(name, scene.writes(name).await);
    }
    writes
}

/// Repeats the batch on healthy tables until no operation fails by a fault, while somebody else writes.
async fn repeat_until_done(scene: &mut Scene, case: &str) {
    for _ in 0..5 {
        scene.others_write().await;
        let results = results(&scene.direct.answer(&scene.batch()).await);
        if results.iter().all(|result| result["status"].as_u64().unwrap() < 500) {
            let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
            assert_eq!([&statuses[..7], &statuses[7..8]].concat(), [201, 201, 200, 200, 412, 200, 200, 404], "{case}");
            return;
        }
    }
    panic!("{case}: no end");
}

async fn every_effect_comes_once_whatever_strikes_which_call_and_whoever_writes_in_between(world: World) {
    // The key, the claim, and some of the ten operations.
    let calls = if world.engine == EngineKind::Embedded { vec![0, 1, 2, 3, 5, 8, 11] } else { vec![1, 2, 4, 9] };
    let cases = calls.into_iter().flat_map(|nth| {
        Fault::LOSSES.into_iter().flat_map(move |fault| [1, i64::MAX].map(|strikes| (nth, fault, strikes)))
    });
    stream::iter(cases)
        .for_each_concurrent(16, |(nth, fault, strikes)| {
            let world = world.clone();
            async move {
                let case = format!("{fault:?} at {nth}, {strikes} times");
                let mut scene = Scene::new(&world).await;
                let counted = AtomicI64::new(0);
                let proxy = FaultProxy::start(world.url(), move |_| {
                    let at = counted.fetch_add(1, Ordering::Relaxed);
                    if at >= nth && at - nth < strikes { fault } else { Fault::None }
                });
                let proxy = proxy.await.unwrap();
                let before = writes(&scene).await;
                let start = Instant::now();
                let answer = world.behind(&proxy).instance().answer(&scene.batch()).await;
                assert!(start.elapsed() < WRITE_TIMEOUT, "{case}: {:?}", start.elapsed());
                match answer.status {
                    200 => check_truth(&scene, &before, &results(&answer), &case).await,
                    503 => assert_eq!(writes(&scene).await, before, "{case}: nothing is done without a claim"),
                    other => panic!("{case}: {other}"),
                }
                repeat_until_done(&mut scene, &case).await;
                scene.check(&case).await;
                // Once more, when all is done.
                scene.others_write().await;
                let again = results(&scene.direct.answer(&scene.batch()).await);
                let replayed = again.iter().filter(|result| result["replayed"] == true).count();
                assert_eq!(replayed, 8, "{case}: {again:?}");
                scene.check(&case).await;
            }
        })
        .await;
}

/// Calls take so long that the time is over before the batch is.
async fn a_batch_that_is_cut_off_tells_what_it_has_not_tried(world: World) {
    let runs = (0..6).map(|_| async {
        let mut scene = Scene::new(&world).await;
        let slow = fastrand::u64(200..1300);
        let proxy = FaultProxy::start(world.url(), move |call| match fastrand::u8(0..4) {
            _ if call.operation == "GetItem" => Fault::None,
            0 => Fault::DelayBefore(Duration::from_millis(slow)),
            1 => Fault::DelayAfter(Duration::from_millis(slow)),
            2 => Fault::DroppedAfter,
            _ => Fault::Hangs,
        });
        let proxy = proxy.await.unwrap();
        let faulty = world.behind(&proxy).instance();
        let (mut not_attempted, mut begun) = (0, false);
        for _ in 0..3 {
            let before = writes(&scene).await;
            let start = Instant::now();
            let answer = faulty.answer(&scene.batch()).await;
            assert!(start.elapsed() < WRITE_TIMEOUT, "{:?}", start.elapsed());
            if answer.status == 200 {
                let results = results(&answer);
                not_attempted += results.iter().filter(|result| result["problem"]["code"] == "not_attempted").count();
                if !begun {
                    check_truth(&scene, &before, &results, "cut off").await;
                }
                begun = true;
            }
            scene.others_write().await;
        }
        repeat_until_done(&mut scene, "cut off").await;
        scene.check("cut off").await;
        not_attempted
    });
    let not_attempted: usize = stream::iter(runs).buffer_unordered(6).collect::<Vec<_>>().await.into_iter().sum();
    assert!(not_attempted > 0, "some operations came too late");
}

/// The repetition of an operation that was refused would find what the next one has made.
async fn an_operation_that_was_refused_stays_behind_those_that_followed_it(world: World) {
    let (api, key) = (world.instance(), world.key("org").await);
    let answer = async |call: Call| api.answer(&call.key(&key)).await;
    let created = answer(Call::create(&json!({ "name": "before" }))).await;
    let (id, absent) = (created.id(), ClientId::random().to_string());
    let other = answer(Call::create(&json!({ "name": "other" }))).await;
    let batch = Call::batch(&[
        json!({ "operation": "update", "id": absent, "client": { "name": "first" } }),
        json!({ "operation": "put", "id": absent, "client": { "name": "second" } }),
        json!({ "operation": "put", "id": id, "client": { "name": "first" }, "ifNoneMatch": "*" }),
        json!({ "operation": "delete", "id": id }),
        json!({ "operation": "update", "id": absent, "client": { "notes": "third" }, "ifMatch": "\"7\"" }),
        json!({ "operation": "update", "id": absent, "client": { "notes": "fourth" } }),
        json!({ "operation": "update", "id": other.id(), "client": { "notes": "first" }, "ifMatch": "\"7\"" }),
        json!({ "operation": "delete", "id": other.id() }),
        json!({ "operation": "put", "id": other.id(), "client": { "name": "anew" } }),
    ])
    .header("idempotency-key", "batch");
    for replayed in [false, true, true] {
        let results = results(&answer(batch.clone()).await);
        let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
        let put = if replayed { 200 } else { 201 };
        assert_eq!(statuses, [404, put, 412, 200, 412, 200, 412, 200, put]);
        let marks: Vec<_> = results.iter().map(|result| result["replayed"] == true).collect();
        assert_eq!(marks, [false, replayed, false, replayed, false, replayed, false, replayed, replayed]);
        let now = answer(Call::get(&absent)).await;
        assert_eq!(
            (&now.data()["name"], &now.data()["notes"], now.header("etag")),
            (&json!("second"), &json!("fourth"), "\"2\"")
        );
        assert_eq!(answer(Call::get(id)).await.status, 404);
    }
}

async fn a_claim_is_no_client_and_goes_with_its_organization(world: World) {
    let (api, key, org) = (world.instance(), world.key("acme").await, "acme".parse().unwrap());
    let create = json!({ "operation": "create", "client": { "name": "Ann" } });
    let batch = Call::batch(&[create]).key(&key).header("idempotency-key", "secret-key-of-a-batch");
    results(&api.answer(&batch).await);
    assert_eq!(world.dump(&world.tables.clients).await.len(), 2, "a client and a claim");
    let stored = format!("{:?}", world.dump(&world.tables.clients).await);
    assert!(!stored.contains("secret-key-of-a-batch"));
    assert_eq!(api.answer(&Call::list().key(&key)).await.body["total"], 1);
    assert_eq!(world.store.export(&org, None).await.unwrap().clients.len(), 1);
    world.store.purge_clients(&org, &world.clock, |_| {}).await.unwrap();
    assert_eq!(world.dump(&world.tables.clients).await.len(), 1, "the mark of the deletion");
}

/// A batch of 100 takes a few round trips more than one call, and not 99.
#[tokio::test]
async fn a_hundred_creates_take_less_than_three_times_as_long_as_one() {
    let world = World::new().await;
    // Slow enough that the processor's time counts little.
    let proxy = FaultProxy::start(world.url(), |_| Fault::DelayBefore(Duration::from_millis(300))).await.unwrap();
    let (instance, key) = (world.behind(&proxy).instance(), world.key("org").await);
    let create = Call::create(&json!({ "name": "Ann" })).key(&key);
    let creates = vec![json!({ "operation": "create", "client": { "name": "Ann" } }); 100];
    let batch = Call::batch(&creates).key(&key).header("idempotency-key", "batch");
    let timed = async |call: &Call| {
        let start = Instant::now();
        assert!(instance.answer(call).await.status < 300);
        start.elapsed()
    };
    // The first notes the use of the key.
    timed(&create).await;
    let one = timed(&create).await;
    let hundred = timed(&batch).await;
    assert!(hundred < 3 * one, "{hundred:?} and {one:?}");
}
