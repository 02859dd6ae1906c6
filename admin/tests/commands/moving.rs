//! `admin org import` of other programs' files, and `admin org export --format csv`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use domain::{Client, ClientId};
use serde_json::{Value, json};
use shared::store::ExpectedVersions;

use crate::desk::{Desk, PERSONAL, done, failure, give, stderr};

/// The clients of a sample, in no particular order.
fn sorted(mut clients: Vec<Value>) -> Vec<Value> {
    clients.sort_by_key(Value::to_string);
    clients
}

fn fields(client: &Client) -> Value {
    json!({ "name": client.name, "phone": client.phone, "status": client.status, "notes": client.notes })
}

impl Desk {
    fn import_file(&self, org: &str, file: &Path, arguments: &[&str]) -> Output {
        let file = file.to_str().unwrap();
        self.run(&[&["org", "import", "--org", org, "--user", "olga", file], arguments].concat())
    }

    async fn fields(&self, org: &str) -> Vec<Value> {
        sorted(self.clients(org).await.iter().map(fields).collect())
    }

    fn table(&self) -> Vec<u8> {
        done(&self.run(&["org", "export", "--org", "acme", "--format", "csv"])).stdout.clone()
    }
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/samples");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut samples: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|end| end != "json")).collect();
    samples.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/samples/array.json"));
    samples.sort();
    samples
}

#[tokio::test]
async fn every_sample_is_imported_or_reported_record_by_record() {
    let desk = Desk::new().await;
    let folder = tempfile::tempdir().unwrap();
    let samples = samples();
    assert!(samples.len() > 30);
    for (at, sample) in samples.iter().enumerate() {
        let name = sample.file_name().unwrap().to_str().unwrap();
        let expected = fs::read(format!("{}.expected.json", sample.display())).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let arguments: Vec<&str> =
            expected["arguments"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap()).collect();
        let org = format!("sample-{at}");

        // A dry run says the same and writes nothing.
        let output = desk.import_file(&org, sample, &[&arguments[..], &["--dry-run"]].concat());
        assert_eq!(output.status.code().map(i64::from), expected["status"].as_i64(), "{name}: {}", stderr(&output));
        assert_eq!(desk.clients(&org).await, [], "{name}");

        let rejects = folder.path().join(name);
        let given = ["--rejects", rejects.to_str().unwrap()];
        let output = desk.import_file(&org, sample, &[&arguments[..], &given].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code().map(i64::from), expected["status"].as_i64(), "{name}: {said}");
        assert!(output.stdout.is_empty(), "{name}");
        for part in expected["says"].as_array().unwrap() {
            assert!(said.contains(part.as_str().unwrap()), "{name}: {part} is not in {said}");
        }
        let clients = sorted(expected["clients"].as_array().unwrap().clone());
        assert_eq!(desk.fields(&org).await, clients, "{name}");
        let rejected = expected["rejected"].as_array().unwrap();
        for reject in rejected {
            let (line, reason) = (&reject["line"], reject["reason"].as_str().unwrap());
            let is_reported = |said: &str| said.starts_with(&format!("line {line}: ")) && said.contains(reason);
            assert!(said.lines().any(is_reported), "{name}: {reject} is not in {said}");
        }
        let reported = said.lines().filter(|line| line.starts_with("line ")).count();
        assert_eq!(reported, rejected.len(), "{name}: {said}");
        assert_eq!(rejects.exists(), !rejected.is_empty(), "{name}");

        // Again, from a pipe: all clients are there.
        if !clients.is_empty() {
            let input = fs::read(sample).unwrap();
            let said = stderr(&desk.import(&input, &[&["--org", org.as_str()], &arguments[..]].concat()));
            let there =
                format!("0 created, 0 replaced, 0 restored. Not written: {} already as in the file", clients.len());
            assert!(said.contains(&there), "{name}: {said}");
            assert_eq!(desk.fields(&org).await, clients, "{name}");
        }
    }
}

#[tokio::test]
async fn an_import_that_was_killed_continues_when_it_is_repeated() {
    const CLIENTS: usize = 2_000;
    let desk = Desk::new().await;
    // Some are alike: they are told apart by their order.
    let rows = (0..CLIENTS).map(|at| format!("client {},{}\n", at / 2, at / 2));
    let table = format!("name,phone\n{}", rows.collect::<String>());
    let there = desk.import_until_killed(table.as_bytes(), &[], CLIENTS).await;
    let said = stderr(done(&desk.import(table.as_bytes(), &["--org", "acme"])));
    assert!(said.contains(&format!("{} created", CLIENTS - there)), "{there}: {said}");
    assert!(said.contains(&format!("{there} already as in the file")), "{there}: {said}");
    let records = desk.records("acme").await;
    assert_eq!(records.len(), CLIENTS);
    assert!(records.iter().all(|record| record.client.version == 1 && record.created_by.as_str() == "olga"));
    assert!(records.iter().all(|record| record.updated_with.as_str() == "import"));
}

#[tokio::test]
async fn a_record_that_has_an_identifier_is_replaced_and_keeps_its_creation() {
    let desk = Desk::new().await;
    done(&desk.import(b"id,name,phone\n7,Ann,1\n", &["--org", "acme"]));
    let before = desk.records("acme").await.remove(0);
    let changed = b"id,name,phone\n7,Ann Lee,2\n";
    let said = stderr(done(&desk.import(changed, &["--org", "acme"])));
    assert!(said.contains("1 kept with other content"), "{said}");
    let arguments = [&["org", "import", "--user", "otto"][..], &["--org", "acme", "--overwrite"]].concat();
    let mut child = desk.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    give(&mut child, changed);
    assert!(stderr(done(&child.wait_with_output().unwrap())).contains("1 replaced"));
    let after = desk.records("acme").await.remove(0);
    assert_eq!(after.client.name.as_str(), "Ann Lee");
    assert_eq!((after.client.id, after.client.created_at), (before.client.id, before.client.created_at));
    assert_eq!((after.created_by.as_str(), after.updated_by.as_str()), ("olga", "otto"));
    let said = stderr(done(&desk.import(changed, &["--org", "acme", "--overwrite"])));
    assert!(said.contains("1 already as in the file"), "{said}");
}

#[tokio::test]
async fn a_client_that_was_deleted_stays_deleted_unless_the_import_overwrites() {
    let desk = Desk::new().await;
    done(&desk.import(b"name\nAnn\n", &["--org", "acme"]));
    let id = desk.clients("acme").await[0].id;
    desk.store().delete(&desk.org.context(), id, &ExpectedVersions::ALL, false).await.unwrap();
    let said = stderr(done(&desk.import(b"name\nAnn\n", &["--org", "acme"])));
    assert!(said.contains("1 still deleted"), "{said}");
    assert_eq!(desk.clients("acme").await, []);
    done(&desk.import(b"name\nAnn\n", &["--org", "acme", "--overwrite"]));
    assert_eq!(desk.clients("acme").await[0].id, id);
}

#[tokio::test]
async fn duplicates_in_the_file_and_in_the_organization_are_reported_and_imported() {
    let desk = Desk::new().await;
    let there = desk.org.create(&json!({ "name": format!("{PERSONAL} Ann"), "phone": "+44 20 7946 0001" })).await;
    let table = format!("name,phone\n{PERSONAL} ann,\nBob,0044 20 7946-0001\nCarl,5550100\nCARL,555-0100\n");
    let said = stderr(done(&desk.import(table.as_bytes(), &["--org", "acme"])));
    for part in [
        format!("Possible duplicate, line 2: the name of the client {}", there.id),
        format!("Possible duplicate, line 3: the phone number of the client {}", there.id),
        "Possible duplicate, line 5: the name and the phone number of line 4".to_owned(),
        "3 records may be duplicates".to_owned(),
        "4 created".to_owned(),
    ] {
        assert!(said.contains(&part), "{part} is not in {said}");
    }
    assert_eq!(desk.clients("acme").await.len(), 5);
}

#[tokio::test]
async fn a_table_that_is_exported_comes_back_unchanged() {
    let desk = Desk::with_clients().await;
    for text in [
        "'=1+1",
        "=1+1",
        "'t Hart",
        "N/A",
        "+1 555-1234",
        "-",
        "@x",
        "''",
        "'",
        " Ann ",
        "a;b,\"c\"",
        "\u{feff}x",
        "4.47E+11",
    ] {
        desk.org.create(&json!({ "name": text, "phone": text, "notes": text })).await;
    }
    desk.org.create(&json!({ "name": "Ann", "notes": "" })).await;
    desk.org.create(&json!({ "name": "Ann", "notes": "\r\n\n=x\r\ty\n" })).await;
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..100 {
        let mut text = || {
            const LETTERS: [char; 12] = ['\'', '"', '=', '+', '@', ' ', ',', ';', 'ä', '\u{200b}', '-', '|'];
            (0..random.usize(0..6)).map(|_| LETTERS[random.usize(0..LETTERS.len())]).collect::<String>()
        };
        desk.org.create(&json!({ "name": format!("{}x", text()), "phone": text(), "notes": text() })).await;
    }
    let table = desk.table();
    for cell in csv::Reader::from_reader(&table[..])
        .records()
        .flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
    {
        assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell}");
    }
    let said = stderr(done(&desk.import(&table, &["--org", "other"])));
    assert_eq!(desk.clients("other").await, desk.clients("acme").await, "{said}");
    let authors = |record: &shared::store::ClientRecord| (record.created_by.clone(), record.created_with.clone());
    let (before, after) = (desk.records("acme").await, desk.records("other").await);
    assert!(before.iter().zip(&after).all(|(before, after)| authors(before) == authors(after)));
    let said = stderr(done(&desk.import(&table, &["--org", "acme"])));
    assert!(said.contains("Imported 0 clients"), "{said}");

    let marked = done(&desk.run(&["org", "export", "--org", "acme", "--format", "csv", "--bom"])).stdout.clone();
    assert_eq!(marked, [b"\xef\xbb\xbf", &table[..]].concat());
    assert!(stderr(done(&desk.import(&marked, &["--org", "acme"]))).contains("Imported 0 clients"));
}

#[tokio::test]
async fn a_table_has_every_field_of_an_export() {
    let desk = Desk::with_clients().await;
    let export = desk.export();
    let line: Value = serde_json::from_slice(export.split(|byte| *byte == b'\n').nth(1).unwrap()).unwrap();
    let mut headers: Vec<String> =
        csv::Reader::from_reader(&desk.table()[..]).headers().unwrap().iter().map(str::to_owned).collect();
    headers.sort();
    assert!(line.as_object().unwrap().keys().eq(&headers));
}

#[tokio::test]
async fn a_table_that_was_edited_in_a_spreadsheet_is_imported() {
    let desk = Desk::new().await;
    for name in ["Ann", "Bob", "Carl"] {
        desk.org.create(&json!({ "name": name, "phone": "+1 555-0100" })).await;
    }
    let table = String::from_utf8(desk.table()).unwrap().replace("\"Ann\"", "\"Ann Lee\"").replace("\"Carl\"", "\" \"");
    let table =
        format!("{table}\"\",\"'=New\",\"'+1 555-0101\",\"inactive\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\r\n");
    // As a spreadsheet of another country saves it.
    let table = table.replace("\",\"", ";").replace('"', "");
    let output = desk.import(table.as_bytes(), &["--org", "acme", "--overwrite"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("1 created, 1 replaced") && said.contains("`name` must not be empty"), "{said}");
    let names: Vec<Value> = desk.fields("acme").await.iter().map(|client| client["name"].clone()).collect();
    assert_eq!(names, ["=New", "Ann Lee", "Bob", "Carl"]);
}

#[tokio::test]
async fn a_table_that_the_console_exported_is_imported_with_its_identifiers() {
    let desk = Desk::new().await;
    let there = desk.org.create(&json!({ "name": "=Ann", "phone": "+1 555-0100" })).await;
    let times = "\"2026-01-31T00:00:00.000Z\",\"2026-01-31T00:00:00.000Z\"";
    let id = "5d1f6c52-8f0e-4b0b-9a57-6a3a3f0b7d21";
    let table = format!(
        "\u{feff}\"id\",\"name\",\"phone\",\"status\",\"notes\",\"createdAt\",\"updatedAt\"\r\n\
         \"{}\",\"'=Ann\",\"'+1 555-0100\",\"active\",\"\",{times}\r\n\
         \"{id}\",\"Bob\",\"\",\"inactive\",\"'\",{times}\r\n\
         \"7\",\"Carl\",\"\",\"active\",\"\",{times}\r\n\
         \"\",\"Dan\",\"\",\"\",\"\",\"\",\"\"\r\n\
         \"{id}\",\"Eve\",\"\",\"active\",\"\",{times}\r\n",
        there.id
    );
    let output = desk.import(table.as_bytes(), &["--org", "acme"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("2 created") && said.contains("1 already as in the file"), "{said}");
    assert!(said.contains("line 4: `id` must be"), "{said}");
    assert!(said.contains("line 6: it has the identifier of line 3: "), "{said}");
    let bob = desk.clients("acme").await.into_iter().find(|client| client.name.as_str() == "Bob").unwrap();
    assert_eq!((bob.id.to_string().as_str(), bob.notes.unwrap().as_str()), (id, ""));
}

#[tokio::test]
async fn rejected_records_can_be_corrected_and_imported() {
    let desk = Desk::new().await;
    let folder = tempfile::tempdir().unwrap();
    let rejects = folder.path().join("bad.csv");
    let arguments = ["--org", "acme", "--rejects", rejects.to_str().unwrap()];
    let table = format!("name;phone;status\nAnn;1;\n{PERSONAL};2;gone\n\"x\"y;3;\n");
    let output = desk.import(table.as_bytes(), &arguments);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let bad = fs::read_to_string(&rejects).unwrap();
    let mut rows = bad.lines();
    assert_eq!(rows.next(), Some("line,reason,record,name,phone,status"));
    assert!(
        rows.next().is_some_and(|row| row.starts_with("3,") && row.ends_with(&format!(",,{PERSONAL},2,gone"))),
        "{bad}"
    );
    assert!(rows.next().is_some_and(|row| row.starts_with("4,") && row.ends_with(",\"\"\"x\"\"y;3;\",,,")), "{bad}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&rejects).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let corrected = folder.path().join("good.csv");
    fs::write(&corrected, bad.replace("gone", "inactive")).unwrap();
    let output = desk.import_file("acme", &corrected, &[]);
    assert!(stderr(&output).contains("1 created"), "{}", stderr(&output));
    assert!(stderr(&output).contains("line 3: `name` must not be empty"), "{}", stderr(&output));

    // Bytes that are no text come out as they went in.
    let output = desk.import(b"name\nJos\xc3\xa9\nZo\xeb\n", &arguments);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(fs::read(&rejects).unwrap().ends_with(b",Zo\xeb,\n"));

    // The file of rejected records is not the input.
    let said = failure(&desk.import_file("acme", &corrected, &["--rejects", corrected.to_str().unwrap()]));
    assert!(said.contains("it is the input"), "{said}");
    assert!(fs::metadata(&corrected).unwrap().len() > 0);
}

#[tokio::test]
async fn the_kinds_of_failure_have_their_own_exit_status() {
    let desk = Desk::new().await;
    for arguments in [
        &["--delimiter", "ab"][..],
        &["--encoding", "latin-99"],
        &["--map", "name"],
        &["--map", "email=E-mail"],
        &["--format", "xlsx"],
    ] {
        let output = desk.import(b"name\nAnn\n", &[&["--org", "acme"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    }
    for (input, arguments, part) in [
        (&b"name\nAnn\n"[..], &["--map", "name=Who"][..], "there is no column `Who`; the columns are `name`"),
        (b"BEGIN:VCARD\nFN:A\nEND:VCARD\n", &["--map", "name=FN"], "`--map` is for CSV and NDJSON"),
        (b"{\"name\":\"Ann\"}\n", &["--delimiter", ";"], "`--delimiter` is for CSV"),
        (b"status,name\ngone,Ann\n", &[], "no record is correct, of 1 record"),
    ] {
        let said = failure(&desk.import(input, &[&["--org", "acme"], arguments].concat()));
        assert!(said.starts_with("nothing was imported") && said.contains(part), "{said}");
    }
    let said = failure(&desk.import_file("acme", Path::new("/nonexistent/file.csv"), &[]));
    assert!(said.contains("could not open /nonexistent/file.csv"), "{said}");
    assert_eq!(desk.clients("acme").await, []);
    // What is not recognized can be said.
    let table = "nom\u{1f}x\nCaf\u{e9}!x\n".replace('\u{1f}', "!");
    let (latin, ..) = encoding_rs::WINDOWS_1252.encode(&table);
    done(&desk.import(&latin, &["--org", "acme", "--delimiter", "!", "--encoding", "latin1", "--format", "csv"]));
    assert_eq!(desk.clients("acme").await[0].name.as_str(), "Café");
    assert_ne!(desk.clients("acme").await[0].id, ClientId::RESERVED);
}
