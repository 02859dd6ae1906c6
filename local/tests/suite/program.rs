//! The program itself, as a developer starts and stops it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

const SAMPLE_KEY: &str = "ba_0123456789abcdef0123456789abcdef458177ba";

/// The program, with its data in `folder`.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    // As `cargo run` has it: the package is one folder below the workspace.
    command.args(arguments).env("CARGO_MANIFEST_DIR", folder.join("local")).stdin(Stdio::null());
    command
}

/// The program while it serves; killed in the end.
struct Running {
    child: Child,
    base: String,
    key: String,
    curl: String,
}

impl Running {
    /// Starts the program on a free port and reads its greeting.
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = program(folder, &[&["--port", "0"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut next = |start: &str| lines.find_map(|line| Some(line.strip_prefix(start)?.trim().to_owned())).unwrap();
        Self { base: next("Base URL"), key: next("API key"), curl: next("curl"), child }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn request(&self, method: reqwest::Method) -> reqwest::RequestBuilder {
        reqwest::Client::new().request(method, format!("{}/clients", self.base)).bearer_auth(&self.key)
    }

    async fn list(&self) -> Value {
        self.request(reqwest::Method::GET).send().await.unwrap().json().await.unwrap()
    }

    async fn create(&self) -> Value {
        let created = self.request(reqwest::Method::POST).json(&json!({"name": "Kept"})).send().await.unwrap();
        created.json::<Value>().await.unwrap()["data"].clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
    }
}

#[track_caller]
fn assert_refused(output: &Output, code: i32, words: &str) {
    let error = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{error}");
    assert!(error.starts_with("error: ") && error.contains(words), "{error}");
}

#[tokio::test]
async fn a_killed_program_loses_no_answered_write_and_keeps_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &[]);
    assert_eq!(first.curl, format!("{}/clients -H \"Authorization: Bearer {}\"", first.base, first.key));
    let client = first.create().await;
    let key = first.key.clone();
    first.kill();

    let second = Running::start(folder.path(), &[]);
    assert_eq!(second.key, key);
    assert_eq!(second.list().await, json!({"data": [client], "total": 1}));
    second.kill();

    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(!log.contains("ba_") && !log.contains("Kept"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.iter().filter(|line| line["message"] == "request").count(), 2, "{log}");
}

#[tokio::test]
async fn nothing_in_memory_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let first = Running::start(folder.path(), &["--in-memory"]);
    first.create().await;
    first.kill();
    let second = Running::start(folder.path(), &["--in-memory", "--demo", "3", "--key", SAMPLE_KEY]);
    assert_eq!((second.key.as_str(), &second.list().await["total"]), (SAMPLE_KEY, &json!(3)));
    assert!(!folder.path().join(".local").exists());
}

#[tokio::test]
async fn another_program_can_use_the_same_database() {
    let folder = tempfile::tempdir().unwrap();
    let engine = local::engine::Engine::in_memory().await.unwrap();
    let first = Running::start(folder.path(), &["--endpoint-url", engine.url()]);
    let second = Running::start(folder.path(), &["--endpoint-url", engine.url()]);
    let client = first.create().await;
    assert_eq!((&second.key, second.list().await), (&first.key, json!({"data": [client], "total": 1})));
}

#[tokio::test]
async fn a_script_gets_one_line_of_json() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(folder.path(), &["--in-memory", "--port", "0", "--json", "--key", SAMPLE_KEY]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let greeting: Value = serde_json::from_str(&line).unwrap();
    let url = |name: &str| greeting[name].as_str().unwrap_or_else(|| panic!("{greeting}")).to_owned();
    let client = reqwest::Client::new();
    let list = client.get(url("baseUrl") + "/clients").bearer_auth(url("apiKey")).send().await.unwrap();
    assert_eq!((list.status().as_u16(), url("apiKey").as_str()), (200, SAMPLE_KEY));
    for page in ["frontPage", "docs", "console"] {
        assert_eq!(client.get(url(page)).send().await.unwrap().status().as_u16(), 200, "{page}");
    }
    assert!(client.get(url("dynamodb")).send().await.is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn completions_are_printed_and_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = program(folder.path(), &["--completions", shell]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("endpoint-url"), "{shell}");
    }
    assert!(!folder.path().join(".local").exists());
}

#[test]
fn the_help_has_examples_and_the_exit_status() {
    let output = program(Path::new("/nonexistent"), &["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in ["Examples:", "Exit status:", "Environment:", "--completions"] {
        assert!(output.status.success() && help.contains(part) && !help.contains('\u{1b}'), "{help}");
    }
}

#[test]
fn what_answers_but_is_not_dynamodb_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 16 * 1024]));
            drop(stream.write_all(b"HTTP/1.1 404 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"));
        }
    });
    let output = program(folder.path(), &["--port", "0", "--endpoint-url", &url]).output().unwrap();
    assert_refused(&output, 1, "hint: what answers at the URL of --endpoint-url is not DynamoDB");
}

#[test]
fn a_taken_port_is_reported_on_one_line_before_any_data_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = program(folder.path(), &["--port", &port]).output().unwrap();
    assert_refused(&output, 1, &format!("port {port} is taken"));
    assert_eq!(output.stderr.iter().filter(|byte| **byte == b'\n').count(), 1);
    assert!(!folder.path().join(".local").exists());
}

#[test]
fn an_unreachable_database_is_reported_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["--port", "0", "--endpoint-url", "http://127.0.0.1:1"]).output().unwrap();
    assert_refused(&output, 1, "cannot reach DynamoDB at http://127.0.0.1:1");
    assert_eq!(output.stderr.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[test]
fn a_wrong_flag_is_a_usage_error_and_a_mistyped_key_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    assert_refused(&program(folder.path(), &["--prot", "1"]).output().unwrap(), 2, "--prot");
    let mistyped = SAMPLE_KEY.replace('f', "0");
    let output = program(folder.path(), &["--key", &mistyped]).output().unwrap();
    assert_refused(&output, 2, "not an API key");
    assert!(!String::from_utf8(output.stderr).unwrap().contains(&mistyped[3..20]));
}

#[test]
fn a_key_anywhere_but_in_its_option_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let (flag, value) = (format!("--{SAMPLE_KEY}"), format!("--port={SAMPLE_KEY}"));
    let url = format!("http://localhost/?key={SAMPLE_KEY}");
    for arguments in [
        &[SAMPLE_KEY][..],
        &[&flag],
        &[&value],
        &["--port", SAMPLE_KEY],
        &["--demo", SAMPLE_KEY],
        &["--endpoint-url", &url],
        &["--key", SAMPLE_KEY, SAMPLE_KEY],
    ] {
        let output = program(folder.path(), arguments).output().unwrap();
        assert_refused(&output, 2, "contains an API key");
        assert!(!String::from_utf8(output.stderr).unwrap().contains(&SAMPLE_KEY[3..20]), "{arguments:?}");
    }
}
