//! Entity tags: `If-None-Match` on reads, `If-Match` on writes.

use reqwest::Method;
use serde_json::json;

use crate::api::{NOBODY, Reply, Session, named, token};

#[tokio::test]
async fn a_read_of_what_the_caller_has_is_a_304_without_a_body() {
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    for path in [path, format!("/clients?query={token}")] {
        let tag = session.get(&path).await.header("etag").to_owned();
        for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let reply = Reply::to(session.request(Method::GET, &path).header("If-None-Match", &tags)).await;
            assert_eq!((reply.status, reply.text.as_str()), (304, ""), "{tags}");
            assert_eq!(reply.header("etag"), tag);
        }
        let reply = Reply::to(session.request(Method::GET, &path).header("If-None-Match", "\"other\"")).await;
        assert_eq!((reply.status, reply.header("etag")), (200, tag.as_str()));
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
    assert_eq!(after.json["data"][0]["notes"], "new");
}

#[tokio::test]
async fn a_write_that_expects_another_version_changes_nothing() {
    let session = Session::new();
    let (path, client) = session.create(&named(&token())).await;
    let patch =
        |tags: &str| session.request(Method::PATCH, &path).header("If-Match", tags).json(&json!({"notes": "x"}));
    let delete = |tags: &str| session.request(Method::DELETE, &path).header("If-Match", tags);
    for tags in ["\"2\"", "\"0\"", "\"x\"", "W/\"1\"", "\"2\", \"3\""] {
        Reply::to(patch(tags)).await.assert_problem(412, "precondition_failed", &[]);
        Reply::to(delete(tags)).await.assert_problem(412, "precondition_failed", &[]);
    }
    let unchanged = session.get(&path).await;
    assert_eq!((&unchanged.json["data"], unchanged.header("etag")), (&client, "\"1\""));

    assert_eq!(Reply::to(patch("\"1\"")).await.header("etag"), "\"2\"");
    Reply::to(patch("\"1\"")).await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(Reply::to(patch("\"1\", \"2\"")).await.header("etag"), "\"3\"");
    assert_eq!(Reply::to(patch("*")).await.header("etag"), "\"4\"");
    assert_eq!(Reply::to(delete("\"4\"")).await.json, json!({"success": true}));
}

#[tokio::test]
async fn a_precondition_on_what_is_not_there_is_a_404() {
    let session = Session::new();
    for request in
        [session.request(Method::PATCH, NOBODY).json(&json!({"notes": "x"})), session.request(Method::DELETE, NOBODY)]
    {
        Reply::to(request.header("If-Match", "\"1\"")).await.assert_problem(404, "not_found", &[]);
    }
}

#[tokio::test]
async fn a_malformed_tag_is_refused() {
    let session = Session::new();
    let (path, client) = session.create(&named(&token())).await;
    for tags in ["1", "\"1", "\"1\" \"2\"", ""] {
        let patch = session.request(Method::PATCH, &path).header("If-Match", tags).json(&json!({"notes": "x"}));
        Reply::to(patch).await.assert_problem(400, "invalid_input", &["If-Match"]);
        let delete = session.request(Method::DELETE, &path).header("If-Match", tags);
        Reply::to(delete).await.assert_problem(400, "invalid_input", &["If-Match"]);
        let get = session.request(Method::GET, &path).header("If-None-Match", tags);
        Reply::to(get).await.assert_problem(400, "invalid_input", &["If-None-Match"]);
    }
    assert_eq!(session.get(&path).await.json["data"], client);
}
