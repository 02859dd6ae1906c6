//! Entity tags, and the preconditions `If-Match` and `If-None-Match` on reads and writes.

use serde_json::json;

use crate::api::{NOBODY, Session, named, token};

#[tokio::test]
async fn a_read_of_what_the_caller_has_is_a_304_without_a_body() {
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    for path in [path, format!("/clients?query={token}")] {
        let tag = session.get(&path).await.header("etag").to_owned();
        let strong = tag.trim_start_matches("W/");
        for tags in [strong, &format!("W/{strong}"), &format!("\"x\", {tag}"), "*"] {
            let answer = session.send(session.call("GET", &path).header("If-None-Match", tags)).await;
            assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{tags}");
            assert_eq!(answer.header("etag"), tag);
        }
        let answer = session.send(session.call("GET", &path).header("If-None-Match", "\"other\"")).await;
        assert_eq!((answer.status, answer.header("etag")), (200, tag.as_str()));
    }
}

#[tokio::test]
async fn the_tag_of_a_list_changes_with_any_client_in_it() {
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    let list = format!("/clients?query={token}");
    let before = session.get(&list).await;
    assert_eq!(session.patch(&path, &json!({"notes": "new"})).await.status, 200);
    let after = session.get(&list).await;
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(after.body["data"][0]["notes"], "new");
}

#[tokio::test]
async fn a_write_that_expects_another_version_changes_nothing() {
    let session = Session::new();
    let (path, client) = session.create(&named(&token())).await;
    let patch = |tags: &str| session.call("PATCH", &path).header("If-Match", tags).json(&json!({"notes": "x"}));
    let delete = |tags: &str| session.call("DELETE", &path).header("If-Match", tags);
    for tags in ["\"2\"", "\"0\"", "\"x\"", "W/\"1\"", "\"2\", \"3\""] {
        session.send(patch(tags)).await.assert_problem(412, "precondition_failed", &[]);
        session.send(delete(tags)).await.assert_problem(412, "precondition_failed", &[]);
    }
    let unchanged = session.get(&path).await;
    assert_eq!((&unchanged.body["data"], unchanged.header("etag")), (&client, "\"1\""));

    assert_eq!(session.send(patch("\"1\"")).await.header("etag"), "\"2\"");
    session.send(patch("\"1\"")).await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(session.send(patch("\"1\", \"2\"")).await.header("etag"), "\"3\"");
    assert_eq!(session.send(patch("*")).await.header("etag"), "\"4\"");
    assert_eq!(session.send(delete("\"4\"")).await.body, json!({"success": true}));
}

#[tokio::test]
async fn a_read_that_expects_another_version_is_a_412() {
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    for (path, listed_status) in [(path, 200), (format!("/clients?query={token}"), 412)] {
        let tag = session.get(&path).await.header("etag").to_owned();
        let strong = tag.trim_start_matches("W/");
        let get = |name: &str, tags: &str| session.call("GET", &path).header(name, tags);
        // `If-Match` compares strongly, and the tag of a page is weak.
        for tags in ["\"other\"", &format!("W/{strong}"), "\"a\", \"b\""] {
            session.send(get("If-Match", tags)).await.assert_problem(412, "precondition_failed", &[]);
        }
        for (tags, status) in [(strong, listed_status), (&format!("\"x\", {strong}"), listed_status), ("*", 200)] {
            let answer = session.send(get("If-Match", tags)).await;
            assert_eq!(answer.status, status, "{path} {tags}");
        }
        // `If-Match` is evaluated first.
        let both = session.send(get("If-Match", "\"other\"").header("If-None-Match", tag.as_str())).await;
        both.assert_problem(412, "precondition_failed", &[]);
        let both = session.send(get("If-Match", "*").header("If-None-Match", tag.as_str())).await;
        assert_eq!((both.status, both.text.as_str()), (304, ""));
    }
}

#[tokio::test]
async fn a_write_that_excludes_the_version_changes_nothing() {
    let session = Session::new();
    let (path, client) = session.create(&named(&token())).await;
    let patch = |tags: &str| session.call("PATCH", &path).header("If-None-Match", tags).json(&json!({"notes": "x"}));
    let delete = |tags: &str| session.call("DELETE", &path).header("If-None-Match", tags);
    // `If-None-Match` compares weakly.
    for tags in ["\"1\"", "W/\"1\"", "\"2\", \"1\"", "*"] {
        session.send(patch(tags)).await.assert_problem(412, "precondition_failed", &[]);
        session.send(delete(tags)).await.assert_problem(412, "precondition_failed", &[]);
    }
    let unchanged = session.get(&path).await;
    assert_eq!((unchanged.data(), unchanged.header("etag")), (&client, "\"1\""));

    assert_eq!(session.send(patch("\"2\"")).await.header("etag"), "\"2\"");
    assert_eq!(session.send(patch("\"x\", \"1\"")).await.header("etag"), "\"3\"");
    let both = |tags: &str| patch(tags).header("If-Match", "\"2\", \"3\"");
    session.send(both("\"3\"")).await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(session.send(both("\"2\"")).await.header("etag"), "\"4\"");
    assert_eq!(session.send(delete("\"3\"")).await.body, json!({"success": true}));
}

#[tokio::test]
async fn a_precondition_on_an_absent_client_is_a_404() {
    let session = Session::new();
    for request in [
        session.call("GET", NOBODY),
        session.call("PATCH", NOBODY).json(&json!({"notes": "x"})),
        session.call("DELETE", NOBODY),
        session.call("POST", &format!("{NOBODY}/restore")),
    ] {
        for (name, tags) in
            [("If-Match", "\"1\""), ("If-Match", "*"), ("If-None-Match", "\"1\""), ("If-None-Match", "*")]
        {
            session.send(request.clone().header(name, tags)).await.assert_problem(404, "not_found", &[]);
        }
    }
}

#[tokio::test]
async fn a_malformed_tag_is_refused() {
    let session = Session::new();
    let (path, client) = session.create(&named(&token())).await;
    for name in ["If-Match", "If-None-Match"] {
        for tags in ["1", "\"1", "\"1\" \"2\"", ""] {
            for call in [
                session.call("PATCH", &path).json(&json!({"notes": "x"})),
                session.call("PUT", &path).json(&json!({"name": "x"})),
                session.call("DELETE", &path),
                session.call("POST", &format!("{path}/restore")),
                session.call("GET", &path),
                session.call("GET", "/clients"),
            ] {
                let answer = session.send(call.header(name, tags)).await;
                answer.assert_problem(400, "invalid_input", &[name]);
            }
        }
    }
    assert_eq!(session.get(&path).await.body["data"], client);
}
