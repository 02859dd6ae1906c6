//! `admin keys` and `admin tables`.

use std::{process::Output, sync::Barrier, thread, time::Duration};

use domain::{ApiKey, Clock, Timestamp};
use serde_json::Value;
use shared::store::{ApiKeyRecord, ApiKeyState, ExpireOutcome, LastUse, NewApiKey, Store, Tables};
use testkit::World;

const CREATE: &[&str] = &["keys", "create", "--org", "acme", "--user", "ann", "--name", "Billing sync", "--expires"];

/// An engine with tables, and the command line pointed at it.
struct Desk {
    world: World,
}

impl Desk {
    async fn new() -> Self {
        Self { world: World::new().await }
    }

    /// Runs the command on this engine.
    fn run(&self, arguments: &[&str]) -> Output {
        run(&[("AWS_ENDPOINT_URL_DYNAMODB", self.world.url())], arguments)
    }

    /// Creates a key with the command, and gives the key and its record.
    async fn create(&self, expires: &str) -> (ApiKey, ApiKeyRecord) {
        let output = self.run(&[CREATE, &[expires]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let key: ApiKey = alone(&output).parse().unwrap();
        let record = self.record(&key).await;
        (key, record)
    }

    async fn record(&self, key: &ApiKey) -> ApiKeyRecord {
        self.world.store.find_api_key(&key.hash()).await.unwrap().unwrap()
    }
}

/// Runs the binary with `environment` alone, without this machine's AWS configuration.
fn run(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_admin"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .env("HOME", "/nonexistent")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The only line on standard output.
fn alone(output: &Output) -> String {
    let text = stdout(output);
    let line = text.strip_suffix('\n').unwrap_or_else(|| panic!("no line in {text:?}"));
    assert!(!line.contains('\n'), "more than one line in {text:?}");
    line.to_owned()
}

/// The error of a command that failed: one line, and perhaps another with the next step.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", stderr(output));
    assert_eq!(stdout(output), "");
    let text = stderr(output);
    let hints = text.lines().skip(1).filter(|line| line.starts_with("hint: "));
    assert!(hints.count() <= 1 && text.lines().count() <= 2, "{text}");
    for notation in [" { ", "Some(", "Failure(", "ResponseError", "panicked"] {
        assert!(!text.contains(notation), "debug output in {text}");
    }
    text.strip_prefix("error: ").unwrap_or_else(|| panic!("{text}")).trim_end().to_owned()
}

fn now() -> Timestamp {
    Clock::system().now()
}

#[tokio::test]
async fn a_created_key_is_printed_alone_and_is_active() {
    let desk = Desk::new().await;
    let before = now();
    let (_, record) = desk.create("90d").await;
    assert_eq!(record.state(now()), ApiKeyState::Active);
    assert_eq!((record.caller.org.as_str(), record.caller.user.as_str()), ("acme", "ann"));
    assert_eq!(record.name, "Billing sync");
    let ninety_days = Duration::from_secs(90 * 24 * 60 * 60);
    assert!((before.after(ninety_days)..=now().after(ninety_days)).contains(&record.expires_at));
}

#[tokio::test]
async fn the_message_about_a_new_key_goes_to_standard_error_without_the_key() {
    let desk = Desk::new().await;
    let output = desk.run(&[CREATE, &["1y"]].concat());
    let said = stderr(&output);
    assert!(said.contains("key_") && said.contains("acme") && said.contains("ann"), "{said}");
    assert!(!said.contains("ba_"), "{said}");
}

#[tokio::test]
async fn keys_are_listed_with_their_records_but_not_themselves() {
    let desk = Desk::new().await;
    let (key, record) = desk.create("2036-01-31").await;
    let used = now();
    desk.world
        .store
        .note_api_key_use(record.hash(), Some(LastUse { at: used, unless_since: used }), None)
        .await
        .unwrap();

    let listed = stdout(&desk.run(&["keys", "list", "--org", "acme"]));
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    let id = record.caller.key_id.as_str();
    for shown in ["Billing sync", &key.hint(), id, "ann", "2036-01-31 23:59", &used.to_string()[..10], "active"] {
        let at = lines[1].find(shown).unwrap_or_else(|| panic!("{shown} is missing in {listed}"));
        assert!(at == 0 || lines[1][..at].ends_with(' '));
    }
    assert!(!listed.contains(key.reveal()) && !listed.contains(key.hash().as_str()));

    let json: Value = serde_json::from_slice(&desk.run(&["keys", "list", "--org", "acme", "--json"]).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 1);
    assert_eq!(json[0]["keyId"], id);
    assert_eq!(json[0]["expiresAt"], "2036-01-31T23:59:59.999Z");
    assert_eq!(json[0]["lastUsedAt"], used.to_string());
    assert_eq!(json[0]["revokedAt"], Value::Null);
    assert_eq!(json[0]["state"], "active");
    assert!(!json.to_string().contains(key.reveal()) && !json.to_string().contains(key.hash().as_str()));
}

#[tokio::test]
async fn the_columns_of_the_list_are_aligned() {
    let desk = Desk::new().await;
    for (user, name) in [("b", "Zoë’s laptop, the second one"), ("somebody-else", "x")] {
        let output = desk.run(&["keys", "create", "--org", "acme", "--user", user, "--name", name, "--expires", "30d"]);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let listed = stdout(&desk.run(&["keys", "list", "--org", "acme"]));
    let places = |word: &str| -> Vec<_> {
        let place = |line: &str| line.find(word).map(|at| line[..at].chars().count());
        listed.lines().filter_map(place).collect()
    };
    assert_eq!(listed.lines().count(), 3);
    assert_eq!(places("key_")[0], places("key_")[1], "{listed}");
    assert_eq!(places("active")[0], places("active")[1], "{listed}");
    assert_eq!(places("STATE")[0], places("active")[0], "{listed}");
}

#[tokio::test]
async fn only_the_organization_asked_for_is_listed() {
    let desk = Desk::new().await;
    desk.create("30d").await;
    let output = desk.run(&["keys", "list", "--org", "other"]);
    assert!(output.status.success());
    assert_eq!(stdout(&output), "");
    assert_eq!(stdout(&desk.run(&["keys", "list", "--org", "other", "--json"])), "[]\n");
}

#[tokio::test]
async fn a_revoked_key_is_revoked_at_once_and_stays_so_with_its_first_date() {
    let desk = Desk::new().await;
    let (key, record) = desk.create("30d").await;
    let id = record.caller.key_id.as_str();

    let output = desk.run(&["keys", "revoke", id]);
    assert!(output.status.success(), "{}", stderr(&output));
    let revoked = desk.record(&key).await;
    assert_eq!(revoked.state(now()), ApiKeyState::Revoked);

    let again = desk.run(&["keys", "revoke", id]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert_eq!(desk.record(&key).await.revoked_at, revoked.revoked_at);
    assert!(stdout(&desk.run(&["keys", "list", "--org", "acme"])).contains("revoked"));
}

#[tokio::test]
async fn an_expired_key_is_listed_as_expired() {
    let desk = Desk::new().await;
    let new = NewApiKey {
        org: "acme".parse().unwrap(),
        user: "ann".parse().unwrap(),
        name: "Old".to_owned(),
        expires_at: now().before(Duration::from_secs(1)),
    };
    desk.world.store.create_api_key(&ApiKey::generate().unwrap(), new, now()).await.unwrap();
    assert!(stdout(&desk.run(&["keys", "list", "--org", "acme"])).contains("expired"));
}

#[tokio::test]
async fn a_key_that_does_not_exist_cannot_be_revoked_or_rotated() {
    let desk = Desk::new().await;
    for command in [&["keys", "revoke", "key_0"][..], &["keys", "rotate", "key_0", "--expires", "30d"]] {
        let said = failure(&desk.run(command));
        assert!(said.contains("no key with this id"), "{said}");
    }
}

/// Every command with all its arguments.
const COMMANDS: [&[&str]; 11] = [
    &["status", "--within", "7d", "--all"],
    &["completions", "bash"],
    &["org", "limits", "--org", "acme", "--key", "1", "--organization", "2"],
    &["keys", "create", "--org", "acme", "--user", "ann", "--name", "Sync", "--expires", "30d"],
    &["keys", "list", "--org", "acme", "--json"],
    &["keys", "revoke", "key_0"],
    &["keys", "rotate", "key_0", "--expires", "30d", "--keep", "24h"],
    &["org", "export", "--org", "acme"],
    &["org", "import", "--org", "acme", "--from", "other", "--user", "ann", "--overwrite"],
    &["org", "delete", "--org", "acme", "--confirm", "acme", "--keep-keys", "--checkpoints-bucket", "kept"],
    &["tables", "create", "--clients-table", "clients", "--api-keys-table", "api-keys"],
];

#[tokio::test]
async fn a_key_anywhere_on_the_command_line_is_refused_and_neither_repeated_nor_stored() {
    let desk = Desk::new().await;
    let key = ApiKey::generate().unwrap();
    let canary = &key.reveal()[10..30];
    let forms = [
        key.reveal().to_owned(),
        key.reveal().to_uppercase(),
        format!(" the key is \"{}\".", key.reveal()),
        format!("--{}", key.reveal()),
        format!("--name={}", key.reveal()),
        format!("acme.{}", &key.reveal()[..35]),
        key.reveal()[3..].to_owned(),
    ];
    let mut form = forms.iter().cycle();
    for command in COMMANDS {
        let replaced = (0..command.len()).map(|at| (at, at + 1));
        let inserted = (0..=command.len()).map(|at| (at, at));
        for (from, to) in replaced.chain(inserted) {
            let arguments = [&command[..from], &[form.next().unwrap()], &command[to..]].concat();
            let output = desk.run(&arguments);
            let said = format!("{}{}", stdout(&output), stderr(&output));
            assert!(!said.to_lowercase().contains(canary), "{arguments:?}: {said}");
            assert!(output.status.code() == Some(2) && said.contains("contains an API key"), "{arguments:?}: {said}");
        }
    }
    assert!(desk.world.store.all_api_keys(&"acme".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_rotated_key_lives_on_beside_its_successor_until_its_end() {
    let desk = Desk::new().await;
    let (old_key, old) = desk.create("30d").await;
    let before = now();
    let output = desk.run(&["keys", "rotate", old.caller.key_id.as_str(), "--expires", "90d"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stderr(&output).contains("ba_"));

    let new = desk.record(&alone(&output).parse().unwrap()).await;
    assert_eq!((&new.caller.org, &new.caller.user, &new.name), (&old.caller.org, &old.caller.user, &old.name));
    assert_ne!(new.caller.key_id, old.caller.key_id);
    assert_eq!(new.state(now().after(Duration::from_secs(89 * 24 * 60 * 60))), ApiKeyState::Active);

    let old = desk.record(&old_key).await;
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(old.state(now()), ApiKeyState::Active);
    assert!((before.after(day)..=now().after(day)).contains(&old.expires_at), "kept for 24 hours by default");
}

#[tokio::test]
async fn an_old_key_can_be_kept_for_no_time_but_never_beyond_its_own_end() {
    let desk = Desk::new().await;
    let (key, record) = desk.create("1d").await;
    let id = record.caller.key_id.as_str();
    assert!(desk.run(&["keys", "rotate", id, "--expires", "30d", "--keep", "7d"]).status.success());
    assert_eq!(desk.record(&key).await.expires_at, record.expires_at);
    assert!(desk.run(&["keys", "rotate", id, "--expires", "30d", "--keep", "0m"]).status.success());
    assert_eq!(desk.record(&key).await.state(now()), ApiKeyState::Expired);
}

#[tokio::test]
async fn a_revoked_key_is_not_rotated() {
    let desk = Desk::new().await;
    let (_, record) = desk.create("30d").await;
    let id = record.caller.key_id.as_str();
    desk.world.store.revoke_api_key(&record, now()).await.unwrap();
    assert!(failure(&desk.run(&["keys", "rotate", id, "--expires", "30d"])).contains("is revoked"));
    assert_eq!(desk.world.store.list_api_keys(&record.caller.org).await.unwrap().len(), 1);
}

/// Rotates one key twice at once, from two processes.
async fn race(desk: &Desk) {
    let (old_key, old) = desk.create("30d").await;
    let id = old.caller.key_id.as_str();
    let barrier = Barrier::new(2);
    let rotate = |keep| {
        barrier.wait();
        desk.run(&["keys", "rotate", id, "--expires", "90d", "--keep", keep])
    };
    let outputs = thread::scope(|scope| {
        let (week, hour) = (scope.spawn(|| rotate("7d")), scope.spawn(|| rotate("1h")));
        [week.join().unwrap(), hour.join().unwrap()]
    });
    let end = &desk.record(&old_key).await.expires_at.to_string()[.."2027-01-31T23:59".len()];
    let mut active = 1;
    for output in &outputs {
        let said = stderr(output);
        if output.status.success() {
            assert!(alone(output).parse::<ApiKey>().is_ok());
            active += 1;
        } else {
            assert!(stdout(output).is_empty() && said.contains("was changed by somebody else meanwhile"), "{said}");
        }
    }
    // The hour ends first, so the key expires then, unless that rotation failed.
    let hour_succeeded = outputs[1].status.success();
    assert!(outputs.iter().any(|output| output.status.success()), "{outputs:?}");
    let last = stderr(&outputs[usize::from(hour_succeeded)]);
    assert!(last.contains(&format!("{id} expires on {}", end.replace('T', " "))), "{end} is not in {last}");
    let keys = desk.world.store.all_api_keys(&old.caller.org).await.unwrap();
    let are_active = keys.iter().filter(|key| key.name == old.name && key.state(now()) == ApiKeyState::Active);
    assert_eq!(are_active.count(), active, "{outputs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_rotations_at_once_the_last_one_reports_the_expiry_of_the_key() {
    for _ in 0..12 {
        // A desk of its own: each counts the keys that are left.
        race(&Desk::new().await).await;
    }
}

#[tokio::test]
async fn of_two_changes_of_an_expiry_that_was_read_once_exactly_one_is_made() {
    let desk = Desk::new().await;
    for round in 0..200 {
        let (key, store) = (ApiKey::generate().unwrap(), &desk.world.store);
        let new = NewApiKey {
            org: "acme".parse().unwrap(),
            user: "ann".parse().unwrap(),
            name: "Sync".to_owned(),
            expires_at: now().after(Duration::from_secs(1_000)),
        };
        let read = store.create_api_key(&key, new, now()).await.unwrap();
        let ends = [now().after(Duration::from_secs(60)), now().after(Duration::from_secs(600))];
        let (first, second) = tokio::join!(store.expire_api_key(&read, ends[0]), store.expire_api_key(&read, ends[1]));
        let outcomes = [first.unwrap(), second.unwrap()];
        let set: Vec<_> = (0..2).filter(|at| matches!(outcomes[*at], ExpireOutcome::Set)).collect();
        assert_eq!(set.len(), 1, "round {round}: {outcomes:?}");
        let ExpireOutcome::Changed(seen) = &outcomes[1 - set[0]] else { panic!("round {round}: {outcomes:?}") };
        let holds = desk.record(&key).await.expires_at;
        assert_eq!((holds, seen.expires_at), (ends[set[0]], ends[set[0]]), "round {round}");
    }
}

#[tokio::test]
async fn the_expiry_of_a_key_that_was_revoked_meanwhile_is_not_changed() {
    let desk = Desk::new().await;
    let (_, read) = desk.create("30d").await;
    desk.world.store.revoke_api_key(&read, now()).await.unwrap();
    let outcome = desk.world.store.expire_api_key(&read, now().after(Duration::from_secs(60))).await.unwrap();
    let ExpireOutcome::Changed(current) = outcome else { panic!("{outcome:?}") };
    assert_eq!((current.state(now()), current.expires_at), (ApiKeyState::Revoked, read.expires_at));
}

#[tokio::test]
async fn wrong_arguments_are_usage_errors_and_create_no_key() {
    let desk = Desk::new().await;
    let expires = |end| [CREATE, &[end]].concat();
    for arguments in [
        vec!["keys"],
        CREATE[..CREATE.len() - 1].to_vec(),
        expires("0d"),
        expires("2020-01-01"),
        expires("500y"),
        expires("soon"),
        vec!["keys", "create", "--org", "a b", "--user", "u", "--name", "n", "--expires", "30d"],
        vec!["keys", "create", "--org", "a", "--user", "u", "--name", " ", "--expires", "30d"],
        vec!["keys", "create", "--org", "a", "--user", "u", "--name", "a\u{1b}[2J", "--expires", "30d"],
        vec!["keys", "list"],
        vec!["keys", "rotate", "key_0", "--expires", "30d", "--keep", "long"],
    ] {
        let output = desk.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
    assert!(desk.world.store.list_api_keys(&"acme".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn missing_tables_are_created_but_only_on_a_local_engine() {
    let engine = World::without_tables().await;
    let environment = [("AWS_ENDPOINT_URL_DYNAMODB", engine.url()), ("API_KEYS_TABLE", "ignored, for the option wins")];
    let create = ["tables", "create", "--clients-table", "my-clients", "--api-keys-table", "my-keys"];
    for _ in 0..2 {
        let output = run(&environment, &create);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let tables = Tables { clients: "my-clients".to_owned(), api_keys: "my-keys".to_owned() };
    let store = Store::new(engine.config(), tables);
    assert!(store.list_api_keys(&"acme".parse().unwrap()).await.unwrap().is_empty());

    assert!(failure(&run(&[], &["tables", "create"])).contains("AWS_ENDPOINT_URL_DYNAMODB"));
}

#[tokio::test]
async fn tables_are_found_by_the_environment_variables_of_the_functions() {
    let engine = World::without_tables().await;
    let environment =
        [("AWS_ENDPOINT_URL_DYNAMODB", engine.url()), ("CLIENTS_TABLE", "c-prod"), ("API_KEYS_TABLE", "k-prod")];
    assert!(run(&environment, &["tables", "create"]).status.success());
    let key: ApiKey = alone(&run(&environment, &[CREATE, &["30d"]].concat())).parse().unwrap();
    let tables = Tables { clients: "c-prod".to_owned(), api_keys: "k-prod".to_owned() };
    assert!(Store::new(engine.config(), tables).find_api_key(&key.hash()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_missing_table_is_reported_on_one_line() {
    let engine = World::without_tables().await;
    let output = run(&[("AWS_ENDPOINT_URL_DYNAMODB", engine.url())], &[CREATE, &["30d"]].concat());
    assert!(failure(&output).contains("ResourceNotFoundException"));
}

#[tokio::test]
async fn an_engine_that_does_not_run_is_reported_on_one_line() {
    // A port that was free a moment ago, and that nothing listens on now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let output = run(&[("AWS_ENDPOINT_URL_DYNAMODB", &url)], &["keys", "list", "--org", "acme"]);
    let said = failure(&output);
    assert!(said.starts_with("could not list the keys: ") && said.contains("refused"), "{said}");
}
