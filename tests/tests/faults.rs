//! Throttling, failures, delays and lost connections at every call to DynamoDB: the answers to callers, and
//! the clients in the table afterwards. `consistency.rs` checks lists under the same faults; `organization.rs`
//! checks the operator's work.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    ApiKey, ClientId,
    limits::{LIST_TIMEOUT, WRITE_TIMEOUT},
};
use serde_json::json;
use testkit::{
    Answer, Call, Fault, FaultProxy, Instance, NOBODY, World,
    linearizability::{Model, Timed, is_linearizable},
};
use tokio::{sync::Semaphore, task::JoinSet};

const FAULTS: [Fault; 9] = [
    Fault::Throttled,
    Fault::FailedBefore,
    Fault::FailedAfter,
    Fault::DroppedBefore,
    Fault::DroppedAfter,
    Fault::DelayBefore(Duration::from_millis(100)),
    Fault::DelayAfter(Duration::from_millis(100)),
    Fault::Hangs,
    Fault::PartlyDone,
];

/// The numbers of calls that a fault strikes: one, so that a retry succeeds, or all from then on.
const STRIKES: [i64; 2] = [1, i64::MAX];

/// The number of cases at once: some wait for a deadline, the others need the processor.
const AT_ONCE: usize = 48;

/// A request to a client that was just created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Get,
    /// By an instance that has met the key: it reads the key and the client in one call.
    WarmGet,
    List,
    ListLongNotes,
    /// The changes of a client with long notes.
    Changes,
    Create,
    /// With an idempotency key.
    CreateOnce,
    Update,
    /// With one entity tag in `If-Match`.
    UpdateVersion,
    /// With two of them.
    UpdateVersions,
    /// Of the client, by a put.
    Replace,
    /// The same, with one entity tag in `If-Match`.
    ReplaceVersion,
    /// A put of a client that was never there.
    PutNew,
    /// A put of a client that was deleted.
    PutAgain,
    /// The same, with `If-None-Match: *`.
    PutAgainOnly,
    Delete,
    /// For good.
    Erase,
    /// Of what a deletion has kept.
    EraseKept,
    Restore,
}

use Request::{
    Changes, Create, CreateOnce, Delete, Erase, EraseKept, Get, List, ListLongNotes, PutAgain, PutAgainOnly, PutNew,
    Replace, ReplaceVersion, Restore, Update, UpdateVersion, UpdateVersions, WarmGet,
};

impl Request {
    const ALL: [Self; 19] = [
        Get,
        WarmGet,
        List,
        ListLongNotes,
        Changes,
        Create,
        CreateOnce,
        Update,
        UpdateVersion,
        UpdateVersions,
        Replace,
        ReplaceVersion,
        PutNew,
        PutAgain,
        PutAgainOnly,
        Delete,
        Erase,
        EraseKept,
        Restore,
    ];

    /// Whether its client was deleted before.
    fn is_of_deleted(self) -> bool {
        matches!(self, PutAgain | PutAgainOnly | EraseKept | Restore)
    }

    fn call(self, key: &ApiKey, id: &str) -> Call {
        let new = json!({ "name": "token" });
        let put = Call::put(id, &json!({ "name": "token", "status": "inactive", "notes": "token" }));
        let change = Call::update(id, &json!({ "status": "inactive", "notes": "token" }));
        let call = match self {
            Get | WarmGet => Call::get(id),
            List | ListLongNotes => Call::list().query("limit=100"),
            Changes => Call::new("GET", "/clients/changes"),
            Create => Call::create(&new),
            CreateOnce => Call::create(&new).header("idempotency-key", "token"),
            Update => change,
            UpdateVersion => change.header("if-match", "\"1\""),
            UpdateVersions => change.header("if-match", "\"1\", \"7\""),
            Replace | PutNew | PutAgain => put,
            ReplaceVersion => put.header("if-match", "\"1\""),
            PutAgainOnly => put.header("if-none-match", "*"),
            Delete => Call::delete(id),
            Erase | EraseKept => Call::delete(id).query("permanently=true"),
            Restore => Call::restore(id),
        };
        call.key(key)
    }

    fn is_update(self) -> bool {
        matches!(self, Update | UpdateVersion | UpdateVersions | Replace | ReplaceVersion)
    }

    fn timeout(self) -> Duration {
        if matches!(self, List | ListLongNotes) { LIST_TIMEOUT } else { WRITE_TIMEOUT }
    }
}

/// `fault` strikes the `nth` call to DynamoDB that the request makes, and the ones after it: `strikes` calls.
#[derive(Clone, Copy, Debug)]
struct Case {
    request: Request,
    fault: Fault,
    nth: i64,
    strikes: i64,
}

impl Case {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for request in Request::ALL {
            for fault in FAULTS {
                for nth in 0..3 {
                    all.extend(STRIKES.map(|strikes| Self { request, fault, nth, strikes }));
                }
            }
        }
        // The cases that wait for a deadline come first, so that all others run meanwhile.
        all.sort_by_key(|case| case.fault != Fault::Hangs);
        all
    }

    async fn run(self, world: &World, direct: &Instance) {
        let Self { request, fault, nth, strikes } = self;
        let scene = Scene::new(world, direct, request).await;
        let count = Arc::new(AtomicI64::new(i64::MIN));
        let counted = count.clone();
        let proxy = FaultProxy::start(world.url(), move |_| {
            let at = counted.fetch_add(1, Ordering::Relaxed);
            if at >= nth && at - nth < strikes { fault } else { Fault::None }
        });
        let proxy = proxy.await.unwrap();
        let (call, instance) = (request.call(&scene.key, &scene.id), world.behind(&proxy).instance());
        if request == WarmGet {
            assert_eq!(instance.answer(&call).await.status, 200);
        }
        count.store(0, Ordering::Relaxed);
        let start = Instant::now();
        let answer = instance.answer(&call).await;
        assert!(start.elapsed() < request.timeout(), "{self:?}: {:?}", start.elapsed());
        self.check_truth(&scene, &answer).await;

        let again = direct.answer(&call).await;
        self.check_repetition(&scene, &again, &answer).await;
    }

    /// Checks that the answer is true, and that no write took effect in part.
    async fn check_truth(self, scene: &Scene<'_>, answer: &Answer) {
        let success = match answer.status {
            200 | 201 => true,
            503 => {
                assert_eq!(answer.header("retry-after"), "1", "{self:?}");
                assert_eq!(answer.body["code"], "unavailable", "{self:?}");
                false
            }
            other => panic!("{self:?}: {other}, {:?}", answer.body),
        };
        let now = scene.get().await;
        match self.request {
            Create | CreateOnce => {
                let all = scene.created().await;
                if success {
                    assert_eq!(all.body["data"][0]["id"], answer.body["data"]["id"], "{self:?}");
                }
                let total = all.body["total"].as_u64().unwrap();
                assert!(total <= 1 && (total == 1 || !success), "{self:?}: {total} clients");
            }
            request if request.is_update() => {
                let data = now.data();
                let new = (data["status"] == "inactive", data["notes"] == "token");
                assert!(new == (true, true) || (new == (false, false) && !success), "{self:?}: {data}");
            }
            PutNew | PutAgain | PutAgainOnly => {
                let data = now.data();
                let is_there = (data["name"] == "token", data["notes"] == "token");
                assert!(is_there == (true, true) || (now.status == 404 && !success), "{self:?}: {now:?}");
            }
            Restore => {
                let data = now.data();
                let is_back = (data["name"] == "before", data["notes"] == "old");
                assert!(is_back == (true, true) || (now.status == 404 && !success), "{self:?}: {now:?}");
            }
            Delete | Erase => assert!(now.status == 404 || (now.status == 200 && !success), "{self:?}"),
            EraseKept => assert_eq!(now.status, 404, "{self:?}"),
            _ => assert_eq!(now.data()["name"], "before", "{self:?}"),
        }
    }

    /// Checks that the same request, repeated on healthy tables, ends where it should.
    async fn check_repetition(self, scene: &Scene<'_>, again: &Answer, before: &Answer) {
        let expected = match self.request {
            Delete | Erase | EraseKept => [200, 404],
            UpdateVersion | UpdateVersions | ReplaceVersion => [200, 412],
            PutAgainOnly => [201, 412],
            Restore => [200, 200],
            _ => [200, 201],
        };
        assert!(expected.contains(&again.status), "{self:?}: {again:?} after {before:?}");
        match self.request {
            CreateOnce => {
                assert_eq!(scene.created().await.body["total"], 1, "{self:?}: one idempotency key makes one client");
            }
            Delete => assert_eq!(scene.get().await.status, 404, "{self:?}"),
            Erase | EraseKept => {
                let restored = scene.direct.answer(&Call::restore(&scene.id).key(&scene.key)).await;
                assert_eq!((scene.get().await.status, restored.status), (404, 404), "{self:?}");
            }
            Restore => assert_eq!(again.header("etag"), "\"3\"", "{self:?}: restored once"),
            // Once more than before, or twice if the answer to the first was lost.
            PutNew => assert!(["\"1\"", "\"2\""].contains(&scene.get().await.header("etag")), "{self:?}"),
            PutAgain => assert!(["\"3\"", "\"4\""].contains(&scene.get().await.header("etag")), "{self:?}"),
            PutAgainOnly => assert_eq!(scene.get().await.header("etag"), "\"3\"", "{self:?}: created once"),
            request if request.is_update() => assert_eq!(scene.get().await.data()["notes"], "token", "{self:?}"),
            _ => {}
        }
    }
}

/// An organization of its own with one client.
struct Scene<'a> {
    direct: &'a Instance,
    key: ApiKey,
    id: String,
}

impl<'a> Scene<'a> {
    async fn new(world: &World, direct: &'a Instance, request: Request) -> Self {
        let key = world.key(domain::KeyId::random().as_str()).await;
        let notes = if matches!(request, ListLongNotes | Changes) { "old ".repeat(100) } else { "old".to_owned() };
        let created = direct.answer(&Call::create(&json!({ "name": "before", "notes": notes })).key(&key)).await;
        let id = if request == PutNew { ClientId::random().to_string() } else { created.id().to_owned() };
        if request.is_of_deleted() {
            assert_eq!(direct.answer(&Call::delete(&id).key(&key)).await.status, 200);
        }
        Self { direct, id, key }
    }

    async fn get(&self) -> Answer {
        self.direct.answer(&Call::get(&self.id).key(&self.key)).await
    }

    /// The clients that the request has created.
    async fn created(&self) -> Answer {
        self.direct.answer(&Call::list().key(&self.key).query("query=token")).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_call_ends_in_the_truth_and_a_retry_converges() {
    let world = World::new().await;
    let direct = world.instance();
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut cases = JoinSet::new();
    for case in Case::all() {
        let (gate, world, direct) = (gate.clone(), world.clone(), direct.clone());
        cases.spawn(async move {
            let _turn = gate.acquire().await.unwrap();
            case.run(&world, &direct).await;
        });
    }
    while let Some(case) = cases.join_next().await {
        case.unwrap();
    }
}

#[tokio::test]
async fn a_dead_endpoint_is_a_503_within_the_deadline() {
    let instance = World::unreachable().instance();
    let key = ApiKey::generate().unwrap();
    for request in Request::ALL {
        let start = Instant::now();
        let answer = instance.answer(&request.call(&key, NOBODY)).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{request:?}");
        assert!(start.elapsed() < WRITE_TIMEOUT, "{request:?}: {:?}", start.elapsed());
    }
}

/// The model of one client, from its creation on.
struct OneClient;

/// An operation and its answer.
#[derive(Clone, Debug)]
enum Operation {
    Create(String),
    Get(Option<(u64, String)>),
    Update {
        token: String,
        version: Option<u64>,
        condition: Option<u64>,
        refused: bool,
    },
    Put {
        token: String,
        condition: Option<Condition>,
        answer: Option<PutAnswer>,
    },
    Delete {
        permanently: bool,
        refused: bool,
    },
    /// With the client that was answered, or `None` if there was no answer.
    Restore {
        client: Option<(u64, String)>,
        refused: bool,
    },
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    IfMatch(u64),
    IfNoneMatchAny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PutAnswer {
    Created(u64),
    Replaced(u64),
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Absent,
    Alive(u64, String),
    /// With its name, if that is kept.
    Deleted(u64, Option<String>),
}

/// The state after a put, if it is answered as it must be.
fn put(state: &State, token: &str, condition: Option<Condition>, answer: Option<PutAnswer>) -> Option<State> {
    let (version, lives) = match state {
        State::Absent => (0, false),
        State::Deleted(version, _) => (*version, false),
        State::Alive(version, _) => (*version, true),
    };
    let takes_effect = match condition {
        None => true,
        Some(Condition::IfMatch(tag)) => lives && tag == version,
        Some(Condition::IfNoneMatchAny) => !lives,
    };
    let made = version + 1;
    let (answered, after) = match (takes_effect, lives) {
        (false, _) => (PutAnswer::Refused, state.clone()),
        (true, false) => (PutAnswer::Created(made), State::Alive(made, token.to_owned())),
        (true, true) => (PutAnswer::Replaced(made), State::Alive(made, token.to_owned())),
    };
    answer.is_none_or(|answer| answer == answered).then_some(after)
}

impl Model for OneClient {
    type State = State;
    type Operation = Operation;

    fn step(state: &State, operation: &Operation) -> Option<State> {
        match (operation, state) {
            (Operation::Create(token), State::Absent) => Some(State::Alive(1, token.clone())),
            (Operation::Get(Some((version, token))), State::Alive(now, held)) if (version, token) == (now, held) => {
                Some(state.clone())
            }
            (Operation::Get(None), State::Absent | State::Deleted(..)) => Some(state.clone()),
            (Operation::Put { token, condition, answer }, _) => put(state, token, *condition, *answer),
            (Operation::Update { refused: true, condition, .. }, State::Alive(now, _))
                if condition.is_some_and(|tag| tag != *now) =>
            {
                Some(state.clone())
            }
            (
                Operation::Update { refused: true, .. } | Operation::Delete { refused: true, permanently: false },
                State::Absent | State::Deleted(..),
            )
            | (
                Operation::Delete { refused: true, permanently: true } | Operation::Restore { refused: true, .. },
                State::Absent | State::Deleted(_, None),
            ) => Some(state.clone()),
            (Operation::Update { refused: false, token, version, condition }, State::Alive(now, _)) => {
                let lawful = version.is_none_or(|made| made == now + 1) && condition.is_none_or(|tag| tag == *now);
                lawful.then(|| State::Alive(now + 1, token.clone()))
            }
            (Operation::Delete { refused: false, permanently }, State::Alive(now, held)) => {
                Some(State::Deleted(now + 1, (!permanently).then(|| held.clone())))
            }
            (Operation::Delete { refused: false, permanently: true }, State::Deleted(now, Some(_))) => {
                Some(State::Deleted(now + 1, None))
            }
            (
                Operation::Restore { refused: false, client },
                State::Alive(version, name) | State::Deleted(version, Some(name)),
            ) => {
                let version = if matches!(state, State::Deleted(..)) { version + 1 } else { *version };
                let after = (version, name.clone());
                let lawful = client.as_ref().is_none_or(|client| *client == after);
                lawful.then_some(State::Alive(after.0, after.1))
            }
            _ => None,
        }
    }
}

fn seen(answer: &Answer) -> Option<(u64, String)> {
    let version = answer.header("etag").trim_matches('"').parse().ok()?;
    Some((version, answer.data()["name"].as_str()?.to_owned()))
}

const CLIENTS: usize = 24;
const WORKERS: usize = 4;
const STEPS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_under_faults_is_linearizable() {
    let world = World::new().await;
    let proxy = FaultProxy::start(world.url(), |_| {
        let delay = Duration::from_millis(fastrand::u64(1..20));
        match fastrand::u8(0..100) {
            0..20 => Fault::DelayBefore(delay),
            20..40 => Fault::DelayAfter(delay),
            40..43 => Fault::Throttled,
            43..46 => Fault::FailedBefore,
            46..50 => Fault::FailedAfter,
            50..53 => Fault::DroppedBefore,
            53..57 => Fault::DroppedAfter,
            _ => Fault::None,
        }
    });
    let proxy = proxy.await.unwrap();
    let key = world.key("org").await;
    let faulty = world.behind(&proxy);
    // Each client has a history of its own, so they are worked on at the same time.
    let mut rounds = JoinSet::new();
    let gate = Arc::new(Semaphore::new(6));
    for round in 0..CLIENTS {
        let (gate, faulty, key) = (gate.clone(), faulty.clone(), key.clone());
        rounds.spawn(async move {
            let _turn = gate.acquire().await.unwrap();
            let history = record(&faulty, &key, round).await;
            assert!(is_linearizable::<OneClient>(State::Absent, &history), "round {round}: {history:#?}");
        });
    }
    while let Some(round) = rounds.join_next().await {
        round.unwrap();
    }
}

/// The history of one client that several workers read and write at the same time.
async fn record(faulty: &World, key: &ApiKey, round: usize) -> Vec<Timed<Operation>> {
    // The create is repeated until it is answered, as a caller with an idempotency key would.
    let start = Instant::now();
    let create = Call::create(&json!({ "name": "first" })).key(key).header("idempotency-key", format!("round-{round}"));
    let creator = faulty.instance();
    let mut created = creator.answer(&create).await;
    while created.status == 503 {
        created = creator.answer(&create).await;
    }
    assert_eq!(created.status, 201, "{created:?}");
    let first = Timed { operation: Operation::Create("first".to_owned()), start, end: Some(Instant::now()) };
    let history = Arc::new(Mutex::new(vec![first]));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (instance, key, id, history) = (faulty.instance(), key.clone(), created.id().to_owned(), history.clone());
        workers.spawn(async move {
            let mut tag = 1;
            for step in 0..STEPS {
                let token = format!("r{round}w{worker}s{step}");
                let start = Instant::now();
                let (operation, answered) = act(&instance, &key, &id, token, &mut tag).await;
                let end = answered.then(Instant::now);
                if let Some(operation) = operation {
                    history.lock().unwrap().push(Timed { operation, start, end });
                }
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    let history = history.lock().unwrap();
    history.clone()
}

/// One step of a worker, and whether it was answered. An unanswered read is no operation.
async fn act(instance: &Instance, key: &ApiKey, id: &str, token: String, tag: &mut u64) -> (Option<Operation>, bool) {
    match fastrand::u8(0..100) {
        0..40 => {
            let answer = instance.answer(&Call::get(id).key(key)).await;
            match answer.status {
                200 => {
                    let seen = seen(&answer);
                    *tag = seen.as_ref().map_or(*tag, |(version, _)| *version);
                    (Some(Operation::Get(seen)), true)
                }
                404 => (Some(Operation::Get(None)), true),
                _ => (None, false),
            }
        }
        40..50 => {
            let condition = match fastrand::u8(0..4) {
                0 => Some(Condition::IfMatch(*tag)),
                1 => Some(Condition::IfNoneMatchAny),
                _ => None,
            };
            let call = Call::put(id, &json!({ "name": token })).key(key);
            let call = match condition {
                Some(Condition::IfMatch(tag)) => call.header("if-match", format!("\"{tag}\"")),
                Some(Condition::IfNoneMatchAny) => call.header("if-none-match", "*"),
                None => call,
            };
            let answer = instance.answer(&call).await;
            let version = seen(&answer).map(|(version, _)| version);
            let answer = match (answer.status, version) {
                (201, Some(version)) => Some(PutAnswer::Created(version)),
                (200, Some(version)) => Some(PutAnswer::Replaced(version)),
                (412, _) => Some(PutAnswer::Refused),
                _ => None,
            };
            (Some(Operation::Put { token, condition, answer }), answer.is_some())
        }
        50..60 => {
            let answer = instance.answer(&Call::restore(id).key(key)).await;
            let operation = Operation::Restore { client: seen(&answer), refused: answer.status == 404 };
            (Some(operation), [200, 404].contains(&answer.status))
        }
        60..90 => {
            let condition = fastrand::bool().then_some(*tag);
            let mut call = Call::update(id, &json!({ "name": token })).key(key);
            if let Some(tag) = condition {
                call = call.header("if-match", format!("\"{tag}\""));
            }
            let answer = instance.answer(&call).await;
            let version = seen(&answer).map(|(version, _)| version);
            let refused = [404, 412].contains(&answer.status);
            let answered = answer.status == 200 || refused;
            (Some(Operation::Update { token, version, condition, refused }), answered)
        }
        _ => {
            let permanently = fastrand::u8(0..4) == 0;
            let call = Call::delete(id).key(key).query(format!("permanently={permanently}"));
            let answer = instance.answer(&call).await;
            let operation = Operation::Delete { permanently, refused: answer.status == 404 };
            (Some(operation), [200, 404].contains(&answer.status))
        }
    }
}
