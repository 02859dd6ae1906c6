//! `examples/mirror.py` under concurrent writes and faults, killed and started again at random. When nobody writes any
//! more, its table equals a list, row by row.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use list_changes::Settings;
use serde_json::{Value, json};
use testkit::{Call, Fault, FaultProxy, Server, World};
use tokio::process::{Child, Command};

use crate::traffic::{OVERLAP, Traffic};

const ROUNDS: usize = 3;
const KILLS: usize = 4;
/// The time by which the mirror must have caught up, however slow the machine is.
const LONGEST: Duration = Duration::from_secs(60);

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/mirror.py");
/// Prints the clients in the mirror's table, in the order of their identifiers.
const DUMP: &str = "
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=60)
print(json.dumps([json.loads(row) for row, in db.execute('SELECT json FROM clients ORDER BY id')]))
";

struct Mirror<'a> {
    server: &'a Server,
    key: String,
    database: &'a Path,
}

impl Mirror<'_> {
    fn start(&self) -> Child {
        Command::new("python3")
            .args([PROGRAM, self.server.base()])
            .arg(self.database)
            .env("API_KEY", &self.key)
            .env("POLL_SECONDS", "0.05")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    async fn rows(&self) -> Value {
        let output = Command::new("python3").args(["-c", DUMP]).arg(self.database).output().await.unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    /// A list of all clients, in the order of their identifiers and with their versions, as the changes have them.
    async fn list(&self, world: &World) -> Value {
        let mut rows: Vec<Value> = Vec::new();
        loop {
            let list = Call::list().bearer(&self.key).query(format!("limit=100&offset={}", rows.len()));
            let answer = self.server.answer(&list).await;
            if answer.status != 200 {
                continue;
            }
            rows.extend(answer.data().as_array().unwrap().iter().cloned());
            if answer.body["total"] == rows.len() {
                break;
            }
        }
        rows.sort_by_key(|row| row["id"].as_str().unwrap().to_owned());
        for row in &mut rows {
            let client = world.org("org").get(row["id"].as_str().unwrap().parse().unwrap()).await.unwrap();
            row["version"] = client.version.into();
        }
        rows.into()
    }

    /// Waits until the table equals a list. Nobody writes meanwhile.
    async fn catches_up(&self, world: &World, program: &mut Child) {
        let expected = self.list(world).await;
        let start = Instant::now();
        loop {
            let rows = self.rows().await;
            if rows == expected {
                return;
            }
            assert!(start.elapsed() < LONGEST, "the mirror has\n{rows}\nand not\n{expected}");
            assert!(program.try_wait().unwrap().is_none(), "the mirror has ended");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_equals_a_list_at_every_quiet_point() {
    if !Command::new("python3").args(["-c", "import sqlite3"]).status().await.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no python3");
        return;
    }
    let world = World::new().await;
    let proxy = FaultProxy::start(world.url(), |_| Fault::random()).await.unwrap();
    let app = world.behind(&proxy).app();
    let mut services = local::services(&app);
    services.retain(|service| service.endpoint.name != list_changes::ENDPOINT.name);
    services.push(list_changes::service(app, Settings { overlap: OVERLAP, secret: "secret".to_owned() }));
    let server = Server::serve(services).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let key = world.key("org").await.reveal().to_owned();
    let mirror = Mirror { server: &server, key, database: &folder.path().join("mirror.db") };

    let mut program = mirror.start();
    for round in 0..ROUNDS {
        let traffic = Traffic::start(&world, &proxy, "org");
        for _ in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(50..600))).await;
            program.kill().await.unwrap();
            program = mirror.start();
        }
        let answered = traffic.stop().await;
        assert!(answered.writes > 20, "{} writes", answered.writes);
        mirror.catches_up(&world, &mut program).await;
        if round == 1 {
            // The organization is deleted, and begins anew: the mirror starts over.
            let org = world.org("org");
            world.store.purge_clients(org.id(), &world.clock, |_| {}).await.unwrap();
            org.create(&json!({ "name": "new" })).await;
            mirror.catches_up(&world, &mut program).await;
        }
    }
}
