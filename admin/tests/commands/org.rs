//! `admin org`.

use std::{
    fs::File,
    io::Write,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{ApiKey, ClientId, ClientPatch, Clock, OrgId};
use list_engine::checkpoint::Key;
use serde_json::{Value, json};
use shared::{
    objects::{Expected, PREFIX},
    rate_limit::Quotas,
    store::{ApiKeyState, ExpectedVersions},
};
use testkit::{S3, S3Fault};

use crate::desk::{Desk, PERSONAL, done, failure, stderr};

fn lines(export: &[u8]) -> Vec<Value> {
    let lines = export.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn written(lines: &[Value]) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

#[tokio::test]
async fn an_export_describes_itself_and_contains_the_whole_record_of_each_client() {
    let desk = Desk::with_clients().await;
    let output = desk.run(&["org", "export", "--org", "acme"]);
    assert!(stderr(done(&output)).contains("3 clients of acme"));
    let lines = lines(&output.stdout);
    assert_eq!(lines.len(), 5);
    assert_eq!((&lines[0]["orgId"], &lines[0]["formatVersion"]), (&json!("acme"), &json!(1)));
    assert_eq!(lines[4], json!({ "clients": 3 }));
    for line in &lines[1..4] {
        let id = line["id"].as_str().unwrap().parse().unwrap();
        let client = desk.store().get(&desk.org.context().caller, id).await.unwrap().unwrap();
        let mut expected = serde_json::to_value(&client).unwrap();
        for (field, value) in [
            ("createdBy", json!("ann")),
            ("createdWith", json!("key_1")),
            ("updatedBy", json!("ann")),
            ("updatedWith", json!("key_1")),
            ("version", json!(client.version)),
        ] {
            expected[field] = value;
        }
        assert_eq!(line, &expected);
    }
}

#[tokio::test]
async fn an_organization_without_clients_is_exported_and_imported_too() {
    let desk = Desk::new().await;
    let export = desk.export();
    assert_eq!(lines(&export)[1..], [json!({ "clients": 0 })]);
    assert!(stderr(done(&desk.import(&export, &["--org", "acme"]))).contains("Imported 0 clients into acme"));
}

#[tokio::test]
async fn an_export_to_a_closed_pipe_fails() {
    let desk = Desk::with_clients().await;
    let mut child = desk.command(&["org", "export", "--org", "acme"]).spawn().unwrap();
    drop(child.stdout.take());
    assert!(failure(&child.wait_with_output().unwrap()).starts_with("the export is incomplete"));
}

#[tokio::test]
async fn exported_deleted_and_imported_an_organization_is_the_same_from_a_pipe_and_from_a_file() {
    let desk = Desk::with_clients().await;
    let before = desk.clients("acme").await;
    let export = desk.export();
    for from_file in [false, true] {
        done(&desk.delete(&[]).await);
        assert_eq!(desk.clients("acme").await, []);
        let output = if from_file {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&export).unwrap();
            let arguments = ["org", "import", "--user", "olga", "--org", "acme"];
            desk.command(&arguments).stdin(File::open(file.path()).unwrap()).output().unwrap()
        } else {
            desk.import(&export, &["--org", "acme"])
        };
        assert!(stderr(done(&output)).contains("Imported 3 clients into acme: 3 created"), "{}", stderr(&output));
        assert_eq!(desk.clients("acme").await, before);
    }
    let record = desk.records("acme").await.remove(0);
    assert_eq!((record.created_by.as_str(), record.updated_by.as_str()), ("ann", "olga"));
    assert_eq!(record.updated_with.as_str(), "import");
}

#[tokio::test]
async fn an_import_reports_the_clients_that_it_wrote_and_those_that_it_left() {
    let desk = Desk::with_clients().await;
    let export = desk.export();
    let ids: Vec<ClientId> = desk.clients("acme").await.iter().map(|client| client.id).collect();
    let patch = ClientPatch { name: Some("changed".parse().unwrap()), ..ClientPatch::default() };
    desk.store().update(&desk.org.context(), ids[0], &patch, &ExpectedVersions::ALL).await.unwrap();
    desk.store().delete(&desk.org.context(), ids[1], &ExpectedVersions::ALL, false).await.unwrap();
    let said = stderr(done(&desk.import(&export, &["--org", "acme"])));
    for part in ["Imported 0 clients", "1 already as in the file", "1 kept with other content", "1 still deleted"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = stderr(done(&desk.import(&export, &["--org", "acme", "--overwrite"])));
    assert!(said.contains("Imported 2 clients into acme: 0 created, 1 replaced, 1 restored."), "{said}");
    let said = stderr(done(&desk.import(&export, &["--org", "acme", "--overwrite"])));
    assert!(said.contains("3 already as in the file"), "{said}");
}

#[tokio::test]
async fn a_file_that_was_cut_short_anywhere_is_refused_before_anything_is_written() {
    let desk = Desk::with_clients().await;
    let export = desk.export();
    let target = Desk::new().await;
    let ends: Vec<usize> = (0..export.len()).filter(|at| export[*at] == b'\n').collect();
    assert_eq!(ends.len(), 5);
    let mut cuts = vec![0, 1, export.len() - 3];
    for end in &ends[..4] {
        // Before the line's end, after it, and within the next one.
        cuts.extend([*end, end + 1, end + 5]);
    }
    for cut in cuts {
        let said = failure(&target.import(&export[..cut], &["--org", "acme"]));
        assert!(said.starts_with("nothing was imported"), "cut at {cut}: {said}");
    }
    assert_eq!(target.clients("acme").await, []);
    // The last line may lack its line break.
    done(&target.import(&export[..export.len() - 1], &["--org", "acme"]));
    assert_eq!(target.clients("acme").await.len(), 3);
}

#[tokio::test]
async fn errors_in_a_file_are_reported_by_line_and_quote_nothing() {
    let desk = Desk::with_clients().await;
    let export = lines(&desk.export());
    let target = Desk::new().await;
    let refuse = |lines: &[Value], expected: &str| {
        let said = failure(&target.import(&written(lines), &["--org", "acme"]));
        assert!(said.starts_with("nothing was imported") && said.contains(expected), "{expected} is not in {said}");
    };
    let with = |field: &str, value: Value| {
        let mut lines = export.clone();
        lines[2][field] = value;
        lines
    };
    let secret = json!(PERSONAL);
    refuse(&with("id", secret.clone()), "line 3: `id` must be a UUID");
    refuse(&with("name", json!(format!("{PERSONAL}\0"))), "line 3: `name` must not contain control characters");
    refuse(&with("name", Value::Null), "line 3: `name` must be a string");
    refuse(&with("phone", json!(PERSONAL.repeat(10))), "line 3: `phone` must be at most 50 characters");
    refuse(&with("phone", json!([PERSONAL])), "line 3: `phone` must be a string");
    refuse(&with("status", secret.clone()), "line 3: `status` must be `active` or `inactive`");
    refuse(&with("notes", json!(PERSONAL.repeat(1000))), "line 3: `notes` must be at most 5000 characters");
    refuse(&with("createdAt", secret.clone()), "line 3: `createdAt` must be a time");
    refuse(&with("createdBy", secret.clone()), "line 3: `createdBy` must be 1 to 64 characters");
    refuse(&with("version", secret.clone()), "line 3: `version` must be a whole number");
    refuse(&with("version", json!(0)), "line 3: `version` must be a whole number");
    refuse(&with("version", json!(u64::MAX)), "line 3: `version` must be a whole number");
    refuse(&with(PERSONAL, secret.clone()), "line 3: has a field that is not a client's");
    refuse(&with("id", export[1]["id"].clone()), "line 3: `id` must be greater");
    refuse(&[&export[..2], &[json!({ "clients": 3 })]].concat(), "its last line says 3 clients, but there are 1");
    refuse(&[&export[..], &export[1..2]].concat(), "it continues after its last line, line 5");
    refuse(&export[1..], "it does not begin like an export");
    let all_wrong: Vec<Value> = std::iter::repeat_n(json!({ "name": PERSONAL }), 9).collect();
    refuse(&[&export[..1], &all_wrong, &[json!({ "clients": 9 })]].concat(), "; and 4 lines more");
    let mut other_format = export.clone();
    other_format[0]["formatVersion"] = json!(2);
    refuse(&other_format, "format 2");
    for input in [&b"\xff\xfe"[..], b"", &vec![b'x'; 300_000]] {
        let said = failure(&target.import(input, &["--org", "acme"]));
        assert!(said.starts_with("nothing was imported"), "{said}");
    }
    let long_line = [&written(&export[..1])[..], &vec![b' '; 300_000]].concat();
    let said = failure(&target.import(&long_line, &["--org", "acme"]));
    assert!(said.contains("line 2 is longer"), "{said}");
    let torn = [&written(&export[..1])[..], format!("{{\"name\":\"{PERSONAL}\n").as_bytes()].concat();
    assert!(failure(&target.import(&torn, &["--org", "acme"])).contains("line 2: is not JSON"));
    assert_eq!(target.clients("acme").await, []);
}

#[tokio::test]
async fn the_largest_client_fits_a_line() {
    let desk = Desk::new().await;
    // As JSON these take the most bytes: six for each character that is one of ours.
    desk.org
        .create(
            &json!({ "name": "\u{10ffff}".repeat(200), "phone": "\u{10ffff}".repeat(50), "notes": "\n".repeat(5_000) }),
        )
        .await;
    let mut export = lines(&desk.export());
    let escaped = written(&export);
    export[1]["notes"] = json!("x");
    done(&desk.import(&escaped, &["--org", "other", "--from", "acme"]));
    assert_eq!(desk.clients("other").await, desk.clients("acme").await);
    let surrogates = String::from_utf8(written(&export))
        .unwrap()
        .replace("\"x\"", &format!("\"{}\"", r"\udbff\udfff".repeat(5_000)));
    done(&desk.import(surrogates.as_bytes(), &["--org", "third", "--from", "acme"]));
    assert_eq!(desk.clients("third").await[0].notes.as_ref().unwrap().as_str(), "\u{10ffff}".repeat(5_000));
}

#[tokio::test]
async fn another_organizations_export_is_imported_only_if_it_is_named() {
    let desk = Desk::with_clients().await;
    let export = desk.export();
    let said = failure(&desk.import(&export, &["--org", "acme-staging"]));
    assert!(said.contains("an export of acme, not of acme-staging") && said.contains("--from acme"), "{said}");
    assert_eq!(desk.clients("acme-staging").await, []);
    let before = desk.clients("acme").await;
    done(&desk.import(&export, &["--org", "acme-staging", "--from", "acme"]));
    assert_eq!(desk.clients("acme-staging").await, before);
    assert_eq!(desk.clients("acme").await, before);
}

#[tokio::test]
async fn an_import_that_was_killed_continues_when_it_is_repeated() {
    let desk = Desk::new().await;
    let mut lines = vec![json!({
        "format": "clients-api/organization", "formatVersion": 1, "orgId": "acme",
        "exportedAt": "2026-01-31T09:30:00.000Z",
    })];
    const CLIENTS: usize = 2_000;
    for at in 0..CLIENTS {
        lines.push(json!({
            "id": format!("00000000-0000-4000-8000-{at:012x}"), "name": format!("client {at}"), "status": "active",
            "createdAt": "2026-01-31T09:30:00.000Z", "createdBy": "ann", "createdWith": "key_1",
            "updatedAt": "2026-01-31T09:30:00.000Z", "updatedBy": "ann", "updatedWith": "key_1", "version": 3,
        }));
    }
    lines.push(json!({ "clients": CLIENTS }));
    let export = written(&lines);
    let there = desk.import_until_killed(&export, &["--overwrite"], CLIENTS).await;
    let begin = Instant::now();
    let said = stderr(done(&desk.import(&export, &["--org", "acme", "--overwrite"])));
    assert!(said.contains(&format!("{} created, 0 replaced", CLIENTS - there)), "{there}: {said}");
    // It leaves half of an organization's 1,000 write units a second to the API.
    let units = u32::try_from(CLIENTS - there).unwrap();
    assert!(begin.elapsed() > Duration::from_secs(1) * (units - 10) / 500);
    let versions: Vec<u64> = desk.records("acme").await.iter().map(|record| record.client.version).collect();
    assert_eq!(versions, [4; CLIENTS]);
}

#[tokio::test]
async fn limits_are_set_shown_and_cleared() {
    let desk = Desk::new().await;
    let (key, other) = (desk.world.key("acme").await, desk.world.key("other").await);
    let limits = |arguments: &[&str]| desk.run(&[&["org", "limits", "--org", "acme"], arguments].concat());
    let of = async |key: &ApiKey| desk.world.key_record(key).await.quotas;
    let shown = || String::from_utf8(done(&limits(&[])).stdout.clone()).unwrap();
    assert!(shown().lines().skip(1).all(|line| line.ends_with("as the stack says")), "{}", shown());

    let said = stderr(done(&limits(&["--key", "300"])));
    assert!(said.contains("acme") && said.contains("1 key") && said.contains("300"), "{said}");
    done(&limits(&["--organization", "0"]));
    let expected = Quotas { key: Some(300), organization: Some(0) };
    assert_eq!((of(&key).await, of(&other).await), (expected, Quotas::default()), "each option leaves the other limit");
    assert_eq!(of(&desk.world.key("acme").await).await, expected, "a key that is created later has them");
    let lines: Vec<_> = shown().lines().map(str::to_owned).collect();
    assert!(lines[1].ends_with("300") && lines[2].ends_with("no limit"), "{lines:?}");

    done(&limits(&["--clear"]));
    assert_eq!(of(&key).await, Quotas::default());
    for misuse in [&["--clear", "--key", "1"][..], &["--key", "-1"], &["--organization", "many"]] {
        assert_eq!(limits(misuse).status.code(), Some(2), "{misuse:?}");
    }
}

/// Each of these deletions waits for requests in progress, so they wait together.
#[tokio::test]
async fn deletions_of_organizations_with_keys() {
    tokio::join!(
        a_deletion_ends_every_key_and_leaves_nothing_of_the_organization(),
        a_key_that_is_created_during_a_deletion_is_not_overlooked(),
        a_repeated_deletion_ends_the_key_that_was_created_during_the_first(),
        the_records_of_revoked_keys_can_be_kept(),
        a_checkpoint_that_is_written_during_a_deletion_is_deleted_too(),
    );
}

async fn a_deletion_ends_every_key_and_leaves_nothing_of_the_organization() {
    let desk = Desk::with_clients().await;
    let (key, other) = (desk.world.key("acme").await, desk.world.key("acme2").await);
    desk.world.key("acme").await;
    desk.world.org("acme2").create(&json!({ "name": "stays" })).await;

    // A request that was let in before its key was revoked writes a few seconds later.
    let late = async {
        desk.is_revoked(&key).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        desk.org.create(&json!({ "name": PERSONAL })).await;
    };
    let (output, ()) = tokio::join!(desk.delete(&[]), late);
    let said = stderr(done(&output));
    assert!(output.stdout.is_empty());
    for part in ["Revoked 2 keys of acme", "Deleted 5 items", "records of 2 keys"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert_eq!(desk.store().purge_clients(desk.org.id(), &Clock::system(), |_| {}).await.unwrap(), 0);
    // What is left are the other's key, and the other's own item.
    let keys = desk.world.dump(&desk.world.tables.api_keys).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    assert!(keys.iter().all(|item| !format!("{item:?}").contains("acme\"")), "{keys:?}");
    assert_eq!(desk.clients("acme2").await.len(), 1);
    let other = desk.world.key_record(&other).await;
    assert_eq!(other.state(Clock::system().now()), ApiKeyState::Active);

    // Again: there is nothing to do, and nothing to wait for.
    let begin = Instant::now();
    let output = desk.delete(&[]).await;
    let said = stderr(done(&output));
    assert!(said.contains("Deleted 0 items"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

async fn a_key_that_is_created_during_a_deletion_is_not_overlooked() {
    let desk = Desk::with_clients().await;
    let first = desk.world.key("acme").await;
    let created = async {
        desk.is_revoked(&first).await;
        desk.world.key("acme").await
    };
    let (output, late) = tokio::join!(desk.delete(&[]), created);
    let id = desk.world.key_record(&late).await.caller.key_id;
    let said = failure(&output);
    assert!(said.contains(id.as_str()) && said.contains("repeat the command"), "{said}");
    assert_eq!(desk.world.key_record(&first).await.state(Clock::system().now()), ApiKeyState::Revoked);
    assert_eq!(desk.clients("acme").await, []);
}

/// It begins with what the deletion before leaves behind: no clients, one revoked key and one active.
async fn a_repeated_deletion_ends_the_key_that_was_created_during_the_first() {
    let desk = Desk::new().await;
    let (first, late) = (desk.world.key("acme").await, desk.world.key("acme").await);
    desk.world.revoke(&first).await;
    done(&desk.delete(&[]).await);
    for key in [first, late] {
        assert!(desk.store().find_api_key(&key.hash()).await.unwrap().is_none());
    }
}

async fn a_checkpoint_that_is_written_during_a_deletion_is_deleted_too() {
    let desk = Desk::with_clients().await;
    desk.world.key("acme").await;
    let deletions = Arc::new(AtomicUsize::new(0));
    let counter = deletions.clone();
    let s3 = S3::start_with(move |call| {
        counter.fetch_add(usize::from(call.method == "DELETE"), Ordering::Relaxed);
        S3Fault::None
    });
    let s3 = s3.await.unwrap();
    let table = desk.store().clients_table_id().await.unwrap().unwrap();
    let key = |org: &str| Key { table: table.clone(), organization: org.parse::<OrgId>().unwrap().sha256() };
    let objects = s3.objects();
    let write = async |key: &str| {
        objects.put(key, PERSONAL.into(), &Expected::Absent).await.unwrap().expect("there was none");
    };
    let keys = key("acme").all_keys();
    for key in &keys {
        write(key).await;
    }
    let other = key("acme2").object_key();
    write(&other).await;

    // A list that was let in before its key was revoked leaves what it knew.
    let late = async {
        while deletions.load(Ordering::Relaxed) < keys.len() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        write(&keys[keys.len() - 1]).await;
    };
    let arguments = ["org", "delete", "--org", "acme", "--confirm", "acme", "--list-timeout", "8"];
    let mut command = tokio::process::Command::from(desk.command(&arguments));
    let output = tokio::join!(command.envs(s3.environment()).output(), late).0.unwrap();
    let said = stderr(done(&output));
    assert!(said.contains("Deleted the checkpoints of acme"), "{said}");
    assert_eq!(s3.keys(), [format!("{PREFIX}{other}")]);
}

#[tokio::test]
async fn a_deletion_that_cannot_delete_checkpoints_fails_and_can_be_repeated() {
    let desk = Desk::with_clients().await;
    let s3 = S3::start_with(|_| S3Fault::Forbidden).await.unwrap();
    let mut command = desk.command(&["org", "delete", "--org", "acme", "--confirm", "acme"]);
    let output = command.envs(s3.environment()).output().unwrap();
    let said = failure(&output);
    assert!(said.contains("repeat the command") && said.contains("AccessDenied"), "{said}");
    let s3 = S3::start().await.unwrap();
    let mut command = desk.command(&["org", "delete", "--org", "acme", "--confirm", "acme"]);
    done(&command.envs(s3.environment()).output().unwrap());
}

#[test]
fn on_aws_a_deletion_is_told_the_bucket_or_that_there_is_none() {
    let run = |arguments: &[&str], bucket: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
        command.args(["org", "delete", "--org", "acme", "--confirm", "acme"]).args(arguments);
        command.env_clear().env("HOME", "/nonexistent").env("CHECKPOINTS_BUCKET", bucket).output().unwrap()
    };
    let output = run(&[], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--checkpoints-bucket"));
    // Each of these gets as far as the missing region.
    for (arguments, bucket) in
        [(&["--without-checkpoints"][..], ""), (&["--checkpoints-bucket", "a-bucket"], ""), (&[], "a-bucket")]
    {
        assert!(failure(&run(arguments, bucket)).contains("AWS_REGION"));
    }
}

async fn the_records_of_revoked_keys_can_be_kept() {
    let desk = Desk::with_clients().await;
    let key = desk.world.key("acme").await;
    let output = desk.delete(&["--keep-keys"]).await;
    assert!(stderr(done(&output)).contains("Kept the records of 1 key."));
    assert_eq!(desk.world.key_record(&key).await.state(Clock::system().now()), ApiKeyState::Revoked);
    assert_eq!(desk.clients("acme").await, []);
}

#[tokio::test]
async fn wrong_arguments_are_usage_errors_and_change_nothing() {
    let desk = Desk::with_clients().await;
    let key = desk.world.key("acme").await;
    for arguments in [
        &["org"][..],
        &["org", "export"],
        &["org", "export", "--org", "a b"],
        &["org", "import", "--org", "acme"],
        &["org", "import", "--user", "olga"],
        &["org", "delete", "--org", "acme"],
        &["org", "delete", "--org", "acme", "--confirm", "acm"],
        &["org", "delete", "--org", "acme", "--confirm", "ACME"],
        &["org", "delete", "--org", "acme", "--confirm", ""],
    ] {
        let output = desk.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(desk.clients("acme").await.len(), 3);
    let record = desk.store().find_api_key(&key.hash()).await.unwrap().unwrap();
    assert_eq!(record.state(Clock::system().now()), ApiKeyState::Active);
}

#[tokio::test]
async fn missing_tables_are_reported_on_one_line() {
    let desk = Desk::with_clients().await;
    let export = desk.export();
    desk.store().delete_tables().await.unwrap();
    for output in [
        desk.run(&["org", "export", "--org", "acme"]),
        desk.import(&export, &["--org", "acme"]),
        desk.run(&["org", "delete", "--org", "acme", "--confirm", "acme"]),
    ] {
        assert!(failure(&output).contains("ResourceNotFoundException"));
    }
}
