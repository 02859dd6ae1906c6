//! Keys: refused without a read, ended at once, and one round trip for a read all the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{ApiKey, Clock, OrgId};
use end_to_end::{
    api::{Api, Call},
    faults::{Fault, FaultProxy},
};
use local::engine::{Engine, config_for};
use serde_json::json;
use shared::{
    App,
    store::{Store, Tables},
};

const INSTANCES: usize = 20;

struct World {
    _engine: Engine,
    proxy: FaultProxy,
    calls: Arc<AtomicU64>,
    delay: Arc<AtomicU64>,
}

impl World {
    async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        Store::new(engine.config(), Tables::default()).create_tables().await.unwrap();
        let (calls, delay) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (counted, delayed) = (calls.clone(), delay.clone());
        let proxy = FaultProxy::start(engine.url(), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Fault::DelayBefore(Duration::from_millis(delayed.load(Ordering::Relaxed)))
        });
        Self { proxy: proxy.await.unwrap(), _engine: engine, calls, delay }
    }

    /// A warm instance of all functions, with memories of its own.
    fn instance(&self, clock: Clock) -> Api {
        Api::new(App { store: Store::new(&config_for(&self.proxy.url()), Tables::default()), clock })
    }

    /// What `work` answers, and how many calls to DynamoDB it made.
    async fn counting<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let before = self.calls.load(Ordering::Relaxed);
        let answer = work.await;
        (answer, self.calls.load(Ordering::Relaxed) - before)
    }
}

/// A clock, and the seconds that it is moved on by.
fn clock_by_hand() -> (Arc<AtomicU64>, Clock) {
    let start = Clock::system().now();
    let hand = Arc::new(AtomicU64::new(0));
    let seconds = hand.clone();
    (hand, Clock::new(move || start.after(Duration::from_secs(seconds.load(Ordering::Relaxed)))))
}

fn org() -> OrgId {
    "org".parse().unwrap()
}

#[tokio::test]
async fn what_is_no_key_is_refused_without_a_read() {
    let world = World::new().await;
    let api = world.instance(Clock::system());
    let genuine = api.key(&org()).await;
    let mut texts: Vec<String> =
        ["", "Bearer", "Bearer ba_", "Basic dTpw", "Bearer ba_a1b2c3d4e5f6..."].map(str::to_owned).into();
    for _ in 0..500 {
        // Made up, or one character of a real one mistyped.
        let digits: String = (0..40).map(|_| fastrand::char('a'..='f')).collect();
        texts.push(format!("Bearer ba_{digits}"));
        let mut mistyped: Vec<char> = genuine.reveal().chars().collect();
        let at = fastrand::usize(3..mistyped.len());
        mistyped[at] = if mistyped[at] == '0' { '1' } else { '0' };
        texts.push(format!("Bearer {}", mistyped.into_iter().collect::<String>()));
    }
    for text in texts {
        let call = Call::clients("GET", &genuine).header("authorization", &text);
        let (answer, calls) = world.counting(api.answer(&call)).await;
        assert_eq!((answer.status, calls), (401, 0), "{text}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_on_every_warm_instance() {
    let world = World::new().await;
    let instances: Vec<Api> = (0..INSTANCES).map(|_| world.instance(Clock::system())).collect();
    let key = instances[0].key(&org()).await;
    let created = instances[0].answer(&Call::clients("POST", &key).body(&json!({ "name": "a" }))).await;
    let calls = [
        Call::clients("GET", &key),
        Call::client("GET", &key, created.id()),
        Call::client("PATCH", &key, created.id()).body(&json!({ "name": "b" })),
        Call::clients("POST", &key).body(&json!({ "name": "c" })),
    ];
    for instance in &instances {
        for call in &calls {
            assert!(instance.answer(call).await.status < 300);
        }
    }
    let store = &instances[0].app.store;
    let record = store.find_api_key(&key.hash()).await.unwrap().unwrap();
    store.revoke_api_key(&record, Clock::system().now()).await.unwrap();
    let delete = Call::client("DELETE", &key, created.id());
    for instance in &instances {
        for call in calls.iter().chain([&delete]) {
            let answer = instance.answer(call).await;
            assert_eq!(answer.status, 401, "{call:?}");
            assert!(answer.body.get("data").is_none());
        }
    }
}

#[tokio::test]
async fn a_key_ends_at_its_end() {
    let world = World::new().await;
    let (hand, clock) = clock_by_hand();
    let api = world.instance(clock);
    let key = api.key(&org()).await;
    for (seconds, status) in [(0, 200), (24 * 60 * 60 - 1, 200), (24 * 60 * 60, 401), (24 * 60 * 60 + 1, 401)] {
        hand.store(seconds, Ordering::Relaxed);
        assert_eq!(api.answer(&Call::clients("GET", &key)).await.status, status, "after {seconds} s");
    }
}

#[tokio::test]
async fn every_way_of_having_no_key_gets_the_same_answer() {
    let world = World::new().await;
    let api = world.instance(Clock::system());
    let revoked = api.key(&org()).await;
    let record = api.app.store.find_api_key(&revoked.hash()).await.unwrap().unwrap();
    api.app.store.revoke_api_key(&record, Clock::system().now()).await.unwrap();
    let expired = api.key(&org()).await;
    let record = api.app.store.find_api_key(&expired.hash()).await.unwrap().unwrap();
    api.app.store.expire_api_key(&record, Clock::system().now()).await.unwrap();
    let unknown = ApiKey::generate().unwrap();
    let mut answers = Vec::new();
    for key in [revoked.reveal(), expired.reveal(), unknown.reveal(), "ba_", "nonsense"] {
        let call = Call::clients("GET", &unknown).header("authorization", &format!("Bearer {key}"));
        let mut answer = api.answer(&call).await;
        answer.headers.remove("x-request-id");
        answer.body.as_object_mut().unwrap().remove("requestId");
        answers.push(answer);
    }
    assert_eq!(answers[0].status, 401);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn a_warm_read_takes_one_round_trip_and_a_write_waits_for_the_key() {
    let world = World::new().await;
    let api = world.instance(Clock::system());
    let key = api.key(&org()).await;
    let created = api.answer(&Call::clients("POST", &key).body(&json!({ "name": "a" }))).await;
    let (list, get) = (Call::clients("GET", &key), Call::client("GET", &key, created.id()));
    let write = Call::client("PATCH", &key, created.id()).body(&json!({ "name": "b" }));
    for call in [&list, &get] {
        assert_eq!(api.answer(call).await.status, 200);
    }
    let delay = Duration::from_millis(600);
    world.delay.store(600, Ordering::Relaxed);
    for (call, round_trips) in [(&list, 1), (&get, 1), (&write, 2)] {
        let start = Instant::now();
        let (answer, calls) = world.counting(api.answer(call)).await;
        // The key and the data: two calls, and for a read both at once.
        assert_eq!((answer.status, calls), (200, 2), "{call:?}");
        let taken = start.elapsed();
        assert!(taken >= delay * round_trips && taken < delay * (round_trips + 1), "{call:?}: {taken:?}");
    }
}

#[tokio::test]
async fn last_use_is_kept_to_the_minute_without_a_write_for_each_request() {
    let world = World::new().await;
    let (hand, clock) = clock_by_hand();
    let api = world.instance(clock);
    let key = api.key(&org()).await;
    let list = Call::clients("GET", &key);
    let mut writes = 0;
    for second in 0..300 {
        hand.store(second, Ordering::Relaxed);
        let (_, calls) = world.counting(api.answer(&list)).await;
        // The key, the feed, and once in a while the note; the first list loads.
        writes += calls - if second == 0 { 3 } else { 2 };
        let record = api.app.store.find_api_key(&key.hash()).await.unwrap().unwrap();
        let used = record.last_used_at.expect("used keys say when");
        assert!(
            used <= api.app.clock.now() && used.after(Duration::from_secs(61)) >= api.app.clock.now(),
            "{second}: {used}"
        );
    }
    assert!((4..=6).contains(&writes), "{writes} notes in five minutes");
}
