//! What scripts rely on: JSON alone on standard output, exit statuses, completions.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::desk::{Desk, PERSONAL, done, stderr};

/// The result of a command that succeeded, whose names the documentation explains.
fn result(output: &Output) -> Value {
    let value = serde_json::from_slice(&done(output).stdout).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command-lines.md");
    let page = fs::read_to_string(page).unwrap();
    let mut names = Vec::new();
    collect(&value, &mut names);
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/command-lines.md does not explain `{name}`");
    }
    value
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            names.push(name.clone());
            collect(value, names);
        }),
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

#[tokio::test]
async fn keys_are_json() {
    let desk = Desk::new().await;
    let create = ["keys", "create", "--org", "acme", "--user", "ann", "--name", "Sync", "--expires", "30d", "--json"];
    let output = desk.run(&create);
    assert_eq!(stderr(&output), "");
    let created = result(&output);
    assert!(created["key"].as_str().unwrap().starts_with("ba_"));
    assert_eq!((&created["orgId"], &created["state"]), (&json!("acme"), &json!("active")));
    let id = created["keyId"].as_str().unwrap();

    let output = desk.run(&["--json", "keys", "rotate", id, "--expires", "90d", "--keep", "1h"]);
    let rotated = result(&output);
    assert!(rotated["key"].as_str().unwrap().starts_with("ba_") && rotated["keyId"] != id);
    assert_eq!((&rotated["replaced"]["keyId"], &rotated["replaced"]["key"]), (&json!(id), &Value::Null));
    let listed = result(&desk.run(&["keys", "list", "--org", "acme", "--json"]));
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[0]["expiresAt"], rotated["replaced"]["expiresAt"]);
    assert!(!listed.to_string().contains(rotated["key"].as_str().unwrap()));

    let revoked = result(&desk.run(&["keys", "revoke", id, "--json"]));
    assert_eq!(revoked["state"], "revoked");
    let again = result(&desk.run(&["keys", "revoke", id, "--json"]));
    assert_eq!(again["revokedAt"], revoked["revokedAt"]);

    let output = desk.run(&["keys", "revoke", "key_0", "--json"]);
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(1), &b""[..]), "no JSON after a failure");
}

#[tokio::test]
async fn organizations_are_json() {
    let desk = Desk::with_clients().await;
    desk.world.key("acme").await;
    let limits =
        |arguments: &[&str]| result(&desk.run(&[&["org", "limits", "--org", "acme", "--json"], arguments].concat()));
    let expected = |key: Value, keys: Value| json!({ "orgId": "acme", "keyRequestsPerMinute": key, "organizationRequestsPerMinute": null, "keys": keys });
    assert_eq!(limits(&[]), expected(Value::Null, Value::Null));
    assert_eq!(limits(&["--key", "300"]), expected(json!(300), json!(1)));
    assert_eq!(limits(&[]), expected(json!(300), Value::Null));

    let export = desk.export();
    assert_eq!(desk.run(&["org", "export", "--org", "acme", "--json"]).stdout.len(), export.len());
    let imported = result(&desk.import(&export, &["--org", "acme", "--json"]));
    assert_eq!(
        (&imported["format"], &imported["unchanged"], &imported["records"]),
        (&json!("export"), &json!(3), &json!(3))
    );

    let folder = tempfile::tempdir().unwrap();
    let rejects = folder.path().join("bad.csv");
    let table = format!("name,status\nAnn,\n{PERSONAL},gone\n");
    let arguments = ["--org", "other", "--json", "--rejects", rejects.to_str().unwrap()];
    let output = desk.import(table.as_bytes(), &arguments);
    assert_eq!(output.status.code(), Some(3));
    let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&imported["created"], &imported["rejected"], &imported["dryRun"]),
        (&json!(1), &json!(1), &json!(false))
    );
    assert_eq!(imported["rejectsFile"], json!(rejects));
    let tried = result(&desk.import(b"name\nBob\n", &["--org", "other", "--json", "--dry-run"]));
    assert_eq!((&tried["created"], &tried["records"], &tried["dryRun"]), (&json!(0), &json!(1), &json!(true)));

    let output = desk.run(&["org", "delete", "--org", "other", "--confirm", "other", "--json"]);
    assert_eq!(
        result(&output),
        json!({ "orgId": "other", "revokedKeys": 0, "deletedItems": 1, "deletedCheckpoints": false,
                "deletedKeyRecords": 0, "keptKeyRecords": 0 })
    );
    let tables = result(&desk.run(&["tables", "create", "--json"]));
    assert_eq!(tables, json!({ "endpoint": desk.world.url(), "clientsTable": "clients", "apiKeysTable": "api-keys" }));
    result(&desk.run(&["--json"]));
}

#[tokio::test]
async fn the_exit_status_says_what_happened() {
    let desk = Desk::new().await;
    let status = |output: Output| output.status.code();
    assert_eq!(status(desk.run(&["org", "limits", "--org", "acme"])), Some(0));
    assert_eq!(status(desk.run(&["keys", "revoke", "key_0"])), Some(1));
    assert_eq!(status(desk.run(&["keys", "revoke"])), Some(2));
    assert_eq!(status(desk.run(&["org", "export", "--org", "acme", "--json", "--format", "csv"])), Some(2));
    assert_eq!(status(desk.import(b"name\nAnn\n\"\n", &["--org", "acme"])), Some(3));
    let help = String::from_utf8(desk.run(&["--help"]).stdout).unwrap();
    for line in ["Exit status:", "  0  ", "  1  ", "  2  ", "  3  ", "Environment:", "Examples:"] {
        assert!(help.contains(line), "{line} is not in {help}");
    }
    assert!(!help.contains('\u{1b}'), "a pipe gets no colours");
}

#[tokio::test]
async fn every_shell_gets_its_completions_without_a_database() {
    let desk = Desk::new().await;
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = desk.command(&["completions", shell]).env_remove("AWS_ENDPOINT_URL_DYNAMODB").output().unwrap();
        let script = String::from_utf8(done(&output).stdout.clone()).unwrap();
        for word in ["rotate", "checkpoints-bucket", "dry-run"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(desk.run(&["completions", "tcsh"]).status.code(), Some(2));
}
