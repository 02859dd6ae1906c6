//! Illegal input: the answer names every offender at once, and nothing changes.

use serde_json::json;

use crate::api::{Session, count, named, only_in_process, token};

/// Bodies that are illegal for a create and for an update, with the fields at fault. `TOKEN` stands for a text
/// by which a client would be found if one were created.
fn illegal_bodies() -> Vec<(String, Vec<&'static str>)> {
    let long_name = format!(r#"{{"name":"TOKEN{}"}}"#, "é".repeat(200));
    let long_phone = format!(r#"{{"name":"TOKEN","phone":"{}"}}"#, "5".repeat(51));
    let long_notes = format!(r#"{{"name":"TOKEN","notes":"{}"}}"#, "n".repeat(5001));
    let deep = format!(r#"{{"name":"TOKEN","notes":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let many = (0..101).map(|n| format!(r#""f{n}":1"#)).collect::<Vec<_>>().join(",");
    let cases: Vec<(&str, &[&str])> = vec![
        (r#"{"name":""}"#, &["name"]),
        (r#"{"name":" \t "}"#, &["name"]),
        // Nothing in these names is visible.
        (r#"{"name":"\u200b"}"#, &["name"]),
        (r#"{"name":"\u3164 \u2800"}"#, &["name"]),
        (r#"{"name":"\u00ad\ufe0f\u2060\u00a0"}"#, &["name"]),
        (r#"{"name":null}"#, &["name"]),
        (r#"{"name":5}"#, &["name"]),
        (r#"{"name":["TOKEN"]}"#, &["name"]),
        (&long_name, &["name"]),
        (r#"{"name":"TOKEN\u0000"}"#, &["name"]),
        (r#"{"name":"TOKEN\n"}"#, &["name"]),
        (r#"{"name":"TOKEN","phone":5551234}"#, &["phone"]),
        (&long_phone, &["phone"]),
        (r#"{"name":"TOKEN","phone":"1\u0007"}"#, &["phone"]),
        (r#"{"name":"TOKEN","status":"gone"}"#, &["status"]),
        (r#"{"name":"TOKEN","status":"Active"}"#, &["status"]),
        (r#"{"name":"TOKEN","status":""}"#, &["status"]),
        (r#"{"name":"TOKEN","status":null}"#, &["status"]),
        (r#"{"name":"TOKEN","status":true}"#, &["status"]),
        (&long_notes, &["notes"]),
        (r#"{"name":"TOKEN","notes":{}}"#, &["notes"]),
        (r#"{"name":"TOKEN","notes":"\u001b[2J"}"#, &["notes"]),
        (r#"{"name":"TOKEN","nmae":"x"}"#, &["nmae"]),
        (r#"{"name":"TOKEN","id":"1"}"#, &["id"]),
        (r#"{"name":"TOKEN","createdAt":"2020-01-01T00:00:00.000Z"}"#, &["createdAt"]),
        (r#"{"name":"TOKEN","orgId":"other","organization":"other"}"#, &["orgId", "organization"]),
        (r#"{"name":"TOKEN","name":"TOKEN"}"#, &["name"]),
        (r#"{"name":"TOKEN","notes":"a","notes":null}"#, &["notes"]),
        (r#"{"name":" ","phone":5,"status":"x","notes":[],"extra":1}"#, &["name", "phone", "status", "notes", "extra"]),
        (&deep, &["body"]),
        ("", &["body"]),
        (" ", &["body"]),
        ("{", &["body"]),
        (r#"{"name":"TOKEN""#, &["body"]),
        (r#"{"name":"TOKEN"}}"#, &["body"]),
        (r#"{"name":"TOKEN",}"#, &["body"]),
        (r"{'name':'TOKEN'}", &["body"]),
        (r#"{"name":"TOKEN\ud800"}"#, &["body"]),
        ("name=TOKEN", &["body"]),
        ("[]", &["body"]),
        (r#"[{"name":"TOKEN"}]"#, &["body"]),
        (r#""TOKEN""#, &["body"]),
        ("1", &["body"]),
        ("null", &["body"]),
        ("NaN", &["body"]),
    ];
    let mut cases: Vec<_> = cases.into_iter().map(|(body, fields)| (body.to_owned(), fields.to_vec())).collect();
    cases.push((format!("{{{many}}}"), vec!["body"]));
    cases
}

#[tokio::test]
async fn an_illegal_body_creates_nothing() {
    let session = Session::new();
    let token = token();
    let mut cases = illegal_bodies();
    // What an update may leave out, a create may not.
    cases.push(("{}".to_owned(), vec!["name"]));
    cases.push((r#"{"phone":"TOKEN","status":null}"#.to_owned(), vec!["name", "status"]));
    for (body, fields) in cases {
        let body = body.replace("TOKEN", &token);
        let request = session.call("POST", "/clients").header("Content-Type", "application/json").body(body);
        session.send(request).await.assert_problem(400, "invalid_input", &fields);
    }
    assert_eq!(count(&session, &token).await, 0);
}

#[tokio::test]
async fn an_illegal_body_updates_nothing() {
    let session = Session::new();
    let (path, client) = session.create(&json!({"name": "A", "phone": "1", "notes": "n"})).await;
    for (body, fields) in illegal_bodies() {
        let request = session.call("PATCH", &path).header("Content-Type", "application/json").body(body);
        session.send(request).await.assert_problem(400, "invalid_input", &fields);
    }
    let answer = session.get(&path).await;
    assert_eq!((&answer.body["data"], answer.header("etag")), (&client, "\"1\""));
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let session = Session::new();
    let token = token();
    let body = named(&token).to_string();
    let (path, client) = session.create(&json!({"name": "A"})).await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/jsonx",
        "application/merge-patch+json",
    ] {
        for request in [session.call("POST", "/clients"), session.call("PATCH", &path)] {
            let request = request.header("Content-Type", content_type).body(body.clone());
            session.send(request).await.assert_problem(415, "unsupported_media_type", &[]);
        }
    }
    assert_eq!(count(&session, &token).await, 0);
    assert_eq!(session.get(&path).await.body["data"], client);
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = session.call("POST", "/clients").header("Content-Type", content_type).body(body.clone());
        assert_eq!(session.send(request).await.status, 201, "{content_type}");
    }
}

#[tokio::test]
async fn an_encoded_body_is_refused() {
    let session = Session::new();
    let token = token();
    let (path, client) = session.create(&json!({"name": "A"})).await;
    for encoding in ["gzip", "br", "identity, gzip", "x"] {
        for (method, path) in [("POST", "/clients"), ("PATCH", &path)] {
            let call = session.call(method, path).json(&named(&token)).header("Content-Encoding", encoding);
            session.send(call).await.assert_problem(415, "unsupported_content_encoding", &[]);
        }
    }
    assert_eq!(count(&session, &token).await, 0);
    assert_eq!(session.get(&path).await.body["data"], client);
    for encoding in ["identity", "Identity", ""] {
        let call = session.call("POST", "/clients").json(&named(&token)).header("Content-Encoding", encoding);
        assert_eq!(session.send(call).await.status, 201, "{encoding}");
    }
}

#[tokio::test]
async fn a_body_without_a_content_type_is_refused() {
    if only_in_process("`sam local` adds a content type of its own").is_none() {
        return;
    }
    let session = Session::new();
    let token = token();
    let request = session.call("POST", "/clients").body(named(&token).to_string());
    session.send(request).await.assert_problem(415, "unsupported_media_type", &[]);
    assert_eq!(count(&session, &token).await, 0);
}

#[tokio::test]
async fn a_body_beyond_64_kib_is_refused_for_its_size() {
    let session = Session::new();
    let token = token();
    // Legal but for its size: blanks between the fields.
    let body = |bytes: usize| {
        let client = named(&token).to_string();
        format!("{client}{}", " ".repeat(bytes - client.len()))
    };
    let post = |bytes| {
        let json = session.call("POST", "/clients").header("Content-Type", "application/json");
        session.send(json.body(body(bytes)))
    };
    post(64 * 1024 + 1).await.assert_problem(413, "payload_too_large", &[]);
    post(1024 * 1024).await.assert_problem(413, "payload_too_large", &[]);
    assert_eq!(count(&session, &token).await, 0);
    assert_eq!(post(64 * 1024).await.status, 201);
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused() {
    if only_in_process("`sam local` replaces what is not UTF-8 before the function sees it").is_none() {
        return;
    }
    let session = Session::new();
    let token = token();
    let body = [format!(r#"{{"name":"{token}"#).as_bytes(), b"\xff\"}"].concat();
    let request = session.call("POST", "/clients").header("Content-Type", "application/json").body(body);
    session.send(request).await.assert_problem(400, "invalid_input", &["body"]);
    assert_eq!(count(&session, &token).await, 0);
}

#[tokio::test]
async fn an_illegal_parameter_of_a_list_is_named() {
    let session = Session::new();
    let long = format!("query={}", "q".repeat(201));
    let cases: Vec<(&str, &[&str])> = vec![
        ("limit=0", &["limit"]),
        ("limit=101", &["limit"]),
        ("limit=-1", &["limit"]),
        ("limit=1e3", &["limit"]),
        ("limit=", &["limit"]),
        ("limit", &["limit"]),
        ("limit=5.0", &["limit"]),
        ("limit=%2B5", &["limit"]),
        ("offset=-1", &["offset"]),
        ("offset=4294967296", &["offset"]),
        ("offset=99999999999999999999", &["offset"]),
        ("offset=", &["offset"]),
        ("sortBy=", &["sortBy"]),
        ("sortBy=updatedAt", &["sortBy"]),
        ("sortBy=Name", &["sortBy"]),
        ("sortOrder=ASC", &["sortOrder"]),
        ("sortOrder=", &["sortOrder"]),
        ("status=active,", &["status"]),
        ("status=", &["status"]),
        ("status=all", &["status"]),
        ("status=active%2C%20inactive", &["status"]),
        ("status=active&status=", &["status"]),
        ("status=active&status=all", &["status"]),
        ("sortBy=name&sortBy=name", &["sortBy"]),
        (&long, &["query"]),
        ("query=%00", &["query"]),
        ("sortby=name", &["sortby"]),
        ("page=2", &["page"]),
        ("limit=1&limit=1", &["limit"]),
        (
            "limit=0&offset=x&query=%0A&sortBy=x&sortOrder=x&status=x",
            &["limit", "offset", "query", "sortBy", "sortOrder", "status"],
        ),
        ("Limit=1&nonsense=1", &["Limit", "nonsense"]),
    ];
    for (query, fields) in cases {
        session.get(&format!("/clients?{query}")).await.assert_problem(400, "invalid_input", fields);
    }
}

#[tokio::test]
async fn an_error_suggests_the_name_that_was_meant() {
    let session = Session::new();
    let parameter = session.get("/clients?sortby=name").await;
    assert!(parameter.body["errors"][0]["message"].as_str().unwrap().contains("`sortBy`"), "{}", parameter.text);
    let field = session.post(&json!({"name": "A", "pohne": "1"})).await;
    assert!(field.body["errors"][0]["message"].as_str().unwrap().contains("`phone`"), "{}", field.text);
}

#[tokio::test]
async fn only_lists_take_parameters() {
    let session = Session::new();
    let token = token();
    let (path, client) = session.create(&json!({"name": "A"})).await;
    let path = |query: &str| format!("{path}?{query}");
    session.get(&path("limit=1")).await.assert_problem(400, "invalid_input", &["limit"]);
    session.delete(&path("force=true")).await.assert_problem(400, "invalid_input", &["force"]);
    session.patch(&path("a=1"), &json!({"name": ""})).await.assert_problem(400, "invalid_input", &["a", "name"]);
    let request = session.call("POST", "/clients?dry=1").json(&named(&token));
    session.send(request).await.assert_problem(400, "invalid_input", &["dry"]);
    assert_eq!(count(&session, &token).await, 0);
    assert_eq!(session.get(&path("")).await.body["data"], client);
}
