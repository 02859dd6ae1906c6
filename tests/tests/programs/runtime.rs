//! The programs behind a stand-in for the Lambda Runtime API: their answers, their log lines, and their
//! failures. `canary.rs` searches everything that they write for API keys.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::Router;
use domain::{ApiKey, limits};
use futures_util::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use testkit::{
    Call, DynamoDbCall, Fault, FaultProxy, Function, Invocation, NOBODY, PANICKING, Rate, S3, S3Fault, World, binary,
    closed_port,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

/// Values that no log line may ever hold.
const NAME: &str = "Zacharias Quill";
const PHONE: &str = "+49 170 5550199";
const NOTES: &str = "prefers afternoons";

/// Starts a function on the tables of the world.
async fn start_on(world: &World, name: &str) -> Function {
    start(name, &[("AWS_ENDPOINT_URL_DYNAMODB", world.url())]).await
}

async fn start(name: &str, variables: &[(&str, &str)]) -> Function {
    Function::start(&binary(name), variables).await.unwrap()
}

fn assert_unavailable(answer: &Invocation) {
    answer.assert_problem(503, "unavailable", &[]);
    assert_eq!(answer.body["requestId"], answer.request_id.as_str());
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!(seconds >= 1);
    // The cause does not reach the caller.
    let written = format!("{:?}", answer.answer);
    for word in ["dynamodb", "127.0.0.1", "Exception", "SdkError", "timeout"] {
        assert!(!written.contains(word), "{word} in {written}");
    }
}

fn assert_nothing_personal(function: &Function, key: &ApiKey) {
    let written = function.everything_written();
    for secret in [key.reveal(), &key.reveal()[3..20], key.hash().as_str(), NAME, PHONE, NOTES, "Zacharias", "5550199"]
    {
        assert!(!written.contains(secret), "{secret} was written:\n{written}");
    }
}

#[tokio::test]
async fn a_client_lives_its_life_through_the_programs() {
    let world = World::new().await;
    let key = world.key("acme").await;
    let [list, get, create, update, delete] =
        ["list-clients", "get-client", "create-client", "update-client", "delete-client"]
            .map(|name| start_on(&world, name));
    let (list, get, create, update, delete) = (list.await, get.await, create.await, update.await, delete.await);
    let (restore, put) = (start_on(&world, "restore-client").await, start_on(&world, "put-client").await);

    let body = json!({ "name": NAME, "phone": PHONE, "notes": NOTES });
    let created = create.answer(&Call::create(&body).key(&key)).await;
    assert_eq!(created.status, 201, "{created:?}");
    let client = created.data().clone();
    let id = client["id"].as_str().unwrap();
    assert_eq!((&client["name"], &client["phone"], &client["notes"]), (&json!(NAME), &json!(PHONE), &json!(NOTES)));
    assert_eq!(client["status"], "active");
    assert_eq!(created.header("location"), format!("/api/v1/clients/{id}"));
    assert_eq!(created.header("x-request-id"), created.request_id);

    let got = get.answer(&Call::get(id).key(&key)).await;
    assert_eq!((got.status, got.data()), (200, &client));
    let again = get.answer(&Call::get(id).key(&key).header("if-none-match", "\"1\"")).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));

    let query = Call::list().key(&key).query("query=zacharias&sortBy=name&limit=10");
    let listed = list.answer(&query).await;
    assert_eq!((listed.status, &listed.body), (200, &json!({ "data": [client], "total": 1 })));

    let change = Call::update(id, &json!({ "phone": null })).key(&key).header("if-match", "\"1\"");
    let updated = update.answer(&change).await;
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_eq!((&updated.data()["phone"], updated.header("etag")), (&Value::Null, "\"2\""));
    let stale = update.answer(&change).await;
    stale.assert_problem(412, "precondition_failed", &[]);

    let listed_again = list.answer(&query).await;
    assert_eq!(listed_again.body, json!({ "data": [updated.data()], "total": 1 }));

    let deleted = delete.answer(&Call::delete(id).key(&key)).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({ "success": true })));
    let gone = get.answer(&Call::get(id).key(&key)).await;
    gone.assert_problem(404, "not_found", &[]);
    let empty = list.answer(&query).await;
    assert_eq!(empty.body, json!({ "data": [], "total": 0 }));
    let restored = restore.answer(&Call::restore(id).key(&key)).await;
    assert_eq!((restored.status, &restored.data()["notes"], restored.header("etag")), (200, &json!(NOTES), "\"4\""));
    let replaced = put.answer(&Call::put(id, &body).key(&key)).await;
    assert_eq!((replaced.status, &replaced.data()["phone"]), (200, &json!(PHONE)), "{replaced:?}");
    let erased = delete.answer(&Call::delete(id).query("permanently=true").key(&key)).await;
    assert_eq!((erased.status, &erased.body), (200, &json!({ "success": true })));

    // The audit trail in the log: the kind of the write, the client, the version that it made, and the fields.
    for (function, invoked, change, version, fields) in [
        (&create, &created, json!("create"), json!(1), Value::Null),
        (&update, &updated, json!("update"), json!(2), json!("phone")),
        (&update, &stale, Value::Null, Value::Null, Value::Null),
        (&delete, &deleted, json!("delete"), json!(3), Value::Null),
        (&restore, &restored, json!("restore"), json!(4), Value::Null),
        (&put, &replaced, json!("put"), json!(5), Value::Null),
        (&delete, &erased, json!("erase"), json!(6), Value::Null),
        (&get, &got, Value::Null, Value::Null, Value::Null),
    ] {
        let line = function.log_line(invoked).await;
        assert_eq!([&line["change"], &line["client_version"], &line["fields"]], [&change, &version, &fields], "{line}");
        assert_eq!(line["client_id"], id, "{line}");
    }
    let lines = [&listed, &listed_again, &empty].map(|listed| list.log_line(listed));
    let lines = join_all(lines).await;
    let replicas: Vec<_> =
        lines.iter().map(|line| (line["replica"].as_str(), line["replica_loads"].as_u64())).collect();
    assert_eq!(replicas, [(Some("loaded"), Some(1)), (Some("refreshed"), Some(0)), (Some("refreshed"), Some(0))]);
    let cold: Vec<_> = lines.iter().map(|line| line["cold_start"].as_u64()).collect();
    assert_eq!(cold, [Some(1), None, None]);

    let record = world.key_record(&key).await;
    for (function, invocations) in [
        (&create, vec![created]),
        (&get, vec![got, again, gone]),
        (&list, vec![listed, listed_again, empty]),
        (&update, vec![updated, stale]),
        (&delete, vec![deleted, erased]),
        (&restore, vec![restored]),
        (&put, vec![replaced]),
    ] {
        for invoked in &invocations {
            let line = function.log_line(invoked).await;
            assert_eq!(line["status"], invoked.status);
            assert_eq!((&line["org"], &line["user"]), (&json!("acme"), &json!("ann")));
            assert_eq!(line["key_id"], record.caller.key_id.as_str());
            assert!(line["round_trips"].as_u64().unwrap() >= 1 && line["duration_ms"].as_f64().unwrap() > 0.0);
            assert_eq!((&line["level"], &line["function"]), (&json!("INFO"), &json!("function-under-test")));
            assert!(line["_aws"]["CloudWatchMetrics"].is_array() && line["read_units"].as_f64().unwrap() >= 1.0);
        }
        assert_eq!(function.log().len(), invocations.len(), "one line for each request: {:?}", function.log());
        assert_nothing_personal(function, &key);
    }
}

#[tokio::test]
async fn a_program_keeps_deleted_clients_for_the_days_of_its_variable() {
    let world = World::new().await;
    let (org, key) = (world.org("acme"), world.key("acme").await);
    let restore = start_on(&world, "restore-client").await;
    for (days, status) in [("0", 404), ("7", 200), ("", 200)] {
        let id = org.create(&json!({ "name": NAME, "notes": NOTES })).await.id.to_string();
        let variables = [("AWS_ENDPOINT_URL_DYNAMODB", world.url()), ("DELETED_CLIENTS_DAYS", days)];
        let delete = start("delete-client", &variables).await;
        assert_eq!(delete.answer(&Call::delete(&id).key(&key)).await.status, 200);
        assert_eq!(restore.answer(&Call::restore(&id).key(&key)).await.status, status, "{days}");
    }
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", world.url()), ("DELETED_CLIENTS_DAYS", "8")];
    let mut broken = start("delete-client", &variables).await;
    let reason = "DELETED_CLIENTS_DAYS must be a whole number of days from 0 to 7";
    // What it wrote can arrive a moment after its end.
    let says_why = async {
        while broken.ended().unwrap().is_none() || !broken.everything_written().contains(reason) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(20), says_why).await;
    assert!(ended.is_ok(), "{}", broken.everything_written());
}

#[tokio::test]
async fn a_batch_is_one_log_line_with_every_change_and_costs_no_more_than_single_calls() {
    let world = World::new().await;
    let key = world.key("acme").await;
    let [create, update, batch] =
        ["create-client", "update-client", "batch-clients"].map(|name| start_on(&world, name));
    let (create, update, batch) = (create.await, update.await, batch.await);
    let units = |line: &Value| ["read_units", "write_units"].map(|units| line[units].as_f64().unwrap());
    let body = json!({ "name": NAME, "phone": PHONE, "notes": NOTES });
    let single = create.answer(&Call::create(&body).key(&key).header("idempotency-key", "single")).await;
    let [read, written] = units(&create.log_line(&single).await);

    let creates = vec![json!({ "operation": "create", "client": body }); 100];
    let many = batch.answer(&Call::batch(&creates).key(&key).header("idempotency-key", "creates")).await;
    let line = batch.log_line(&many).await;
    let [read_by_batch, written_by_batch] = units(&line);
    assert!(read_by_batch <= read, "the key is read once: {line}");
    assert!(written_by_batch <= 100.0 * written + 1.0, "one unit for the claim of the key: {line}");
    assert!(read_by_batch + written_by_batch <= 100.0 * (read + written), "{line}");
    let changes: Vec<&str> = line["changes"].as_str().unwrap().split("; ").collect();
    assert_eq!(changes.len(), 100);
    let ids: Vec<&str> = many.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["client"]["id"].as_str().unwrap())
        .collect();
    for (change, id) in changes.iter().zip(&ids) {
        assert_eq!(*change, format!("create {id} 1"));
    }

    let status = json!({ "status": "inactive" });
    let single = update.answer(&Call::update(single.id(), &status).key(&key)).await;
    let [_, written] = units(&update.log_line(&single).await);
    let mut updates: Vec<Value> =
        ids[..99].iter().map(|id| json!({ "operation": "update", "id": id, "client": status })).collect();
    updates.push(json!({ "operation": "delete", "id": NOBODY }));
    let updates = Call::batch(&updates).key(&key).header("idempotency-key", "updates");
    let line = batch.log_line(&batch.answer(&updates).await).await;
    assert!(units(&line)[1] <= 100.0 * written + 1.0, "{line}");
    assert!(line["changes"].as_str().unwrap().contains(&format!("update {} 2 status", ids[98])), "{line}");
    assert_eq!((&line["client_id"], &line["change"], &line["server_errors"]), (&Value::Null, &Value::Null, &json!(0)));
    // A repetition changes nothing.
    let line = batch.log_line(&batch.answer(&updates).await).await;
    assert_eq!(line["changes"], Value::Null, "{line}");
    assert_nothing_personal(&batch, &key);
}

#[tokio::test]
async fn a_refused_request_is_one_log_line_too_and_holds_nothing_of_the_request() {
    let world = World::new().await;
    let key = world.key("acme").await;
    let create = start_on(&world, "create-client").await;
    let unknown = ApiKey::generate().unwrap();
    let post = Call::create(&json!({ "name": NAME, "phone": [PHONE], "notse": NOTES }));
    let refused = [
        (create.answer(&post.clone().key(&key)).await, 400, "invalid_input", &["notse", "phone"][..]),
        (create.answer(&post.clone().key(&unknown)).await, 401, "unauthorized", &[]),
        (create.answer(&post.bearer("ba_no_key_at_all")).await, 401, "unauthorized", &[]),
    ];
    for (answer, status, code, fields) in &refused {
        answer.assert_problem(*status, code, fields);
        let line = create.log_line(answer).await;
        assert_eq!((&line["status"], &line["error"]), (&json!(status), &json!(code)));
    }
    assert_eq!(create.log().len(), refused.len(), "{:?}", create.log());
    assert_nothing_personal(&create, &key);
    assert_nothing_personal(&create, &unknown);
    assert!(!create.everything_written().contains("ba_"));
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_the_very_next_request_of_a_warm_process() {
    let world = World::new().await;
    for endpoint in functions::ENDPOINTS.iter().filter(|endpoint| endpoint.is_read) {
        let function = start_on(&world, endpoint.name).await;
        let key = world.key("acme").await;
        let request = Call::to_endpoint(endpoint).key(&key);
        for _ in 0..2 {
            let served = function.answer(&request).await;
            assert!(matches!(served.status, 200 | 404), "{served:?}");
        }
        world.revoke(&key).await;
        function.answer(&request).await.assert_problem(401, "unauthorized", &[]);
    }
}

/// Guards `panic = "unwind"` in the release profile.
#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_served_by_the_same_process() {
    let world = World::new().await;
    let key = world.key("acme").await;
    let mut function = start_on(&world, PANICKING).await;
    let calm = Call::get(NOBODY).key(&key);
    let query = format!("secret={}", NAME.replace(' ', "+"));
    let panic = Call::get("panic").key(&key).query(query);
    // Once before the process has seen the key, where the handler waits for the key, and once after, where
    // the handler starts early.
    for _ in 0..2 {
        let failed = function.answer(&panic).await;
        failed.assert_problem(500, "internal_error", &[]);
        let line = function.log_line(&failed).await;
        assert_eq!(
            [&line["status"], &line["level"], &line["server_errors"]],
            [&json!(500), &json!("ERROR"), &json!(1)]
        );
        assert!(line["cause"].as_str().unwrap().contains("panicking-function.rs"), "{line}");
        let served = function.answer(&calm).await;
        assert_eq!(served.status, 200, "{served:?}");
        assert_eq!(function.log_line(&served).await["status"], 200);
    }
    assert!(function.ended().unwrap().is_none());
    let places: Vec<String> =
        function.log().into_iter().filter(|line| line.contains("panicking-function.rs")).collect();
    assert_eq!(places.len(), 4, "a line from the panic, and the request's: {:?}", function.log());
    assert_nothing_personal(&function, &key);
}

#[tokio::test]
async fn an_event_that_is_no_request_is_a_400_and_the_next_request_is_served() {
    let world = World::new().await;
    let get = start_on(&world, "get-client").await;
    for event in [json!([]), json!("event"), json!({ "version": "2.0", "headers": 5 })] {
        let refused = get.invoke(event, limits::WRITE_TIMEOUT).await;
        refused.assert_problem(400, "invalid_input", &["request"]);
    }
    let served = get.answer(&Call::get(NOBODY).key(&world.key("acme").await)).await;
    served.assert_problem(404, "not_found", &[]);
}

/// Checks that every function, started with these variables, answers 503 within its deadline.
async fn all_are_unavailable(variables: &[(&str, &str)], key: &ApiKey) {
    let each = functions::ENDPOINTS.iter().map(async |endpoint| {
        let function = start(endpoint.name, variables).await;
        // `answer` fails if the deadline passes.
        let answer = function.answer(&Call::to_endpoint(endpoint).key(key)).await;
        assert_unavailable(&answer);
        let line = function.log_line(&answer).await;
        let (error, level) = (json!("unavailable"), json!("WARN"));
        assert_eq!([&line["error"], &line["level"], &line["server_errors"]], [&error, &level, &json!(1)], "{line}");
        for debug_output in ["SdkError", "Failure(", "Error(", " { "] {
            assert!(!line.to_string().contains(debug_output), "{debug_output} in {line}");
        }
        assert_eq!(function.log().len(), 1, "{:?}", function.log());
        assert_nothing_personal(&function, key);
    });
    join_all(each).await;
}

#[tokio::test]
async fn a_closed_port_in_the_place_of_the_tables_is_a_503() {
    all_are_unavailable(&[("AWS_ENDPOINT_URL_DYNAMODB", &closed_port())], &ApiKey::generate().unwrap()).await;
}

#[tokio::test]
async fn a_missing_table_is_a_503() {
    let world = World::new().await;
    let key = world.key("acme").await;
    for table in ["CLIENTS_TABLE", "API_KEYS_TABLE"] {
        all_are_unavailable(&[("AWS_ENDPOINT_URL_DYNAMODB", world.url()), (table, "no-such-table")], &key).await;
    }
}

/// The way to an engine, which counts the connections over it. It closes the first `closed` at once.
async fn counting_connections(engine: &str, closed: u64) -> (String, Arc<AtomicU64>) {
    let connections = Arc::new(AtomicU64::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (counted, engine) = (connections.clone(), engine.trim_start_matches("http://").to_owned());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            if counted.fetch_add(1, Ordering::Relaxed) < closed {
                continue;
            }
            let mut far = TcpStream::connect(&engine).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
        }
    });
    (url, connections)
}

/// The first event finds a connection: a handshake then would cost its caller time.
#[tokio::test]
async fn a_function_connects_before_its_first_poll_and_answers_over_that_connection() {
    let world = World::new().await;
    let key = world.key("acme").await;
    let (url, connections) = counting_connections(world.url(), 0).await;
    let get = start("get-client", &[("AWS_ENDPOINT_URL_DYNAMODB", &url)]).await;
    get.first_poll().await;
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    let answer = get.answer(&Call::get(NOBODY).key(&key)).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

/// The platform may start a process long before its first event. DynamoDB closes idle connections.
#[tokio::test]
async fn a_connection_that_was_closed_before_the_first_event_costs_no_attempt() {
    let world = World::new().await;
    let key = world.key("acme").await;
    let (url, connections) = counting_connections(world.url(), 1).await;
    let create = start("create-client", &[("AWS_ENDPOINT_URL_DYNAMODB", &url)]).await;
    create.first_poll().await;
    let created = create.answer(&Call::create(&json!({ "name": NAME, "phone": PHONE })).key(&key)).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    assert_eq!(create.log_line(&created).await["round_trips"], 2, "the key and the client");
}

/// The use of a key is noted when no caller waits any more, and before the next event.
#[tokio::test]
async fn the_use_of_a_key_is_noted_after_the_answer() {
    const DELAY: Duration = Duration::from_millis(80);
    let world = World::new().await;
    let slow_notes = |call: &DynamoDbCall| {
        if call.operation == "UpdateItem" { Fault::DelayBefore(DELAY) } else { Fault::None }
    };
    let proxy = FaultProxy::start(world.url(), slow_notes).await.unwrap();
    let get = start("get-client", &[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url())]).await;
    let key = world.key("acme").await;
    let call = Call::get(NOBODY).key(&key);
    let answer = get.answer(&call).await;
    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(world.key_record(&key).await.last_used_at, None, "the answer came first");
    // The next event is polled for when the note is made.
    get.answer(&call).await;
    assert!(world.key_record(&key).await.last_used_at.is_some());
}

#[tokio::test]
async fn a_checkpoint_is_written_after_the_answer_and_the_next_process_starts_from_it() {
    // Too many for one page of a first list.
    const CLIENTS: usize = 1_100;
    const SLOW: Rate = Rate { first_byte: Duration::from_millis(300), bytes_per_second: 1 << 30 };
    let world = World::new().await;
    let org = world.org("acme");
    let created = stream::iter(0..CLIENTS).map(|n| {
        let (org, body) = (&org, json!({ "name": format!("client {n}") }));
        async move { org.create(&body).await }
    });
    created.buffer_unordered(16).collect::<Vec<_>>().await;
    let key = world.key("acme").await;
    let s3 = S3::start_with(|call| if call.method == "PUT" { S3Fault::Slow(SLOW) } else { S3Fault::None });
    let s3 = s3.await.unwrap();
    let environment = s3.environment();
    let mut variables: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB", world.url()));
    variables.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769"));
    let checkpoints = || s3.keys().iter().filter(|key| !key.ends_with(".load")).count();

    let call = Call::list().key(&key);
    let first = start("list-clients", &variables).await;
    let loaded = first.answer(&call).await;
    assert_eq!((loaded.status, loaded.body["total"].as_u64()), (200, Some(CLIENTS as u64)));
    assert_eq!(checkpoints(), 0, "the answer came first");
    // The next event is polled for when the checkpoint is written.
    first.answer(&call).await;
    assert_eq!(checkpoints(), 1);
    assert_eq!(first.log_line(&loaded).await["replica"], "loaded");

    let second = start("list-clients", &variables).await;
    let restored = second.answer(&call).await;
    assert_eq!(restored.body["total"], loaded.body["total"]);
    let line = second.log_line(&restored).await;
    assert_eq!((&line["replica"], &line["checkpoint"]), (&json!("restored"), &json!("restored")), "{line}");
}

#[tokio::test]
async fn an_engine_that_never_answers_is_a_503_before_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", url.as_str())];
    all_are_unavailable(&variables, &ApiKey::generate().unwrap()).await;

    // If the platform leaves less time than the calls would take, its deadline counts.
    let get = start("get-client", &variables).await;
    get.first_poll().await;
    let call = Call::get(NOBODY).key(&ApiKey::generate().unwrap());
    assert_unavailable(&get.invoke(call.event(), Duration::from_secs(1)).await);
}

/// The SDK's error for an answer that it cannot read must not repeat the answer.
#[tokio::test]
async fn an_unreadable_answer_of_the_table_is_a_503_and_is_not_logged() {
    let garbled = format!(r#"{{"Item":{{"name":{{"S":"{NAME}"}},"phone":{{"S":"{PHONE}"}},"notes":{{"S":"{NOTES}"#);
    let garbling = Router::new().fallback(async move || ([("content-type", "application/x-amz-json-1.0")], garbled));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, garbling).into_future());
    all_are_unavailable(&[("AWS_ENDPOINT_URL_DYNAMODB", &url)], &ApiKey::generate().unwrap()).await;
}
