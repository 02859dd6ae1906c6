//! Batches: each operation is answered as the call of its own would be, in the order of the batch.

use domain::limits::{BATCH_BODY_BYTES, BATCH_OPERATIONS, NAME_CHARS, NOTES_CHARS};
use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, Call, NOBODY};

use crate::api::{Session, count, named, token};

fn batch(session: &Session, operations: &[Value]) -> Call {
    session.call("POST", "/clients/batch").json(&json!({ "operations": operations }))
}

async fn results(session: &Session, operations: &[Value]) -> Vec<Value> {
    results_of(session.send(batch(session, operations)).await)
}

/// The results of a large batch. On a busy machine there may be no time for all of it: then it is repeated.
async fn results_in_the_end(session: &Session, operations: &[Value]) -> Vec<Value> {
    let call = batch(session, operations).header("idempotency-key", token());
    loop {
        let answer = session.send(call.clone()).await;
        if answer.status == 503 {
            continue;
        }
        let results = results_of(answer);
        if statuses(&results).iter().all(|status| *status != 503) {
            return results;
        }
    }
}

#[track_caller]
fn results_of(answer: Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let Value::Array(results) = answer.body["results"].clone() else { panic!("{}", answer.text) };
    results
}

fn statuses(results: &[Value]) -> Vec<u64> {
    results.iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

/// The identifier in the path of a client.
fn id_in(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// JSON without what differs from call to call.
fn comparable(json: &Value) -> Value {
    let mut json = json.clone();
    for member in ["id", "createdAt", "updatedAt", "requestId"] {
        if let Some(members) = json.as_object_mut() {
            members.remove(member);
        }
    }
    json
}

/// The result that a batch should have where a call of its own has this answer.
fn as_result(answer: &Answer) -> Value {
    let mut result = json!({ "status": answer.status });
    if answer.status >= 400 {
        result["problem"] = comparable(&answer.body);
    } else if answer.data().is_object() {
        result["client"] = comparable(answer.data());
        result["etag"] = json!(answer.header("etag"));
    }
    result
}

fn comparable_result(result: &Value) -> Value {
    let mut result = result.clone();
    for member in ["client", "problem"] {
        if let Some(json) = result.get_mut(member) {
            *json = comparable(json);
        }
    }
    result
}

#[tokio::test]
async fn each_operation_is_answered_as_its_own_call() {
    let session = Session::new();
    let new = json!({ "name": " José ", "phone": "+1 555", "notes": "one\ntwo" });
    let patch = json!({ "status": "inactive", "phone": null, "notes": "n".repeat(300) });
    // Two clients go the same way, one by single calls and one by batches of one operation.
    let created = session.post(&new).await;
    let in_batch = results(&session, &[json!({ "operation": "create", "client": new })]).await;
    assert_eq!(comparable_result(&in_batch[0]), as_result(&created));
    let (id, twin) = (created.id().to_owned(), in_batch[0]["client"]["id"].as_str().unwrap().to_owned());
    let path = format!("/clients/{id}");
    for (call, operation) in [
        (session.call("PATCH", &path).json(&patch), json!({ "operation": "update", "client": patch })),
        (session.call("PATCH", &path).json(&json!({})), json!({ "operation": "update", "client": {} })),
        (
            session.call("PATCH", &path).json(&new).header("if-match", "\"3\""),
            json!({ "operation": "update", "client": new, "ifMatch": "\"3\"" }),
        ),
        (
            session.call("PATCH", &path).json(&new).header("if-match", "\"1\", W/\"4\""),
            json!({ "operation": "update", "client": new, "ifMatch": "\"1\", W/\"4\"" }),
        ),
        (
            session.call("PATCH", &path).json(&new).header("if-none-match", "W/\"4\""),
            json!({ "operation": "update", "client": new, "ifNoneMatch": "W/\"4\"" }),
        ),
        (
            session.call("PUT", &path).json(&new).header("if-none-match", "*"),
            json!({ "operation": "put", "client": new, "ifNoneMatch": "*" }),
        ),
        (
            session.call("DELETE", &path).header("if-match", "\"3\""),
            json!({ "operation": "delete", "ifMatch": "\"3\"" }),
        ),
        (
            session.call("DELETE", &path).header("if-match", "\"4\""),
            json!({ "operation": "delete", "ifMatch": "\"4\"" }),
        ),
        (session.call("DELETE", &path), json!({ "operation": "delete" })),
        (session.call("PATCH", &path).json(&patch), json!({ "operation": "update", "client": patch })),
        (session.call("PUT", &path).json(&patch), json!({ "operation": "put", "client": patch })),
        (
            session.call("PUT", &path).json(&new).header("if-match", "*"),
            json!({ "operation": "put", "client": new, "ifMatch": "*" }),
        ),
        (session.call("PUT", &path).json(&new), json!({ "operation": "put", "client": new })),
        (
            session.call("PUT", &path).json(&json!({ "name": "B" })),
            json!({ "operation": "put", "client": { "name": "B" } }),
        ),
    ] {
        let mut operation = operation;
        operation["id"] = json!(twin);
        let result = results(&session, &[operation.clone()]).await.remove(0);
        assert_eq!(comparable_result(&result), as_result(&session.send(call).await), "{operation}");
    }
}

#[tokio::test]
async fn each_error_in_a_client_is_the_one_of_its_own_call() {
    let session = Session::new();
    let (path, before) = session.create(&json!({ "name": "A" })).await;
    let clients = [
        r#"{"name": " ", "phone": 5551234, "stauts": "active"}"#.to_owned(),
        r#"{"name": "a", "name": "b"}"#.to_owned(),
        r#"{"name": null, "status": "gone", "notes": "\u0001"}"#.to_owned(),
        r#"{"name": "\ud800"}"#.to_owned(),
        "[]".to_owned(),
        "\"a\"".to_owned(),
        "null".to_owned(),
        json!({ "name": "a".repeat(NAME_CHARS + 1), "notes": "n".repeat(NOTES_CHARS + 1) }).to_string(),
        format!("{{{}}}", (0..=100).map(|n| format!("\"f{n}\": 1")).collect::<Vec<_>>().join(", ")),
        format!("{{\"name\": {}{}}}", "[".repeat(200), "]".repeat(200)),
    ];
    let mut operations = Vec::new();
    let mut singles = Vec::new();
    for client in &clients {
        operations.push(format!(r#"{{"operation": "create", "client": {client}}}"#));
        singles.push(session.call("POST", "/clients"));
        operations.push(format!(r#"{{"operation": "update", "id": "{}", "client": {client}}}"#, id_in(&path)));
        singles.push(session.call("PATCH", &path));
    }
    let body = format!(r#"{{"operations": [{}]}}"#, operations.join(", "));
    let call = session.call("POST", "/clients/batch").header("content-type", "application/json").body(body);
    let results = results_of(session.send(call).await);
    assert_eq!(results.len(), singles.len());
    for (at, (single, result)) in singles.into_iter().zip(results).enumerate() {
        let single = single.header("content-type", "application/json").body(clients[at / 2].clone());
        let single = session.send(single).await;
        assert_eq!(single.status, 400, "{}", clients[at / 2]);
        assert_eq!(comparable_result(&result), as_result(&single), "{}", clients[at / 2]);
    }
    let now = session.get(&path).await;
    assert_eq!((now.data(), now.header("etag")), (&before, "\"1\""));
}

#[tokio::test]
async fn each_error_in_an_operation_is_named_and_concerns_no_other() {
    let session = Session::new();
    let token = token();
    let (path, _) = session.create(&json!({ "name": "A" })).await;
    let id = id_in(&path);
    let update = |member: &str, value: Value| {
        let mut update = json!({ "operation": "update", "id": id, "client": { "name": "changed" } });
        update[member] = value;
        update
    };
    let faulty = [
        (json!({}), vec!["operation"]),
        (json!({ "operation": "upsert", "name": "A" }), vec!["operation", "name"]),
        (json!({ "operation": 1 }), vec!["operation"]),
        (json!({ "operation": "create" }), vec!["client"]),
        (
            json!({ "operation": "create", "id": id, "ifMatch": "*", "client": { "name": "" } }),
            vec!["id", "ifMatch", "name"],
        ),
        (json!({ "operation": "update" }), vec!["client", "id"]),
        (json!({ "operation": "delete", "id": id, "client": {} }), vec!["client"]),
        (json!({ "operation": "delete", "id": 7, "ifMatch": "1" }), vec!["id", "ifMatch"]),
        (update("ifMatch", json!("1")), vec!["ifMatch"]),
        (update("ifNoneMatch", json!("\"1")), vec!["ifNoneMatch"]),
        (update("ifMatch", json!(null)), vec!["ifMatch"]),
        (update("if-match", json!("\"1\"")), vec!["if-match"]),
    ];
    let mut operations: Vec<Value> = faulty.iter().map(|(operation, _)| operation.clone()).collect();
    operations.push(json!({ "operation": "create", "client": named(&token) }));
    let results = results(&session, &operations).await;
    for ((operation, expected), result) in faulty.iter().zip(&results) {
        let problem = &result["problem"];
        assert_eq!(
            (&result["status"], &problem["code"]),
            (&json!(400), &json!("invalid_input")),
            "{operation} {result}"
        );
        let mut named: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        let mut expected = expected.clone();
        named.sort_by_key(|name| name.to_string());
        expected.sort_unstable();
        assert_eq!(named, expected, "{operation}");
    }
    assert_eq!(results.last().unwrap()["status"], 201, "the others are done");
    assert_eq!(count(&session, &token).await, 1);
    assert_eq!(session.get(&path).await.header("etag"), "\"1\"");
}

#[tokio::test]
async fn a_batch_that_is_malformed_as_a_whole_changes_nothing() {
    let session = Session::new();
    let token = token();
    let create = json!({ "operation": "create", "client": named(&token) });
    let many = vec![create.clone(); BATCH_OPERATIONS + 1];
    for (body, fields) in [
        (String::new(), vec!["body"]),
        ("{".to_owned(), vec!["body"]),
        ("[]".to_owned(), vec!["body"]),
        (json!([create]).to_string(), vec!["body"]),
        ("{}".to_owned(), vec!["operations"]),
        (json!({ "operations": null }).to_string(), vec!["operations"]),
        (json!({ "operations": create }).to_string(), vec!["operations"]),
        (json!({ "operations": [] }).to_string(), vec!["operations"]),
        (json!({ "operations": [create, 1] }).to_string(), vec!["operations"]),
        (json!({ "operations": [create, [create]] }).to_string(), vec!["operations"]),
        (json!({ "operations": many }).to_string(), vec!["operations"]),
        (json!({ "operations": [create], "atomic": true }).to_string(), vec!["atomic"]),
        (json!({ "operation": [create] }).to_string(), vec!["operation", "operations"]),
        (format!(r#"{{"operations": [{create}], "operations": [{create}]}}"#), vec!["operations"]),
        (format!(r#"{{"operations": [{create}}}"#), vec!["body"]),
    ] {
        let call = session.call("POST", "/clients/batch").header("content-type", "application/json").body(body);
        session.send(call).await.assert_problem(400, "invalid_input", &fields);
    }
    let call = batch(&session, std::slice::from_ref(&create));
    let refused = session.send(call.clone().query("atomic=true").header("idempotency-key", "")).await;
    refused.assert_problem(400, "invalid_input", &["atomic", "Idempotency-Key"]);
    let refused = session.send(call.header("content-type", "text/plain")).await;
    refused.assert_problem(415, "unsupported_media_type", &[]);
    assert_eq!(count(&session, &token).await, 0);
}

#[tokio::test]
async fn operations_on_one_client_take_effect_in_their_order() {
    let session = Session::new();
    let (path, _) = session.create(&json!({ "name": "A" })).await;
    let id = id_in(&path);
    // Identifiers are equal however they are written.
    let update = |n: usize| {
        let id = if n.is_multiple_of(2) { id.to_owned() } else { id.to_uppercase() };
        json!({ "operation": "update", "id": id, "client": { "name": format!("name {n}") }, "ifMatch": format!("\"{n}\"") })
    };
    let mut operations: Vec<Value> = (1..BATCH_OPERATIONS - 1).map(update).collect();
    operations.push(json!({ "operation": "delete", "id": id, "ifMatch": format!("\"{}\"", BATCH_OPERATIONS - 1) }));
    operations.push(json!({ "operation": "update", "id": id, "client": { "name": "too late" } }));
    let results = results(&session, &operations).await;
    for (at, result) in results[..BATCH_OPERATIONS - 2].iter().enumerate() {
        assert_eq!(result["status"], 200, "{at}: {result}");
        assert_eq!(result["client"]["name"], format!("name {}", at + 1));
        assert_eq!(result["etag"], format!("\"{}\"", at + 2));
    }
    assert_eq!(statuses(&results[BATCH_OPERATIONS - 2..]), [200, 404]);
    assert_eq!(session.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_put_at_an_illegal_identifier_is_refused_as_its_own_call_is() {
    let session = Session::new();
    for id in ["x", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        for client in [json!({ "name": "A" }), json!({ "name": " " })] {
            let result =
                results(&session, &[json!({ "operation": "put", "id": id, "client": client })]).await.remove(0);
            let single = session.send(session.call("PUT", &format!("/clients/{id}")).json(&client)).await;
            assert_eq!(comparable_result(&result), as_result(&single), "{id} {client}");
        }
    }
}

/// After a refusal, those that follow on the same client still take effect.
#[tokio::test]
async fn a_refused_operation_does_not_keep_others_from_taking_effect() {
    let session = Session::new();
    let (path, _) = session.create(&json!({ "name": "A" })).await;
    let id = id_in(&path);
    let results = results(
        &session,
        &[
            json!({ "operation": "update", "id": id, "client": { "name": "B" }, "ifMatch": "\"7\"" }),
            json!({ "operation": "update", "id": NOBODY, "client": { "name": "B" } }),
            json!({ "operation": "update", "id": "x", "client": { "name": "B" } }),
            json!({ "operation": "update", "id": id, "client": { "name": "C" } }),
        ],
    )
    .await;
    assert_eq!(statuses(&results), [412, 404, 404, 200]);
    assert_eq!(session.get(&path).await.data()["name"], "C");
}

#[tokio::test]
async fn a_batch_has_up_to_100_operations() {
    let session = Session::new();
    for number in [1, BATCH_OPERATIONS] {
        let token = token();
        let names: Vec<String> = (0..number).map(|n| format!("{token} number {n:03}")).collect();
        let creates: Vec<Value> =
            names.iter().map(|name| json!({ "operation": "create", "client": { "name": name } })).collect();
        let results = results_in_the_end(&session, &creates).await;
        assert_eq!(statuses(&results), vec![201; number]);
        let made: Vec<&Value> = results.iter().map(|result| &result["client"]["name"]).collect();
        assert_eq!(made, names.iter().collect::<Vec<_>>(), "the results are in the order of the operations");
        assert_eq!(count(&session, &token).await, number as u64);
    }
}

#[tokio::test]
async fn a_hundred_clients_with_the_longest_fields_fit() {
    let session = Session::new();
    let token = token();
    let client = json!({ "name": format!("{token}{}", "😀".repeat(NAME_CHARS - token.len())), "notes": "😀".repeat(NOTES_CHARS) });
    let create = json!({ "operation": "create", "client": client });
    let results = results_in_the_end(&session, &vec![create; BATCH_OPERATIONS]).await;
    assert_eq!(statuses(&results), vec![201; BATCH_OPERATIONS]);
    assert!(results.iter().all(|result| result["client"]["notes"] == client["notes"]));
    // So that the organization under test does not keep them.
    let deletes: Vec<Value> =
        results.iter().map(|result| json!({ "operation": "delete", "id": result["client"]["id"] })).collect();
    assert_eq!(statuses(&results_in_the_end(&session, &deletes).await), vec![200; BATCH_OPERATIONS]);
    assert_eq!(count(&session, &token).await, 0);
}

#[tokio::test]
async fn a_batch_beyond_its_size_is_refused() {
    let session = Session::new();
    let token = token();
    let body = json!({ "operations": [{ "operation": "create", "client": named(&token) }] }).to_string();
    let post = |bytes: usize| {
        let body = format!("{body}{}", " ".repeat(bytes - body.len()));
        let call = session.call("POST", "/clients/batch").header("content-type", "application/json");
        session.send(call.body(body))
    };
    let refused = post(BATCH_BODY_BYTES + 1).await;
    refused.assert_problem(413, "payload_too_large", &[]);
    assert!(refused.body["detail"].as_str().unwrap().contains("2560 KiB"), "{}", refused.text);
    assert_eq!(count(&session, &token).await, 0);
    assert_eq!(statuses(&results_of(post(BATCH_BODY_BYTES).await)), [201]);
}

#[tokio::test]
async fn a_client_of_another_organization_is_none() {
    let (session, other) = (Session::new(), Session::of_another_organization());
    let (path, client) = session.create(&json!({ "name": "A" })).await;
    let id = id_in(&path);
    let operations = [
        json!({ "operation": "update", "id": id, "client": { "name": "B" } }),
        json!({ "operation": "delete", "id": id }),
    ];
    assert_eq!(statuses(&results(&other, &operations).await), [404, 404]);
    let now = session.get(&path).await;
    assert_eq!((now.data(), now.header("etag")), (&client, "\"1\""));
    let call = session.call("POST", "/clients/batch").json(&json!({ "operations": operations }));
    session.send(call.bearer("x")).await.assert_problem(401, "unauthorized", &[]);
}

#[tokio::test]
async fn a_repeated_batch_repeats_no_effect() {
    let session = Session::new();
    let (token, key) = (token(), token());
    let (changed, _) = session.create(&json!({ "name": "A" })).await;
    let (deleted, _) = session.create(&json!({ "name": "A" })).await;
    let operations = [
        json!({ "operation": "create", "client": named(&token) }),
        json!({ "operation": "create", "client": named(&token) }),
        json!({ "operation": "update", "id": id_in(&changed), "client": { "name": "B" } }),
        json!({ "operation": "update", "id": id_in(&changed), "client": { "phone": "1" }, "ifMatch": "\"2\"" }),
        json!({ "operation": "update", "id": id_in(&changed), "client": { "phone": "2" }, "ifMatch": "\"2\"" }),
        json!({ "operation": "delete", "id": id_in(&deleted) }),
        json!({ "operation": "create", "client": { "name": " " } }),
    ];
    let call = batch(&session, &operations).header("idempotency-key", &key);
    let first = results_of(session.send(call.clone()).await);
    assert_eq!(statuses(&first), [201, 201, 200, 200, 412, 200, 400]);
    assert!(first.iter().all(|result| result["replayed"].is_null()));
    // Somebody else writes in between.
    assert_eq!(session.patch(&changed, &json!({ "name": "C", "phone": "3" })).await.header("etag"), "\"4\"");

    let again = results_of(session.send(call.clone()).await);
    assert_eq!(statuses(&again), statuses(&first));
    for at in [0, 1] {
        assert_eq!((&again[at]["client"], &again[at]["replayed"]), (&first[at]["client"], &json!(true)));
    }
    for at in [2, 3] {
        let now = json!({ "name": again[at]["client"]["name"], "etag": again[at]["etag"] });
        assert_eq!((now, &again[at]["replayed"]), (json!({ "name": "C", "etag": "\"4\"" }), &json!(true)));
    }
    assert_eq!(again[5], json!({ "status": 200, "replayed": true }));
    assert_eq!(count(&session, &token).await, 2);
    assert_eq!(session.get(&changed).await.header("etag"), "\"4\"");

    assert_eq!(session.delete(&changed).await.status, 200);
    let last = results_of(session.send(call).await);
    assert_eq!(statuses(&last), [201, 201, 200, 200, 404, 200, 400]);
    assert_eq!(last[2], json!({ "status": 200, "replayed": true }), "the client is gone");
}

#[tokio::test]
async fn a_key_belongs_to_one_batch() {
    let session = Session::new();
    let (token, key) = (token(), token());
    let create = |name: &str| json!({ "operation": "create", "client": { "name": name } });
    let send = |operations: &[Value]| session.send(batch(&session, operations).header("idempotency-key", &key));
    let both = [create(&format!("{token} a")), create(&format!("{token} b"))];
    assert_eq!(statuses(&results_of(send(&both).await)), [201, 201]);
    for other in [&both[..1], &[both[1].clone(), both[0].clone()][..], &[create("c")][..]] {
        send(other).await.assert_problem(422, "idempotency_key_reused", &[]);
    }
    // The same batch, written otherwise.
    let text =
        format!(r#"{{ "operations": [ {{"client":{{"name":"{token} a"}},"operation":"create"}}, {} ]}}"#, both[1]);
    let call = session.call("POST", "/clients/batch").header("content-type", "application/json").body(text);
    let again = results_of(session.send(call.header("idempotency-key", &key)).await);
    assert!(again.iter().all(|result| result["replayed"] == true), "{again:?}");
    // The keys of single creates, and of other organizations, are others.
    let single = session.call("POST", "/clients").json(&json!({ "name": format!("{token} a") }));
    let single = session.send(single.header("idempotency-key", &key)).await;
    assert_eq!((single.status, single.header("idempotency-replayed")), (201, ""));
    let other = Session::of_another_organization();
    let elsewhere = results_of(other.send(batch(&other, &both).header("idempotency-key", &key)).await);
    assert!(elsewhere.iter().all(|result| result["replayed"].is_null()), "{elsewhere:?}");
    assert_eq!(count(&session, &token).await, 3);
}

#[tokio::test]
async fn equal_batches_at_once_make_each_client_once() {
    let session = Session::new();
    let (token, key) = (token(), token());
    let create = json!({ "operation": "create", "client": named(&token) });
    let call = batch(&session, &[create.clone(), create]).header("idempotency-key", &key);
    let answers = join_all((0..20).map(|_| session.send(call.clone()))).await;
    let all: Vec<_> = answers.into_iter().map(results_of).collect();
    for results in &all {
        assert_eq!(statuses(results), [201, 201]);
        assert_eq!(results[0]["client"], all[0][0]["client"]);
    }
    let first = |at: usize| all.iter().filter(|results| results[at]["replayed"].is_null()).count();
    assert_eq!((first(0), first(1)), (1, 1));
    assert_eq!(count(&session, &token).await, 2);
}

#[tokio::test]
async fn results_are_compressed_for_callers_who_take_it() {
    let session = Session::new();
    let operations = vec![json!({ "operation": "delete", "id": NOBODY }); 10];
    let plain = session.send(batch(&session, &operations)).await;
    let packed = session.send(batch(&session, &operations).header("accept-encoding", "gzip")).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "Accept-Encoding"));
    let statuses = |answer: &Answer| statuses(&results_of(answer.clone()));
    assert_eq!(statuses(&plain), statuses(&packed));
}
