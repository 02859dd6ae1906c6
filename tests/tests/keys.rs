//! API keys and what they cost: a malformed key is refused without a read, a revoked or expired one at once,
//! and a warm read still takes one round trip. `http/keys.rs` holds the same rules as a caller sees them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ApiKey;
use serde_json::json;
use shared::{http::Service, store::sdk_client};
use testkit::{Call, Fault, FaultProxy, Instance, KEY_LIFE, ManualClock, World};

const INSTANCES: usize = 20;

/// A world behind a proxy that counts and delays the calls to DynamoDB.
struct Metered {
    direct: World,
    world: World,
    calls: Arc<AtomicU64>,
    delay_ms: Arc<AtomicU64>,
    _proxy: FaultProxy,
}

impl Metered {
    async fn new() -> Self {
        let direct = World::new().await;
        let (calls, delay_ms) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, delayed) = (calls.clone(), delay_ms.clone());
        let proxy = FaultProxy::start(direct.url(), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Fault::DelayBefore(Duration::from_millis(delayed.load(Ordering::Relaxed)))
        });
        let proxy = proxy.await.unwrap();
        Self { world: direct.behind(&proxy), direct, calls, delay_ms, _proxy: proxy }
    }

    /// The answer to a call, and the number of calls to DynamoDB that it took.
    async fn answer(&self, instance: &Instance, call: &Call) -> (testkit::Answer, u64) {
        let before = self.calls.load(Ordering::Relaxed);
        let answer = instance.answer(call).await;
        (answer, self.calls.load(Ordering::Relaxed) - before)
    }
}

#[tokio::test]
async fn a_malformed_key_is_refused_without_a_read() {
    let metered = Metered::new().await;
    let instance = metered.world.instance();
    let genuine = metered.direct.key("org").await;
    let mut texts: Vec<String> =
        ["", "Bearer", "Bearer ba_", "Basic dTpw", "Bearer ba_a1b2c3d4e5f6..."].map(str::to_owned).into();
    for _ in 0..500 {
        // Invented, or a real one with one character mistyped.
        let digits: String = (0..40).map(|_| fastrand::char('a'..='f')).collect();
        texts.push(format!("Bearer ba_{digits}"));
        let mut mistyped: Vec<char> = genuine.reveal().chars().collect();
        let at = fastrand::usize(3..mistyped.len());
        mistyped[at] = if mistyped[at] == '0' { '1' } else { '0' };
        texts.push(format!("Bearer {}", mistyped.into_iter().collect::<String>()));
    }
    for text in texts {
        let call = Call::list().header("authorization", text.as_str());
        let (answer, calls) = metered.answer(&instance, &call).await;
        assert_eq!((answer.status, calls), (401, 0), "{text}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_on_every_warm_instance() {
    let world = World::new().await;
    let instances: Vec<Instance> = (0..INSTANCES).map(|_| world.instance()).collect();
    let key = world.key("org").await;
    let created = instances[0].answer(&Call::create(&json!({ "name": "a" })).key(&key)).await;
    let calls = [
        Call::list(),
        Call::get(created.id()),
        Call::update(created.id(), &json!({ "name": "b" })),
        Call::create(&json!({ "name": "c" })),
    ];
    let calls = calls.map(|call| call.key(&key));
    for instance in &instances {
        for call in &calls {
            assert!(instance.answer(call).await.status < 300);
        }
    }
    world.revoke(&key).await;
    let delete = Call::delete(created.id()).key(&key);
    for instance in &instances {
        for call in calls.iter().chain([&delete]) {
            let answer = instance.answer(call).await;
            assert_eq!(answer.status, 401, "{call:?}");
            assert!(answer.body.get("data").is_none());
        }
    }
}

#[tokio::test]
async fn a_key_expires_at_its_time() {
    let world = World::new().await;
    let clock = ManualClock::at(world.start);
    let world = world.with_clock(clock.clock());
    let instance = world.instance();
    let key = world.key("org").await;
    let life = KEY_LIFE.as_secs();
    for (seconds, status) in [(0, 200), (life - 1, 200), (life, 401), (life + 1, 401)] {
        clock.set(world.at(seconds));
        assert_eq!(instance.answer(&Call::list().key(&key)).await.status, status, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_missing_or_illegal_key_always_gets_the_same_answer() {
    let world = World::new().await;
    let instance = world.instance();
    let (revoked, expired) = (world.key("org").await, world.key("org").await);
    world.revoke(&revoked).await;
    world.expire(&expired).await;
    let unknown = ApiKey::generate().unwrap();
    let mut answers = Vec::new();
    for text in [revoked.reveal(), expired.reveal(), unknown.reveal(), "ba_", "nonsense"] {
        answers.push(instance.answer(&Call::list().bearer(text)).await.without_request_id());
    }
    assert_eq!(answers[0].status, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_warm_read_takes_one_round_trip_and_a_write_waits_for_the_key() {
    let metered = Metered::new().await;
    let instance = metered.world.instance();
    let key = metered.direct.key("org").await;
    let created = instance.answer(&Call::create(&json!({ "name": "a" })).key(&key)).await;
    let (list, get) = (Call::list().key(&key), Call::get(created.id()).key(&key));
    let write = Call::update(created.id(), &json!({ "name": "b" })).key(&key);
    for call in [&list, &get] {
        assert_eq!(instance.answer(call).await.status, 200);
    }
    let delay = Duration::from_millis(300);
    metered.delay_ms.store(300, Ordering::Relaxed);
    // A list reads the key and the feed at once, in two calls; a get reads the key and the client in one.
    for (call, calls, round_trips) in [(&list, 2, 1), (&get, 1, 1), (&write, 2, 2)] {
        let start = Instant::now();
        let (answer, made) = metered.answer(&instance, call).await;
        assert_eq!((answer.status, made), (200, calls), "{call:?}");
        let taken = start.elapsed();
        assert!(taken >= delay * round_trips && taken < delay * (round_trips + 1), "{call:?}: {taken:?}");
    }
}

/// The read that was started for the key's earlier user is under way when the key turns out to be another
/// user's. It holds the organization's replica, for which the read of the new user then waits.
#[tokio::test]
async fn a_key_that_changed_hands_is_answered_for_its_new_user() {
    let direct = World::new().await;
    let proxy = FaultProxy::start(direct.url(), |call| match call.operation.as_str() {
        "Query" => Fault::DelayBefore(Duration::from_millis(200)),
        _ => Fault::None,
    });
    let proxy = proxy.await.unwrap();
    let (key, instance) = (direct.key("org").await, direct.behind(&proxy).instance());
    let list = Call::list().key(&key);
    assert_eq!(instance.answer(&list).await.status, 200);
    let new_user = sdk_client(direct.config())
        .update_item()
        .table_name(&direct.tables.api_keys)
        .key("keyHash", AttributeValue::S(key.hash().as_str().to_owned()))
        .update_expression("SET userId = :user")
        .expression_attribute_values(":user", AttributeValue::S("bob".to_owned()));
    new_user.send().await.unwrap();
    let start = Instant::now();
    assert_eq!(instance.answer(&list).await.status, 200);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_last_use_is_noted_to_the_minute_without_a_write_for_each_request() {
    let metered = Metered::new().await;
    let clock = ManualClock::at(metered.world.start);
    let instance = metered.world.with_clock(clock.clock()).instance();
    let key = metered.direct.key("org").await;
    let list = Call::list().key(&key);
    let mut writes = 0;
    for second in 0..300 {
        clock.set(metered.world.at(second));
        let (_, calls) = metered.answer(&instance, &list).await;
        // The key, the feed, and now and then the note. The first list loads its replica.
        writes += calls - if second == 0 { 3 } else { 2 };
        let used = metered.direct.key_record(&key).await.last_used_at.expect("the use of the key is noted");
        assert!(used <= clock.now() && used.after(Duration::from_secs(61)) >= clock.now(), "{second}: {used}");
    }
    assert!((4..=6).contains(&writes), "{writes} notes in five minutes");
}

/// A handler may start before its key is checked, and the work that it leaves for the time after its answer must not be
/// done if the key turns out to be revoked.
#[tokio::test]
async fn a_revoked_key_leaves_no_work_after_its_answer() {
    let world = World::new().await;
    let done = Arc::new(AtomicU64::new(0));
    let counted = done.clone();
    let service = Service::new(&list_clients::ENDPOINT, world.app(), move |_, request| {
        let done = counted.clone();
        request.after_answer.leave(async move {
            done.fetch_add(1, Ordering::Relaxed);
        });
        async { Ok(lambda_http::Response::default()) }
    });
    let key = world.key("org").await;
    let list = Call::list().key(&key);
    for answered in 1..=2 {
        assert_eq!(testkit::invoke(&service, &list.event(), "request").await.status, 200);
        assert_eq!(done.load(Ordering::Relaxed), answered);
    }
    world.revoke(&key).await;
    assert_eq!(testkit::invoke(&service, &list.event(), "request").await.status, 401);
    assert_eq!(done.load(Ordering::Relaxed), 2);
}
