//! Throttling, failures, delays and lost connections at every call to DynamoDB: what callers see,
//! and what is in the table afterwards.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{
    ApiKey, Clock,
    limits::{LIST_TIMEOUT, WRITE_TIMEOUT},
};
use end_to_end::{
    api::{Answer, Api, Call},
    faults::{Fault, FaultProxy},
    linearizability::{Model, Timed, is_linearizable},
};
use local::engine::{Engine, config_for};
use serde_json::json;
use shared::{
    App,
    store::{Store, Tables},
};

const FAULTS: [Fault; 8] = [
    Fault::Throttled,
    Fault::FailedBefore,
    Fault::FailedAfter,
    Fault::DroppedBefore,
    Fault::DroppedAfter,
    Fault::DelayBefore(Duration::from_millis(300)),
    Fault::DelayAfter(Duration::from_millis(300)),
    Fault::Hangs,
];

/// How often a fault strikes: once, so that a repetition succeeds, or from then on.
const STRIKES: [i64; 2] = [1, i64::MAX];

/// The calls of the API under test, on a client that was just created.
const CALLS: [&str; 9] = [
    "get",
    "list",
    "list long notes",
    "create",
    "create once",
    "update",
    "update one version",
    "update two versions",
    "delete",
];

fn app(url: &str) -> App {
    App { store: Store::new(&config_for(url), Tables::default()), clock: Clock::system() }
}

fn call(kind: &str, key: &ApiKey, id: &str, token: &str) -> Call {
    let change = json!({ "status": "inactive", "notes": token });
    match kind {
        "get" => Call::client("GET", key, id),
        "list" | "list long notes" => Call::clients("GET", key).query("limit=100"),
        "create" => Call::clients("POST", key).body(&json!({ "name": token })),
        "create once" => Call::clients("POST", key).header("idempotency-key", token).body(&json!({ "name": token })),
        "update" => Call::client("PATCH", key, id).body(&change),
        "update one version" => Call::client("PATCH", key, id).header("if-match", "\"1\"").body(&change),
        "update two versions" => Call::client("PATCH", key, id).header("if-match", "\"1\", \"7\"").body(&change),
        "delete" => Call::client("DELETE", key, id),
        other => unreachable!("{other}"),
    }
}

/// One case: `fault` strikes the `nth` call to DynamoDB that `kind` makes, `strikes` times.
async fn strike(engine: &str, kind: &'static str, fault: Fault, nth: i64, strikes: i64) {
    let case = format!("{kind}, {fault:?} at call {nth}, {strikes} times");
    let direct = Api::new(app(engine));
    let org = domain::KeyId::random().as_str().parse().unwrap();
    let key = direct.key(&org).await;
    let notes = if kind == "list long notes" { "old ".repeat(100) } else { "old".to_owned() };
    let created = direct.answer(&Call::clients("POST", &key).body(&json!({ "name": "before", "notes": notes }))).await;
    let id = created.id().to_owned();
    let count = Arc::new(AtomicI64::new(0));
    let counted = count.clone();
    let proxy = FaultProxy::start(engine, move |_| {
        let at = counted.fetch_add(1, Ordering::Relaxed);
        if at >= nth && at - nth < strikes { fault } else { Fault::None }
    });
    let proxy = proxy.await.unwrap();
    let api = Api::new(app(&proxy.url()));
    let request = call(kind, &key, &id, "token");
    let start = Instant::now();
    let answer = api.answer(&request).await;
    let deadline = if kind.starts_with("list") { LIST_TIMEOUT } else { WRITE_TIMEOUT };
    assert!(start.elapsed() < deadline, "{case}: {:?}", start.elapsed());
    check(&case, kind, &direct, &key, &id, &answer).await;

    // Whatever happened, the same call made again on a healthy table ends where it should.
    let again = direct.answer(&request).await;
    match kind {
        "delete" => assert!([200, 404].contains(&again.status), "{case}: {again:?}"),
        "update one version" | "update two versions" => {
            assert!([200, 412].contains(&again.status), "{case}: {again:?}")
        }
        _ => assert!([200, 201].contains(&again.status), "{case}: {again:?} after {answer:?}"),
    }
    match kind {
        "create once" => {
            let all = direct.answer(&Call::clients("GET", &key).query("query=token")).await;
            assert_eq!(all.body["total"], 1, "{case}: one key makes one client");
        }
        "update" | "update one version" | "update two versions" => {
            let client = direct.answer(&Call::client("GET", &key, &id)).await;
            assert_eq!(client.body["data"]["notes"], "token", "{case}");
        }
        "delete" => assert_eq!(direct.answer(&Call::client("GET", &key, &id)).await.status, 404, "{case}"),
        _ => {}
    }
}

/// What a caller was told is true, and no write is there by half.
async fn check(case: &str, kind: &str, direct: &Api, key: &ApiKey, id: &str, answer: &Answer) {
    let success = match answer.status {
        200 | 201 => true,
        503 => {
            assert_eq!(answer.header("retry-after"), Some("1"), "{case}");
            assert_eq!(answer.body["code"], "unavailable", "{case}");
            false
        }
        other => panic!("{case}: {other}, {:?}", answer.body),
    };
    let now = direct.answer(&Call::client("GET", key, id)).await;
    match kind {
        "create" | "create once" => {
            let all = direct.answer(&Call::clients("GET", key).query("query=token")).await;
            if success {
                assert_eq!(all.body["data"][0]["id"], answer.body["data"]["id"], "{case}");
            }
            let total = all.body["total"].as_u64().unwrap();
            assert!(total <= 1 && (total == 1 || !success), "{case}: {total} clients");
        }
        "update" | "update one version" | "update two versions" => {
            let data = &now.body["data"];
            let new = (data["status"] == "inactive", data["notes"] == "token");
            assert!(new == (true, true) || (new == (false, false) && !success), "{case}: {data}");
        }
        "delete" => assert!(now.status == 404 || (now.status == 200 && !success), "{case}"),
        _ => assert_eq!(now.body["data"]["name"], "before", "{case}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_at_every_call_ends_in_the_truth_and_a_retry_converges() {
    let engine = Engine::in_memory().await.unwrap();
    Store::new(engine.config(), Tables::default()).create_tables().await.unwrap();
    // Some cases wait for a deadline: many at once, or they would wait for a long time in turn.
    let gate = Arc::new(tokio::sync::Semaphore::new(16));
    let mut cases = tokio::task::JoinSet::new();
    for kind in CALLS {
        for fault in FAULTS {
            for nth in 0..3 {
                for strikes in STRIKES {
                    let (gate, url) = (gate.clone(), engine.url().to_owned());
                    cases.spawn(async move {
                        let _turn = gate.acquire().await.unwrap();
                        strike(&url, kind, fault, nth, strikes).await;
                    });
                }
            }
        }
    }
    while let Some(case) = cases.join_next().await {
        case.unwrap();
    }
}

#[tokio::test]
async fn a_dead_endpoint_is_a_503_within_the_deadline() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let api = Api::new(app(&format!("http://{dead}")));
    let key = ApiKey::generate().unwrap();
    for kind in CALLS {
        let start = Instant::now();
        let answer = api.answer(&call(kind, &key, "6f1b3bb2-4c38-4b34-8c5f-2df8b2c8e4a1", "token")).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")), "{kind}");
        assert!(start.elapsed() < WRITE_TIMEOUT, "{kind}: {:?}", start.elapsed());
    }
}

/// One client, from its creation on.
struct OneClient;

/// What was asked of it and what was answered; `None` where nothing was.
#[derive(Clone, Debug)]
enum Operation {
    Create(String),
    Get(Option<(u64, String)>),
    Update { token: String, version: Option<u64>, condition: Option<u64>, refused: bool },
    Delete { refused: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Absent,
    Alive(u64, String),
    Deleted,
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
            (Operation::Get(None), State::Absent | State::Deleted) => Some(state.clone()),
            (Operation::Update { refused: true, condition, .. }, State::Alive(now, _))
                if condition.is_some_and(|tag| tag != *now) =>
            {
                Some(state.clone())
            }
            (
                Operation::Update { refused: true, .. } | Operation::Delete { refused: true },
                State::Absent | State::Deleted,
            ) => Some(state.clone()),
            (Operation::Update { refused: false, token, version, condition }, State::Alive(now, _)) => {
                let lawful = version.is_none_or(|made| made == now + 1) && condition.is_none_or(|tag| tag == *now);
                lawful.then(|| State::Alive(now + 1, token.clone()))
            }
            (Operation::Delete { refused: false }, State::Alive(..)) => Some(State::Deleted),
            _ => None,
        }
    }
}

fn seen(answer: &Answer) -> Option<(u64, String)> {
    let version = answer.header("etag")?.trim_matches('"').parse().ok()?;
    Some((version, answer.body["data"]["name"].as_str()?.to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_under_faults_is_linearizable() {
    const CLIENTS: usize = 24;
    const WORKERS: usize = 4;
    const STEPS: usize = 10;
    let engine = Engine::in_memory().await.unwrap();
    Store::new(engine.config(), Tables::default()).create_tables().await.unwrap();
    let proxy = FaultProxy::start(engine.url(), |_| {
        let delay = Duration::from_millis(fastrand::u64(1..30));
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
    let direct = Api::new(app(engine.url()));
    let key = direct.key(&"org".parse().unwrap()).await;
    for round in 0..CLIENTS {
        // Repeated until it is answered, as a caller would under an idempotency key.
        let start = Instant::now();
        let create = Call::clients("POST", &key).header("idempotency-key", &format!("round-{round}"));
        let create = create.body(&json!({ "name": "first" }));
        let creator = Api::new(app(&proxy.url()));
        let mut created = creator.answer(&create).await;
        while created.status == 503 {
            created = creator.answer(&create).await;
        }
        assert_eq!(created.status, 201, "{created:?}");
        let first = Timed { operation: Operation::Create("first".to_owned()), start, end: Some(Instant::now()) };
        let history = Arc::new(Mutex::new(vec![first]));
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..WORKERS {
            let (api, key, id, history) =
                (Api::new(app(&proxy.url())), key.clone(), created.id().to_owned(), history.clone());
            workers.spawn(async move {
                let mut tag = 1;
                for step in 0..STEPS {
                    let token = format!("r{round}w{worker}s{step}");
                    let start = Instant::now();
                    let (operation, answered) = act(&api, &key, &id, token, &mut tag).await;
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
        let history = history.lock().unwrap().clone();
        assert!(is_linearizable::<OneClient>(State::Absent, &history), "round {round}: {history:#?}");
    }
}

/// One step of a worker, and whether it was answered. A read that was not answered says nothing.
async fn act(api: &Api, key: &ApiKey, id: &str, token: String, tag: &mut u64) -> (Option<Operation>, bool) {
    let update = |token: &str| Call::client("PATCH", key, id).body(&json!({ "name": token }));
    match fastrand::u8(0..100) {
        0..40 => {
            let answer = api.answer(&Call::client("GET", key, id)).await;
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
        40..97 => {
            let condition = fastrand::bool().then_some(*tag);
            let mut call = update(&token);
            if let Some(tag) = condition {
                call = call.header("if-match", &format!("\"{tag}\""));
            }
            let answer = api.answer(&call).await;
            let version = seen(&answer).map(|(version, _)| version);
            let refused = [404, 412].contains(&answer.status);
            let answered = answer.status == 200 || refused;
            (Some(Operation::Update { token, version, condition, refused }), answered)
        }
        _ => {
            let answer = api.answer(&Call::client("DELETE", key, id)).await;
            (Some(Operation::Delete { refused: answer.status == 404 }), [200, 404].contains(&answer.status))
        }
    }
}
