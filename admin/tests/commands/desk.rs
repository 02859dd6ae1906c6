//! An operator's desk: the program, and an embedded engine.

use std::{
    io::Write,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use domain::{ApiKey, Client, Clock};
use serde_json::json;
use shared::store::{ApiKeyState, ClientRecord, Store};
use testkit::{Org, World};

/// A word that is in every text of the clients, and nowhere else.
pub(crate) const PERSONAL: &str = "Zweitschlüssel";

pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) org: Org,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::on(World::new().await)
    }

    pub(crate) fn on(world: World) -> Self {
        Self { org: world.org("acme"), world }
    }

    /// One with some clients of all kinds, and one that was deleted.
    pub(crate) async fn with_clients() -> Self {
        let desk = Self::new().await;
        let (quoted, numbered) = (format!("{PERSONAL} \"a\""), format!("{PERSONAL} 1"));
        desk.org.create(&json!({ "name": quoted, "phone": numbered })).await;
        let long = format!("{PERSONAL}\n").repeat(300);
        desk.org.create(&json!({ "name": PERSONAL, "status": "inactive", "notes": long })).await;
        desk.org.create(&json!({ "name": PERSONAL, "notes": PERSONAL })).await;
        let gone = desk.org.create(&json!({ "name": PERSONAL })).await;
        desk.org.delete(gone.id).await;
        desk
    }

    pub(crate) fn store(&self) -> &Store {
        &self.world.store
    }

    /// The organization's clients, without the fields that an import changes.
    pub(crate) async fn clients(&self, org: &str) -> Vec<Client> {
        let epoch = domain::Timestamp::from_millis(0);
        let content = |record: ClientRecord| Client { version: 0, updated_at: epoch, ..record.client };
        self.records(org).await.into_iter().map(content).collect()
    }

    pub(crate) async fn records(&self, org: &str) -> Vec<ClientRecord> {
        self.world.org(org).export().await
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
        command.args(arguments).env_clear().env("HOME", "/nonexistent");
        command.env("AWS_ENDPOINT_URL_DYNAMODB", self.world.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Deletes `acme`. Other deletions can run meanwhile.
    pub(crate) async fn delete(&self, arguments: &[&str]) -> Output {
        let arguments = [&["org", "delete", "--org", "acme", "--confirm", "acme"], arguments].concat();
        tokio::process::Command::from(self.command(&arguments)).output().await.unwrap()
    }

    pub(crate) fn export(&self) -> Vec<u8> {
        done(&self.run(&["org", "export", "--org", "acme"])).stdout.clone()
    }

    /// Waits until a key is revoked.
    pub(crate) async fn is_revoked(&self, key: &ApiKey) {
        let begin = Instant::now();
        while self.world.key_record(key).await.state(Clock::system().now()) == ApiKeyState::Active {
            assert!(begin.elapsed() < Duration::from_secs(5));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Imports from a pipe into `acme`, and is killed when it has written some of that. Gives the number of clients
    /// that are there, of `all` in the input.
    pub(crate) async fn import_until_killed(&self, input: &[u8], arguments: &[&str], all: usize) -> usize {
        let arguments = [&["org", "import", "--user", "olga", "--org", "acme"], arguments].concat();
        let mut child = self.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        give(&mut child, input);
        let begin = Instant::now();
        while self.clients("acme").await.len() < 100 {
            assert!(begin.elapsed() < Duration::from_secs(30));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let there = self.clients("acme").await.len();
        assert!((100..all).contains(&there), "{there}");
        there
    }

    /// Imports from a pipe.
    pub(crate) fn import(&self, input: &[u8], arguments: &[&str]) -> Output {
        let arguments = [&["org", "import", "--user", "olga"], arguments].concat();
        let mut child = self.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        give(&mut child, input);
        child.wait_with_output().unwrap()
    }
}

/// Writes to a child's standard input, as far as it listens.
pub(crate) fn give(child: &mut Child, input: &[u8]) {
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    std::thread::spawn(move || drop(stdin.write_all(&input)));
}

pub(crate) fn stderr(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!text.contains(PERSONAL) && !text.contains("ba_"), "{text}");
    text
}

pub(crate) fn done(output: &Output) -> &Output {
    assert!(output.status.success(), "{}", stderr(output));
    output
}

/// The error of a command that failed, without the line with the next step.
pub(crate) fn failure(output: &Output) -> String {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let last = text.lines().rfind(|line| !line.starts_with("hint: ")).unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or_else(|| panic!("{text}")).to_owned()
}
