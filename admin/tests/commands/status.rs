//! `admin status`, and `admin` alone.

use std::time::Duration;

use domain::{ApiKey, Clock, Timestamp};
use serde_json::{Value, json};
use shared::store::{ApiKeyRecord, LastUse, NewApiKey};
use testkit::World;

use crate::desk::{Desk, done, stderr};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn now() -> Timestamp {
    Clock::system().now()
}

impl Desk {
    async fn key_until(&self, org: &str, name: &str, expires_at: Timestamp) -> ApiKeyRecord {
        let new =
            NewApiKey { org: org.parse().unwrap(), user: "ann".parse().unwrap(), name: name.to_owned(), expires_at };
        self.store().create_api_key(&ApiKey::generate().unwrap(), new, now()).await.unwrap()
    }

    /// The state in words.
    fn words(&self, arguments: &[&str]) -> String {
        String::from_utf8(done(&self.run(arguments)).stdout.clone()).unwrap()
    }

    fn state(&self, arguments: &[&str]) -> Value {
        let arguments = [&["status", "--json"], arguments].concat();
        serde_json::from_slice(&done(&self.run(&arguments)).stdout).unwrap()
    }
}

#[tokio::test]
async fn without_arguments_the_state_is_shown() {
    let desk = Desk::new().await;
    let used = now();
    let soon = desk.key_until("acme", "Soon", used.after(20 * DAY)).await;
    desk.key_until("acme", "Sooner", used.after(3 * DAY)).await;
    desk.key_until("acme", "Later", used.after(40 * DAY)).await;
    desk.key_until("acme", "Past", used.before(DAY)).await;
    let revoked = desk.key_until("acme", "Revoked", used.after(DAY)).await;
    desk.store().revoke_api_key(&revoked, used).await.unwrap();
    desk.key_until("globex", "Other", used.after(400 * DAY)).await;
    let last_use = LastUse { at: used, unless_since: used };
    desk.store().note_api_key_use(soon.hash(), Some(last_use), None).await.unwrap();

    let state = desk.state(&[]);
    assert_eq!(
        state["organizations"],
        json!([
            { "orgId": "acme", "activeKeys": 3, "expiringKeys": 2, "expiredKeys": 1, "revokedKeys": 1,
              "lastUsedAt": used.to_string() },
            { "orgId": "globex", "activeKeys": 1, "expiringKeys": 0, "expiredKeys": 0, "revokedKeys": 0,
              "lastUsedAt": null },
        ])
    );
    let names = |state: &Value| {
        let keys = state["expiringKeys"].as_array().unwrap();
        keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&state), ["Sooner", "Soon"], "the first to expire is the first");
    assert_eq!(names(&desk.state(&["--within", "4d"])), ["Sooner"]);
    assert_eq!(
        (&state["database"]["endpoint"], &state["isComplete"], &state["tables"]["apiKeys"]["found"]),
        (&json!(desk.world.url()), &json!(true), &json!(true))
    );

    let words = desk.words(&[]);
    assert_eq!(words, desk.words(&["status"]));
    assert!(words.contains(desk.world.url()) && !words.contains("ba_"), "{words}");
    let cells = |start: &str| -> Vec<String> {
        let line = words.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{words}"));
        line.split("  ").map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect()
    };
    let minute = used.to_string()[..16].replace('T', " ");
    assert_eq!(cells("acme "), ["acme", "3", "2", "1", "1", &minute]);
    assert_eq!(cells("globex "), ["globex", "1", "0", "0", "0", "never"]);
    let (first, second) = (words.find("Sooner").unwrap(), words.find(soon.caller.key_id.as_str()).unwrap());
    assert!(first < second && words.contains("admin keys rotate KEY_ID") && !words.contains("Later"), "{words}");
}

#[tokio::test]
async fn a_fresh_database_says_how_to_begin() {
    let desk = Desk::new().await;
    let words = desk.words(&[]);
    assert!(words.contains("admin keys create --org") && words.contains("`clients` is there"), "{words}");
    assert_eq!(desk.state(&[])["organizations"], json!([]));

    let empty = Desk::on(World::without_tables().await);
    let words = empty.words(&[]);
    assert!(words.contains("`admin tables create`") && words.contains("`api-keys` is missing"), "{words}");
    assert_eq!(empty.state(&[])["tables"]["clients"], json!({ "name": "clients", "found": false }));
}

#[tokio::test]
async fn many_organizations_are_counted_and_shown_in_part() {
    let desk = Desk::new().await;
    for at in 0..25 {
        desk.key_until(&format!("org-{at:02}"), "Key", now().after(DAY)).await;
    }
    let words = desk.words(&[]);
    let rows = |words: &str| words.lines().filter(|line| line.starts_with("org-")).count();
    assert_eq!((rows(&words), words.matches("… and 5 more").count()), (20, 2), "{words}");
    let words = desk.words(&["status", "--all"]);
    assert_eq!((rows(&words), words.contains("more")), (25, false), "{words}");
    assert_eq!(desk.state(&[])["organizations"].as_array().unwrap().len(), 25, "a script gets all");

    for (most, expected) in [(1, (1, false)), (24, (24, false)), (100, (25, true))] {
        let mut seen = 0;
        let is_all = desk.store().visit_api_keys(most, |_| seen += 1).await.unwrap();
        assert_eq!((seen, is_all), expected);
    }
}

#[tokio::test]
async fn the_state_of_a_database_that_does_not_answer_is_an_error() {
    let desk = Desk::new().await;
    for arguments in [&[][..], &["status", "--json"]] {
        let output = desk.command(arguments).env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1").output().unwrap();
        let said = stderr(&output);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(1), &b""[..]), "{said}");
        assert!(said.contains("at http://127.0.0.1:1") && said.contains("\nhint: nothing answers"), "{said}");
    }
}
