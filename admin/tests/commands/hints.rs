//! The next step after a failure.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Output},
    thread,
};

use crate::desk::{Desk, stderr};

const LIST: &[&str] = &["keys", "list", "--org", "acme"];

/// Runs `admin keys list` with this environment alone.
fn list(environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_admin"));
    command.args(LIST).env_clear().env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(environment.iter().copied()).output().unwrap()
}

/// The line with the next step, after the line with the error.
fn hint(output: &Output) -> String {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("error: "), "{said}");
    lines[1].strip_prefix("hint: ").unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// A service that refuses every request with this answer.
fn refusing(status: u16, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status} No\r\ncontent-type: application/x-amz-json-1.0\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // The request is small, and comes at once.
            drop(stream.read(&mut [0; 16 * 1024]));
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    url
}

#[test]
fn a_refusal_is_followed_by_the_next_step() {
    for (code, step) in [
        ("ResourceNotFoundException", "`admin tables create`"),
        ("AccessDeniedException", "need permission"),
        ("ExpiredTokenException", "`aws sso login`"),
        ("UnrecognizedClientException", "`aws sts get-caller-identity`"),
        ("InvalidSignatureException", "`aws sts get-caller-identity`"),
        ("ThrottlingException", "repeat the command"),
    ] {
        let url =
            refusing(400, &format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"No\"}}"));
        let said = hint(&list(&[("AWS_ENDPOINT_URL_DYNAMODB", &url)]));
        assert!(said.contains(step), "{code}: {said}");
    }
    for (status, body) in [(404, "{\"message\":\"Not Found\"}"), (200, "{}"), (200, "<html>")] {
        let said = hint(&list(&[("AWS_ENDPOINT_URL_DYNAMODB", &refusing(status, body))]));
        assert!(said.contains("is not DynamoDB"), "{body}: {said}");
    }
}

#[test]
fn missing_credentials_are_followed_by_the_next_step() {
    let said = hint(&list(&[("AWS_REGION", "eu-central-1")]));
    assert!(said.contains("AWS_PROFILE") && said.contains("export-credentials"), "{said}");

    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    let profile = "[default]\nregion = eu-central-1\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n\
                   [sso-session s]\nsso_region = eu-central-1\nsso_start_url = https://example.com/start\n";
    fs::write(home.path().join(".aws/config"), profile).unwrap();
    let said = hint(&list(&[("HOME", home.path().to_str().unwrap())]));
    assert!(said.contains("`aws sso login`"), "{said}");

    let said = stderr(&list(&[]));
    assert!(said.contains("set AWS_REGION") && said.contains("AWS_ENDPOINT_URL_DYNAMODB"), "{said}");
}

#[tokio::test]
async fn a_mistyped_identifier_is_followed_by_the_one_that_is_there() {
    let desk = Desk::new().await;
    let key = desk.world.key("acme").await;
    let id = desk.world.key_record(&key).await.caller.key_id.to_string();
    let mut mistyped = id.clone();
    mistyped.pop();
    for wrong in [&mistyped, &id[..16]] {
        for command in [&["keys", "revoke", wrong][..], &["keys", "rotate", wrong, "--expires", "30d"]] {
            let output = desk.run(command);
            assert_eq!(output.status.code(), Some(1));
            assert!(stderr(&output).contains(&format!("did you mean {id} ")), "{}", stderr(&output));
        }
    }
    let near = "hint: there is an organization `acme`";
    for command in [
        &["keys", "list", "--org", "acmee"][..],
        &["org", "export", "--org", "acne"],
        &["org", "delete", "--org", "amce", "--confirm", "amce"],
        &["org", "limits", "--org", "ACME", "--key", "5"],
    ] {
        let said = stderr(&desk.run(command));
        assert!(said.lines().any(|line| line == near), "{command:?}: {said}");
    }
    for command in [
        &["keys", "list", "--org", "acme"][..],
        &["keys", "list", "--org", "umbrella"],
        &["org", "export", "--org", "acme"],
    ] {
        assert!(!stderr(&desk.run(command)).contains("hint"), "{command:?}");
    }
    assert!(desk.world.key_record(&key).await.revoked_at.is_none());
}
