//! The specification's examples, request by request, as its cURL, JavaScript and Python send them.

use serde_json::json;

use crate::api::Session;

#[tokio::test]
async fn the_curl_examples_work() {
    let session = Session::new();
    let list = session.get("/clients").await;
    assert!(list.status == 200 && list.body["data"].is_array() && list.body["total"].is_u64(), "{}", list.text);
    let filtered = session.get("/clients?status=active&sortBy=name&sortOrder=asc&limit=10").await;
    let data = filtered.body["data"].as_array().unwrap();
    assert!(data.len() <= 10 && data.iter().all(|client| client["status"] == "active"), "{}", filtered.text);

    let send = |method, path: &str, body: &'static str| {
        let json = session.call(method, path).header("Content-Type", "application/json");
        session.send(json.body(body))
    };
    let created = send("POST", "/clients", r#"{"name":"John Doe","phone":"+1 555-1234"}"#).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(created.body["data"]["status"], "active");
    let path = format!("/clients/{}", created.body["data"]["id"].as_str().unwrap());
    assert_eq!(session.get(&path).await.body, created.body);
    let updated = send("PATCH", &path, r#"{"status":"inactive","notes":"No longer active"}"#).await;
    assert_eq!(updated.body["data"]["notes"], "No longer active", "{}", updated.text);
    assert_eq!(session.delete(&path).await.body, json!({"success": true}));
}

#[tokio::test]
async fn the_javascript_and_python_examples_work() {
    let session = Session::new();
    let list = session.list(&[("limit", "10"), ("sortOrder", "desc")]).await;
    let data = list.body["data"].as_array().unwrap();
    assert!(data.len() <= 10 && list.body["total"].as_u64().unwrap() >= data.len() as u64, "{}", list.text);
    assert!(data.is_sorted_by(|a, b| a["createdAt"].as_str() >= b["createdAt"].as_str()), "{}", list.text);
    let created = session.post(&json!({"name": "John Doe", "phone": "+1 555-1234"})).await;
    assert_eq!((created.status, &created.body["data"]["phone"]), (201, &json!("+1 555-1234")));
}
