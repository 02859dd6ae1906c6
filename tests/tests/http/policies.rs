//! Each function's role in the template allows the calls to DynamoDB that the function makes, and no others. A
//! proxy between each function and the engine records the calls while the other tests of this suite run. An S3 records
//! what list-clients asks of its bucket.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use domain::{ClientId, Clock, NewClient};
use end_to_end::template::{Template, logical_name};
use futures_util::{StreamExt, TryStreamExt, stream};
use local::{config_for, engine::Engine, gateway};
use serde_json::{Value, json};
use shared::{
    App,
    rate_limit::{Quotas, RateLimiter},
    store::{Store, Tables, WriteContext},
};
use testkit::{Call, DynamoDbCall, Fault, FaultProxy, S3, S3Fault, Server};
use tokio::{net::TcpListener, process::Command};

use crate::api::{new_key, variable};

/// Operations and their tables: `Query clients/index/byUpdatedAt`.
type Calls = BTreeSet<String>;

/// The use of a key and the requests of an organization are noted on this table, of which a function may write two
/// attributes.
const KEYS: &str = "UpdateItem api-keys";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_function_makes_the_calls_that_its_role_allows_and_no_others() {
    if variable("E2E_BASE_URL").is_some() {
        eprintln!("passed over: what another server asks of DynamoDB cannot be seen");
        return;
    }
    let Some(template) = Template::translated("default") else { return };
    let template = template.resolved(&[]);
    let Recorded { calls: made, writes_of_keys, objects } = recorded().await;
    assert!(!writes_of_keys.is_empty());
    let named: BTreeSet<_> = writes_of_keys.iter().flat_map(attributes).collect();
    for endpoint in functions::ENDPOINTS {
        let (function, made) = (endpoint.name, &made[endpoint.name]);
        assert!(!made.is_empty(), "{function} was called");
        assert_eq!(*made, allowed(&template, function), "{function}: made, and allowed");
        let conditions = conditions_on_keys(&template, function);
        for input in &writes_of_keys {
            assert!(conditions.iter().any(|condition| may_write(condition, input)), "{function}: {input}");
        }
        // Nor does it allow an attribute that no function names, or a kind of write that none makes.
        let mut listed = BTreeSet::new();
        for condition in conditions {
            assert!(writes_of_keys.iter().any(|input| may_write(condition, input)), "{function}: {condition}");
            let names = condition["ForAllValues:StringEquals"]["dynamodb:Attributes"].as_array().unwrap();
            listed.extend(names.iter().map(|name| name.as_str().unwrap().to_owned()));
        }
        assert_eq!(named, listed, "{function}");
    }
    assert_eq!(objects, allowed_objects(&template, "list-clients"), "made, and allowed");
}

#[test]
fn no_function_may_change_a_key_but_its_use() {
    let Some(template) = Template::translated("default") else { return };
    let template = template.resolved(&[]);
    let update =
        |item: &str, expression: &str| json!({ "Key": { "keyHash": { "S": item } }, "UpdateExpression": expression });
    for endpoint in functions::ENDPOINTS {
        let function = endpoint.name;
        let conditions = conditions_on_keys(&template, function);
        let may = |input: &Value| conditions.iter().any(|condition| may_write(condition, input));
        for item in [KEY, ORGANIZATION] {
            assert!(may(&update(item, "SET usage.x = :x REMOVE usage.y")));
            for attribute in
                ["expiresAt", "revokedAt", "orgId", "userId", "keyId", "name", "hint", "createdAt", "limits"]
            {
                assert!(!may(&update(item, &format!("SET {attribute} = :x"))), "{function}: {attribute}");
                assert!(!may(&update(item, &format!("SET limits.{attribute} = :x"))), "{function}: {attribute}");
                let more = format!("SET lastUsedAt = :now, usage.x = :x REMOVE {attribute}");
                assert!(!may(&update(item, &more)), "{function}: {attribute}");
            }
        }
        assert!(may(&update(KEY, "SET lastUsedAt = :now")));
        assert!(!may(&json!({})), "{function}: a request that names no attribute");
        assert!(!may(&json!({ "ReturnValues": "ALL_NEW" })), "{function}: a request that names no item");
        // It returns the whole item.
        for (item, is_allowed) in [(KEY, false), (ORGANIZATION, true)] {
            for returned in ["ALL_NEW", "ALL_OLD"] {
                let mut input = update(item, "SET usage.x = :x");
                input["ReturnValues"] = json!(returned);
                assert_eq!(may(&input), is_allowed && returned == "ALL_NEW", "{function}: {returned} of {item}");
            }
        }
    }
}

/// The partition keys of a key's item and of an organization's.
const KEY: &str = "0c7e6a405862e402eb76a70f8a26fc732d07c32931e9fae9ab1582911d2e8a3b";
const ORGANIZATION: &str = "org#acme";

/// The conditions under which a function's role allows it to write to the table of keys.
fn conditions_on_keys<'a>(template: &'a Value, function: &str) -> Vec<&'a Value> {
    let on_keys = statements(template, function).filter(|statement| calls(statement).contains(KEYS));
    on_keys.map(|statement| &statement["Condition"]).collect()
}

/// Evaluates the condition as IAM does.
fn may_write(condition: &Value, input: &Value) -> bool {
    let named = attributes(input);
    let item = input["Key"]["keyHash"]["S"].as_str();
    let returned = input["ReturnValues"].as_str();
    let mut holds = true;
    for (operator, keys) in condition.as_object().expect("a condition") {
        for (key, expected) in keys.as_object().expect("keys") {
            let is_expected = |value: &str| match expected.as_array() {
                Some(list) => list.contains(&json!(value)),
                None => expected == value,
            };
            holds &= match (operator.as_str(), key.as_str()) {
                ("ForAllValues:StringEquals", "dynamodb:Attributes") => named.iter().all(|name| is_expected(name)),
                ("Null", "dynamodb:Attributes") => named.is_empty() == (expected == "true"),
                ("ForAllValues:StringLike", "dynamodb:LeadingKeys") => item.is_none_or(|item| {
                    let mut prefixes = expected.as_array().unwrap().iter().map(|like| like.as_str().unwrap());
                    prefixes.any(|like| item.starts_with(like.strip_suffix('*').expect("a prefix")))
                }),
                ("Null", "dynamodb:LeadingKeys") => item.is_none() == (expected == "true"),
                ("StringEqualsIfExists", "dynamodb:ReturnValues") => returned.is_none_or(is_expected),
                ("StringEquals", "dynamodb:ReturnValues") => returned.is_some_and(is_expected),
                _ => panic!("{operator} {key}"),
            };
        }
    }
    holds
}

/// The attributes that a request names, as DynamoDB counts them: in its key and in all of its expressions, without what
/// is within them.
fn attributes(input: &Value) -> BTreeSet<String> {
    let names = input["ExpressionAttributeNames"].as_object();
    let mut found: BTreeSet<_> = input["Key"].as_object().into_iter().flat_map(|key| key.keys().cloned()).collect();
    for expression in ["UpdateExpression", "ConditionExpression", "ProjectionExpression"] {
        let words = input[expression].as_str().unwrap_or_default();
        let words = words.split(|c: char| !c.is_alphanumeric() && !['#', ':', '_', '.'].contains(&c));
        let words = words.map(|path| path.split('.').next().unwrap_or_default());
        let is_name = |word: &&str| {
            let is_keyword = word.chars().all(|c| c.is_uppercase()) || word.starts_with("attribute_");
            !word.is_empty() && !word.starts_with(':') && !is_keyword
        };
        found.extend(words.filter(is_name).map(|word| match names.and_then(|names| names.get(word)) {
            Some(name) => name.as_str().expect("a name").to_owned(),
            None => word.to_owned(),
        }));
    }
    found
}

/// What the functions ask for while the rest of this suite runs.
struct Recorded {
    /// The calls of each function.
    calls: BTreeMap<&'static str, Calls>,
    /// The inputs of those that write to the table of keys.
    writes_of_keys: Vec<Value>,
    /// The requests for objects: `GetObject checkpoints/*`.
    objects: BTreeSet<String>,
}

async fn recorded() -> Recorded {
    let engine = Engine::in_memory().await.unwrap();
    let objects = Arc::new(Mutex::new(BTreeSet::new()));
    let requests = objects.clone();
    let s3 = S3::start_with(move |call| {
        let prefix = call.key.split_inclusive('/').next().unwrap();
        let operation = match call.method.as_str() {
            "GET" => "GetObject",
            "PUT" => "PutObject",
            "DELETE" => "DeleteObject",
            other => other,
        };
        requests.lock().unwrap().insert(format!("{operation} {prefix}*"));
        S3Fault::None
    });
    let s3 = s3.await.unwrap();
    let app = App {
        store: Store::new(engine.config(), Tables::default()),
        objects: Some(s3.objects()),
        clock: Clock::system(),
        // Each first request is noted.
        rate_limiter: RateLimiter::new(Quotas { key: Some(200), organization: Some(200) }),
    };
    app.store.create_tables().await.unwrap();
    for org in ["acme", "other", "large"] {
        let unlimited = Quotas { key: Some(0), organization: Some(0) };
        app.store.set_organization_quotas(&org.parse().unwrap(), unlimited).await.unwrap();
    }
    let (key, _) = new_key(&app, "acme", Duration::from_secs(3600)).await;
    let (other_key, _) = new_key(&app, "other", Duration::from_secs(3600)).await;
    let (revoked_key, record) = new_key(&app, "acme", Duration::from_secs(3600)).await;
    app.store.revoke_api_key(&record, app.clock.now()).await.unwrap();

    let recorded = Arc::new(Mutex::new(BTreeMap::<&str, Calls>::new()));
    let writes_of_keys = Arc::new(Mutex::new(Vec::new()));
    let (mut services, mut recorders) = (Vec::new(), Vec::new());
    for endpoint in functions::ENDPOINTS {
        let (calls, writes) = (recorded.clone(), writes_of_keys.clone());
        let recorder = FaultProxy::start(engine.url(), move |call| {
            let described = described(call);
            if described.iter().any(|call| call == KEYS) {
                writes.lock().unwrap().push(call.input.clone());
            }
            calls.lock().unwrap().entry(endpoint.name).or_default().extend(described);
            Fault::None
        });
        let recorder = recorder.await.unwrap();
        let store = Store::new(&config_for(&recorder.url()), Tables::default());
        services.push((endpoint.service)(App { store, ..app.clone() }));
        recorders.push(recorder);
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
    tokio::spawn(gateway::serve(listener, services, None, std::future::pending()));

    // The use of a key and of an organization is noted by the function that meets it first: let each meet one.
    for endpoint in functions::ENDPOINTS {
        let (unused, _) = new_key(&app, endpoint.name, Duration::from_secs(3600)).await;
        let answer = Server::at(&base).answer(&Call::to_endpoint(endpoint).bearer(&unused)).await;
        assert!(answer.status < 500);
    }

    // Of an organization of more than a page of the change feed, list-clients keeps a checkpoint, under a lease.
    let (large_key, caller) = new_key(&app, "large", Duration::from_secs(3600)).await;
    let context = WriteContext::new(caller.caller, app.clock.now());
    let body = json!({ "name": "n", "notes": "n".repeat(250) }).to_string();
    let creations = stream::iter(0..2500).map(|_| {
        let new = NewClient::parse(body.as_bytes()).unwrap();
        app.store.create(&context, ClientId::random(), new, None)
    });
    creations.buffer_unordered(32).try_for_each(async |_| Ok(())).await.unwrap();
    Server::at(&base).answer(&Call::list().bearer(&large_key)).await;
    let begin = Instant::now();
    while objects.lock().unwrap().len() < 3 && begin.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let mut suite = Command::new(env::current_exe().unwrap());
    suite
        .args(["--skip", "policies::"])
        .env("E2E_BASE_URL", base)
        .env("E2E_KEY", key)
        .env("E2E_OTHER_KEY", other_key)
        .env("E2E_REVOKED_KEY", revoked_key)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let suite = tokio::time::timeout(Duration::from_secs(300), suite.output()).await.expect("the suite ends").unwrap();
    assert!(suite.status.success(), "{}", String::from_utf8_lossy(&suite.stdout));
    let calls = std::mem::take(&mut *recorded.lock().unwrap());
    let writes_of_keys = std::mem::take(&mut *writes_of_keys.lock().unwrap());
    let objects = std::mem::take(&mut *objects.lock().unwrap());
    Recorded { calls, writes_of_keys, objects }
}

fn described(call: &DynamoDbCall) -> Vec<String> {
    let table = call.input["TableName"].as_str();
    let tables: Vec<&str> = match call.input["RequestItems"].as_object() {
        Some(batch) => batch.keys().map(String::as_str).collect(),
        None => table.into_iter().collect(),
    };
    let index = call.input["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
    tables.into_iter().map(|table| format!("{} {table}{index}", call.operation)).collect()
}

/// The calls that the function's role allows.
fn allowed(template: &Value, function: &str) -> Calls {
    let mut allowed = Calls::new();
    for call in statements(template, function).flat_map(calls) {
        assert!(call == KEYS || !allowed.contains(&call), "{function}: {call} is allowed once");
        allowed.insert(call);
    }
    allowed
}

/// The requests for objects that the function's role allows.
fn allowed_objects(template: &Value, function: &str) -> BTreeSet<String> {
    let all = all_statements(template, function);
    let on_objects = all.filter(|statement| statement["Resource"].as_str().is_some_and(|arn| arn.ends_with("/*")));
    let allowed = on_objects.flat_map(|statement| {
        let prefix = statement["Resource"].as_str().unwrap().strip_prefix("${CheckpointsBucket.Arn}/").unwrap();
        let actions = statement["Action"].as_array().unwrap().iter();
        actions.map(move |action| format!("{} {prefix}", action.as_str().unwrap().strip_prefix("s3:").unwrap()))
    });
    allowed.collect()
}

/// The statements of the function's role about tables.
fn statements<'a>(template: &'a Value, function: &str) -> impl Iterator<Item = &'a Value> {
    all_statements(template, function).filter(|statement| {
        let is_of_s3 = statement["Resource"].as_str().is_some_and(|arn| arn.starts_with("${CheckpointsBucket.Arn}"));
        statement["Sid"] != "WriteLogLines" && !is_of_s3
    })
}

fn all_statements<'a>(template: &'a Value, function: &str) -> impl Iterator<Item = &'a Value> {
    let policies = template["Resources"][format!("{}FunctionRole", logical_name(function))]["Properties"]["Policies"]
        .as_array()
        .unwrap();
    policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap())
}

/// The calls that a statement allows.
fn calls(statement: &Value) -> Calls {
    let action = statement["Action"].as_str().expect("one action a statement");
    let operation = action.strip_prefix("dynamodb:").expect("tables alone");
    let resource = statement["Resource"].as_str().expect("one resource a statement");
    let resource = resource.replace("${ClientsTable.Arn}", "clients").replace("${ApiKeysTable.Arn}", "api-keys");
    [format!("{operation} {resource}")].into()
}
