//! Tenancy under attack: thousands of random requests with one organization's key neither show nor change
//! another organization's data. `http/organizations.rs` holds the plain cases over HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::pin::pin;

use domain::{ApiKey, ClientId};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};
use testkit::{Answer, Call, Instance, World};

const ATTEMPTS: usize = 4_000;
const AT_ONCE: usize = 8;
/// In every text of the victim's clients, and nowhere else.
const SECRET: &str = "Zweitschlüssel-7731";
/// The number of the victim's clients whose identifiers the attacker does not learn. At the others' identifiers it puts
/// clients of its own, which it then sees.
const HIDDEN: usize = 6;
/// The idempotency keys that the victim has used.
const VICTIMS_KEYS: [&str; 3] = ["order-1", "order-2", "order-3"];

struct Scene {
    instance: Instance,
    victim: ApiKey,
    attacker: ApiKey,
    victims: Vec<String>,
    attackers: Vec<String>,
    _world: World,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let (victim, attacker) = (world.key("victim").await, world.key("attacker").await);
        let instance = world.instance();
        let (victims, attackers) = (Vec::new(), Vec::new());
        let mut scene = Self { instance, victim, attacker, victims, attackers, _world: world };
        for at in 0..12 {
            let body =
                json!({ "name": format!("{SECRET} {at}"), "phone": "+49 30 7731", "notes": SECRET.repeat(at * 4) });
            let mut call = Call::create(&body).key(&scene.victim);
            if let Some(key) = VICTIMS_KEYS.get(at) {
                call = call.header("idempotency-key", *key);
            }
            let answer = scene.instance.answer(&call).await;
            scene.victims.push(answer.id().to_owned());
            let own = Call::create(&json!({ "name": format!("own {at}") })).key(&scene.attacker);
            scene.attackers.push(scene.instance.answer(&own).await.id().to_owned());
        }
        let gone = Call::delete(&scene.victims[11]).key(&scene.victim);
        assert_eq!(scene.instance.answer(&gone).await.status, 200);
        scene
    }

    /// Everything that the victim can see.
    async fn victims_view(&self) -> Vec<Answer> {
        let list = Call::list().key(&self.victim).query("limit=100");
        let mut all = vec![self.instance.answer(&list).await];
        for id in &self.victims {
            all.push(self.instance.answer(&Call::get(id).key(&self.victim)).await);
        }
        all.into_iter().map(Answer::without_request_id).collect()
    }

    /// An identifier in some notation, mostly one of the victim's.
    fn id(&self) -> String {
        let id = match fastrand::u8(0..10) {
            0..7 => self.victims[fastrand::usize(0..self.victims.len())].clone(),
            7 => ClientId::random().to_string(),
            _ => self.attackers[fastrand::usize(0..self.attackers.len())].clone(),
        };
        match fastrand::u8(0..12) {
            0 => id.to_uppercase(),
            1 => format!("victim/{id}"),
            2 => format!("../victim/{id}"),
            3 => format!("{id}#"),
            4 => id.replace('-', ""),
            _ => id,
        }
    }

    fn attempt(&self) -> Call {
        let method = ["GET", "PATCH", "DELETE", "GET", "POST", "PUT", "RESTORE"][fastrand::usize(0..7)];
        let mut call = match (method, fastrand::bool()) {
            ("POST", _) | ("GET", true) => Call::clients(method),
            ("RESTORE", _) => Call::restore(&self.id()),
            ("PUT", _) => Call::client(method, &self.victims[fastrand::usize(HIDDEN..self.victims.len())]),
            _ => Call::client(method, &self.id()),
        };
        call = call.key(&self.attacker);
        if fastrand::u8(0..4) == 0 || (method == "GET" && fastrand::bool()) {
            call = call.query(query());
        }
        for (header, values) in [
            ("idempotency-key", &VICTIMS_KEYS[..]),
            ("if-match", &["*", "\"1\"", "\"2\"", "\"99\""]),
            ("if-none-match", &["*", "\"1\""]),
            ("x-org-id", &["victim"]),
            ("x-amzn-trace-id", &["victim"]),
            ("cookie", &["orgId=victim"]),
        ] {
            if fastrand::u8(0..4) == 0 {
                call = call.header(header, values[fastrand::usize(0..values.len())]);
            }
        }
        if ["POST", "PATCH", "PUT"].contains(&method) { call.json(&self.body()) } else { call }
    }

    fn body(&self) -> Value {
        let mut body = Map::new();
        for (field, value) in [
            ("name", json!("attack")),
            ("notes", json!("attack")),
            ("status", json!("inactive")),
            ("phone", Value::Null),
            ("orgId", json!("victim")),
            ("id", json!(self.victims[0])),
            ("createdAt", json!("2020-01-01T00:00:00.000Z")),
        ] {
            let known = ["name", "notes", "status", "phone"].contains(&field);
            if fastrand::u8(0..8) < if known { 5 } else { 1 } {
                body.insert(field.to_owned(), value);
            }
        }
        body.into()
    }
}

fn query() -> String {
    let parameters = [
        "limit=100",
        "offset=0",
        "query=Zweit",
        "query=7731",
        "query=",
        "sortBy=name",
        "sortOrder=desc",
        "status=active,inactive",
        "permanently=true",
        "orgId=victim",
        "org=victim",
    ];
    let chosen: Vec<&str> = parameters.into_iter().filter(|_| fastrand::u8(0..5) == 0).collect();
    chosen.join("&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_reads_or_changes_another_organizations_data() {
    let scene = Scene::new().await;
    let before = scene.victims_view().await;
    assert!(before[0].text.contains(SECRET), "the secret is there to be found");
    let mut answered = [0_usize; 6];
    let attempts = stream::iter(0..ATTEMPTS).map(async |_| {
        let call = scene.attempt();
        let answer = scene.instance.answer(&call).await;
        (call, answer)
    });
    let mut attempts = pin!(attempts.buffer_unordered(AT_ONCE));
    while let Some((call, answer)) = attempts.next().await {
        let written = format!("{:?} {}", answer.headers, answer.body);
        assert!(!written.contains(SECRET) && !written.contains("+49 30 7731"), "{call:?}: {answer:?}");
        let foreign = |id: &String| written.contains(id.as_str());
        assert!(!scene.victims[..HIDDEN].iter().any(foreign), "{call:?}: {answer:?}");
        assert!(answer.status < 500, "{call:?}: {answer:?}");
        answered[usize::from(answer.status / 100)] += 1;
    }
    assert!(answered[2] > ATTEMPTS / 20 && answered[4] > ATTEMPTS / 20, "too one-sided an attack: {answered:?}");
    assert_eq!(scene.victims_view().await, before);
}

#[tokio::test]
async fn an_absent_and_a_foreign_client_are_the_same_404() {
    let scene = Scene::new().await;
    let absent = ClientId::random().to_string();
    let (foreign, deleted) = (&scene.victims[0], &scene.victims[11]);
    for method in ["GET", "PATCH", "DELETE", "RESTORE"] {
        for header in ["if-match", "if-none-match"] {
            for condition in [None, Some("*"), Some("\"1\""), Some("\"7\"")] {
                let mut answers = Vec::new();
                for id in [&absent, foreign, deleted] {
                    let call = if method == "RESTORE" { Call::restore(id) } else { Call::client(method, id) };
                    let mut call = call.key(&scene.attacker);
                    if let Some(condition) = condition {
                        call = call.header(header, condition);
                    }
                    if method == "PATCH" {
                        call = call.json(&json!({ "name": "attack" }));
                    }
                    answers.push(scene.instance.answer(&call).await.without_request_id());
                }
                assert_eq!(answers[0].status, 404);
                assert!(answers.iter().all(|answer| *answer == answers[0]), "{method} {header}: {answers:?}");
            }
        }
    }
}
