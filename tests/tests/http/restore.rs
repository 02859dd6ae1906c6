//! `POST /clients/{id}/restore`, and deletions that leave nothing to restore.

use serde_json::json;

use crate::api::{NOBODY, Session, count, token};

#[tokio::test]
async fn a_deleted_client_is_restored_with_all_its_fields() {
    let session = Session::new();
    let token = token();
    let notes = format!("{token} {}", "n".repeat(4000));
    let body = json!({"name": format!("A {token}"), "phone": "1", "status": "inactive", "notes": notes});
    let (path, before) = session.create(&body).await;
    assert_eq!(session.delete(&path).await.status, 200);
    assert_eq!(count(&session, &token).await, 0);

    let restored = session.restore(&path).await;
    assert_eq!((restored.status, restored.header("etag")), (200, "\"3\""), "{}", restored.text);
    for field in ["id", "name", "phone", "status", "notes", "createdAt"] {
        assert_eq!(restored.data()[field], before[field], "{field}");
    }
    assert!(restored.data()["updatedAt"].as_str() >= before["updatedAt"].as_str());
    assert_eq!(session.get(&path).await.body, restored.body);
    let listed = session.list(&[("query", &token), ("status", "inactive")]).await;
    assert_eq!((&listed.body["total"], &listed.body["data"][0]), (&json!(1), restored.data()));

    // Repeating it changes nothing, whether the client was ever deleted or not.
    let again = session.restore(&path).await;
    assert_eq!((again.status, again.header("etag"), &again.body), (200, "\"3\"", &restored.body));
    let (path, client) = session.create(&json!({"name": "B"})).await;
    let living = session.restore(&path).await;
    assert_eq!((living.status, living.header("etag"), living.data()), (200, "\"1\"", &client));
}

#[tokio::test]
async fn what_was_deleted_permanently_is_a_404_for_ever() {
    let session = Session::new();
    let at_once = session.create(&json!({"name": "A"})).await.0;
    let later = session.create(&json!({"name": "B"})).await.0;
    assert_eq!(session.delete(&format!("{later}?permanently=false")).await.status, 200);
    for path in [at_once, later] {
        let answer = session.delete(&format!("{path}?permanently=true")).await;
        assert_eq!((answer.status, &answer.body), (200, &json!({"success": true})), "{}", answer.text);
        session.restore(&path).await.assert_problem(404, "not_found", &[]);
        session.get(&path).await.assert_problem(404, "not_found", &[]);
        for deletion in [path.clone(), format!("{path}?permanently=true")] {
            session.delete(&deletion).await.assert_problem(404, "not_found", &[]);
        }
    }
    session.delete(&format!("{NOBODY}?permanently=true")).await.assert_problem(404, "not_found", &[]);
}

#[tokio::test]
async fn a_permanent_deletion_honours_preconditions() {
    let session = Session::new();
    let (path, _) = session.create(&json!({"name": "A"})).await;
    let delete = |tags: &str| {
        let call = session.call("DELETE", &format!("{path}?permanently=true"));
        session.send(call.header("If-Match", tags))
    };
    delete("\"2\"").await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(session.delete(&path).await.status, 200);
    delete("\"1\"").await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(session.restore(&path).await.status, 200);
    assert_eq!(delete("\"3\"").await.status, 200);
}

#[tokio::test]
async fn an_absent_client_is_not_restored() {
    let session = Session::new();
    for path in [NOBODY, "/clients/1", "/clients/ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        session.restore(path).await.assert_problem(404, "not_found", &[]);
    }
}

#[tokio::test]
async fn a_restoration_honours_preconditions() {
    let session = Session::new();
    let (path, _) = session.create(&json!({"name": "A"})).await;
    assert_eq!(session.delete(&path).await.status, 200);
    let restore = |tags: &str| {
        let call = session.call("POST", &format!("{path}/restore"));
        session.send(call.header("If-Match", tags))
    };
    restore("\"1\"").await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(restore("\"2\"").await.header("etag"), "\"3\"");
    restore("\"2\"").await.assert_problem(412, "precondition_failed", &[]);
    assert_eq!(restore("\"3\"").await.header("etag"), "\"3\"");
}
