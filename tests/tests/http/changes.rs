//! The change feed: clients and deletions, the cursor, and what is refused. Other tests write to the same organization
//! meanwhile.

use std::collections::HashMap;

use serde_json::{Value, json};
use testkit::Server;

use crate::api::{Session, named, only_in_process, token};

/// Reads from a cursor, or from the beginning, to the end. Returns the latest change of each client, and the cursor.
async fn read_on(session: &Session, mut cursor: String) -> (HashMap<String, Value>, String) {
    let mut latest = HashMap::new();
    loop {
        let query = if cursor.is_empty() { String::new() } else { format!("?cursor={cursor}") };
        let answer = session.get(&format!("/clients/changes{query}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{}", answer.text);
        for change in answer.body["changes"].as_array().unwrap() {
            latest.insert(change["id"].as_str().unwrap().to_owned(), change.clone());
        }
        answer.body["nextCursor"].as_str().unwrap().clone_into(&mut cursor);
        if answer.body["hasMore"] == false {
            return (latest, cursor);
        }
    }
}

/// As a change shows a client of a version.
fn with_version(client: &Value, version: u64) -> Value {
    let mut client = client.clone();
    client["version"] = version.into();
    client
}

#[tokio::test]
async fn a_reader_is_given_what_was_answered_before() {
    let session = Session::new();
    let (short, first) = session.create(&json!({ "name": token(), "phone": "1", "notes": "short" })).await;
    let (_, long) = session.create(&json!({ "name": token(), "notes": "long ".repeat(500) })).await;
    let (gone, deleted) = session.create(&named(&token())).await;
    let id = |client: &Value| client["id"].as_str().unwrap().to_owned();
    let (changes, cursor) = read_on(&session, String::new()).await;
    for client in [&first, &long, &deleted] {
        assert_eq!(changes[&id(client)], with_version(client, 1));
    }

    let changed = session.patch(&short, &json!({ "phone": null })).await;
    session.delete(&gone).await;
    let (changes, cursor) = read_on(&session, cursor).await;
    assert_eq!(changes[&id(&first)], with_version(changed.data(), 2));
    let deletion = &changes[&id(&deleted)];
    let deleted_at = deletion["deletedAt"].as_str().unwrap();
    assert_eq!(deletion, &json!({ "id": id(&deleted), "deletedAt": deleted_at, "version": 2 }));
    assert!(!changes.contains_key(&id(&long)), "it has not changed since");

    let (changes, _) = read_on(&session, cursor).await;
    assert!([&first, &long, &deleted].into_iter().all(|client| !changes.contains_key(&id(client))));
}

#[tokio::test]
async fn a_page_has_at_most_so_many_changes() {
    let session = Session::new();
    for _ in 0..3 {
        session.create(&named(&token())).await;
    }
    let page = session.get("/clients/changes?limit=2").await;
    assert_eq!((page.body["changes"].as_array().unwrap().len(), &page.body["hasMore"]), (2, &json!(true)));
    let cursor = page.body["nextCursor"].as_str().unwrap();
    let next = session.get(&format!("/clients/changes?limit=1&cursor={cursor}")).await;
    assert_eq!(next.body["changes"].as_array().unwrap().len(), 1);
    assert!(!page.body["changes"].as_array().unwrap().contains(&next.body["changes"][0]));
}

#[tokio::test]
async fn a_cursor_is_good_for_its_organization_and_as_it_was_given() {
    let session = Session::new();
    let cursor = read_on(&session, String::new()).await.1;
    let get = async |session: &Session, cursor: &str| session.get(&format!("/clients/changes?cursor={cursor}")).await;
    assert_eq!(get(&session, &cursor).await.status, 200);
    get(&Session::of_another_organization(), &cursor).await.assert_problem(400, "invalid_input", &["cursor"]);
    let changed = if cursor.ends_with('A') { 'B' } else { 'A' };
    let changed = format!("{}{changed}", &cursor[..cursor.len() - 1]);
    for cursor in [&changed, &cursor[1..], &format!("{cursor}="), "", "%20", "a,b", &"x".repeat(4097)] {
        get(&session, cursor).await.assert_problem(400, "invalid_input", &["cursor"]);
    }
}

#[tokio::test]
async fn every_illegal_parameter_is_named_at_once() {
    let session = Session::new();
    for (query, fields) in [
        ("limit=0", &["limit"][..]),
        ("limit=101", &["limit"]),
        ("limit=&cursor=", &["limit", "cursor"]),
        ("since=x&cursor=x&limit=x&offset=1", &["since", "cursor", "limit", "offset"]),
        ("limit=1&limit=2", &["limit"]),
    ] {
        session.get(&format!("/clients/changes?{query}")).await.assert_problem(400, "invalid_input", fields);
    }
}

#[tokio::test]
async fn a_page_is_compressed_and_has_no_tag() {
    let session = Session::new();
    for _ in 0..5 {
        session.create(&named(&token())).await;
    }
    let call = session.call("GET", "/clients/changes").query("limit=5").header("Accept-Encoding", "gzip");
    let answer = session.send(call.header("If-None-Match", "*")).await;
    assert_eq!((answer.status, answer.header("content-encoding"), answer.header("etag")), (200, "gzip", ""));
    assert_eq!(answer.header("vary"), "Accept-Encoding");
}

#[tokio::test]
async fn a_head_has_no_body() {
    if only_in_process("`sam local` writes headers of its own for HEAD").is_none() {
        return;
    }
    let session = Session::new();
    let head = session.send(session.call("HEAD", "/clients/changes")).await;
    assert_eq!((head.status, head.text.as_str(), head.header("content-type")), (200, "", "application/json"));
    let head = session.send(session.call("HEAD", "/clients/changes?limit=0")).await;
    assert_eq!((head.status, head.text.as_str()), (400, ""));
}

#[tokio::test]
async fn the_path_is_not_taken_for_a_clients_whatever_the_order_of_the_endpoints() {
    let Some(world) = only_in_process("another server has one order") else { return };
    let mut services = local::services(&world.app());
    for _ in 0..2 {
        services.reverse();
        let server = Server::serve(services.clone()).await.unwrap();
        let session = Session { server, ..Session::new() };
        assert_eq!(session.get("/clients/changes").await.status, 200);
        session.get("/clients/change").await.assert_problem(404, "not_found", &[]);
    }
}
