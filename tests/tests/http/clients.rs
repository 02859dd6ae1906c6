//! One client: create, read, change, delete.

use serde_json::{Value, json};

use crate::api::{NOBODY, Session, count, named, token};

#[tokio::test]
async fn a_created_client_is_shown_as_the_specification_says() {
    let session = Session::new();
    let body = json!({"name": "José Doe", "phone": "+1 555-1234", "status": "inactive", "notes": "one\ntwo\té"});
    let answer = session.post(&body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("etag"), "\"1\"");
    let client = &answer.body["data"];
    assert_eq!(answer.body.as_object().unwrap().len(), 1);
    let id = client["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/api/v1/clients/{id}"));
    assert_eq!((id.len(), id.matches('-').count()), (36, 4), "{id}");
    let mut members: Vec<&String> = client.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["createdAt", "id", "name", "notes", "phone", "status", "updatedAt"]);
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&client[field], value);
    }
    for time in ["createdAt", "updatedAt"] {
        let text = client[time].as_str().unwrap();
        assert!(text.len() == "2026-01-31T09:30:00.000Z".len() && text.ends_with('Z'), "{text}");
    }

    let read = session.get(&format!("/clients/{id}")).await;
    assert_eq!((read.status, &read.body), (200, &answer.body));
    assert_eq!(read.header("etag"), "\"1\"");
    assert_eq!(session.get(&format!("/clients/{}", id.to_uppercase())).await.body, answer.body);
}

#[tokio::test]
async fn a_name_is_enough_and_the_rest_has_its_defaults() {
    let (_, client) = Session::new().create(&json!({"name": " kept as given "})).await;
    assert_eq!(client["name"], " kept as given ");
    assert_eq!((&client["phone"], &client["status"], &client["notes"]), (&Value::Null, &json!("active"), &Value::Null));
    assert_eq!(client["createdAt"], client["updatedAt"]);
}

#[tokio::test]
async fn an_empty_phone_is_none() {
    let session = Session::new();
    let (path, client) = session.create(&json!({"name": "A", "phone": ""})).await;
    assert_eq!(client["phone"], Value::Null);
    assert_eq!(session.patch(&path, &json!({"phone": "1"})).await.data()["phone"], "1");
    let cleared = session.patch(&path, &json!({"phone": ""})).await;
    assert_eq!((cleared.status, &cleared.data()["phone"]), (200, &Value::Null), "{}", cleared.text);
    assert_eq!(session.get(&path).await.data()["phone"], Value::Null);
}

#[tokio::test]
async fn a_byte_order_mark_before_a_body_is_skipped() {
    let session = Session::new();
    let with_mark = |method, path: &str, body: &str| {
        let json = session.call(method, path).header("Content-Type", "application/json");
        json.body(format!("\u{feff}{body}"))
    };
    let created = session.send(with_mark("POST", "/clients", r#"{"name":"A"}"#)).await;
    assert_eq!((created.status, &created.data()["name"]), (201, &json!("A")), "{}", created.text);
    let path = format!("/clients/{}", created.id());
    let updated = session.send(with_mark("PATCH", &path, r#"{"name":"B"}"#)).await;
    assert_eq!((updated.status, &updated.data()["name"]), (200, &json!("B")), "{}", updated.text);
    let empty = session.send(with_mark("PATCH", &path, "")).await;
    empty.assert_problem(400, "invalid_input", &["body"]);
}

#[tokio::test]
async fn the_longest_legal_values_are_taken_and_counted_in_characters() {
    let body = json!({"name": "é".repeat(200), "phone": "5".repeat(50), "notes": "😀".repeat(5000)});
    let session = Session::new();
    let (path, client) = session.create(&body).await;
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&client[field], value);
    }
    assert_eq!(session.get(&path).await.body["data"], client);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_clears() {
    let session = Session::new();
    let (path, before) = session.create(&json!({"name": "A", "phone": "1", "notes": "n"})).await;

    let answer = session.patch(&path, &json!({"status": "inactive", "phone": null})).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""), "{}", answer.text);
    let after = &answer.body["data"];
    assert_eq!((&after["name"], &after["notes"]), (&json!("A"), &json!("n")));
    assert_eq!((&after["phone"], &after["status"]), (&Value::Null, &json!("inactive")));
    assert_eq!((&after["id"], &after["createdAt"]), (&before["id"], &before["createdAt"]));
    assert!(after["updatedAt"].as_str() >= before["updatedAt"].as_str());
    assert_eq!(session.get(&path).await.body["data"], *after);

    let long = "l".repeat(5000);
    assert_eq!(session.patch(&path, &json!({"notes": long})).await.body["data"]["notes"], long.as_str());
    let cleared = session.patch(&path, &json!({"notes": null, "name": "B"})).await;
    assert_eq!((&cleared.body["data"]["notes"], &cleared.body["data"]["name"]), (&Value::Null, &json!("B")));
    assert_eq!(session.get(&path).await.body, cleared.body);
}

#[tokio::test]
async fn a_patch_without_fields_changes_nothing_that_is_shown() {
    let session = Session::new();
    let (path, before) = session.create(&json!({"name": "A", "phone": "1"})).await;
    let answer = session.patch(&path, &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for field in ["id", "name", "phone", "status", "notes", "createdAt"] {
        assert_eq!(answer.body["data"][field], before[field], "{field}");
    }
}

#[tokio::test]
async fn a_deleted_client_is_gone_everywhere() {
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&named(&token)).await;
    assert_eq!(count(&session, &token).await, 1);

    let answer = session.delete(&path).await;
    assert_eq!((answer.status, &answer.body), (200, &json!({"success": true})));
    assert_eq!(count(&session, &token).await, 0);
    session.get(&path).await.assert_problem(404, "not_found", &[]);
    session.patch(&path, &json!({"name": "again"})).await.assert_problem(404, "not_found", &[]);
    session.delete(&path).await.assert_problem(404, "not_found", &[]);
}

#[tokio::test]
async fn an_absent_client_is_a_404_whatever_its_id_looks_like() {
    let session = Session::new();
    let absent = session.get(NOBODY).await;
    absent.assert_problem(404, "not_found", &[]);
    let absent = absent.without_request_id();
    for id in ["1", "UUID_HERE", "00000000000040008000000000000000", "%00", "..%2F", "%C3%A9", "%FF"] {
        let path = format!("/clients/{id}");
        for answer in [session.get(&path).await, session.delete(&path).await] {
            answer.assert_problem(404, "not_found", &[]);
            assert_eq!(answer.without_request_id(), absent, "{id}");
        }
    }
    session.patch("/clients/1", &json!({"name": "A"})).await.assert_problem(404, "not_found", &[]);
}
