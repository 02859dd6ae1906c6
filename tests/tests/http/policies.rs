//! What each function asks of DynamoDB, and what its role in the template allows: the same. The calls are
//! recorded while all the other tests of this suite run against the functions, each of which has a
//! recorder between it and the engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::Clock;
use end_to_end::{
    faults::{Call, Fault, FaultProxy},
    template::Template,
};
use local::{config_for, engine::Engine, gateway};
use serde_json::Value;
use shared::{
    App,
    store::{Store, Tables},
};
use tokio::{net::TcpListener, process::Command};

use crate::api::{NOBODY, new_key, variable};

/// Actions and what they are done to: `Query clients/index/byUpdatedAt`.
type Calls = BTreeSet<String>;

/// The logical name of a function in the template: `GetClientFunction` for `get-client`.
fn logical_name(name: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalized).chain(["Function".to_owned()]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_function_makes_the_calls_that_its_role_allows_and_no_others() {
    if variable("E2E_BASE_URL").is_some() {
        eprintln!("passed over: what another server asks of DynamoDB cannot be seen");
        return;
    }
    let Some(template) = Template::translated("default") else { return };
    let template = template.resolved(&[]);
    let made = recorded().await;
    for endpoint in functions::ENDPOINTS {
        let (function, made) = (endpoint.name, &made[endpoint.name]);
        assert!(!made.is_empty(), "{function} was called");
        assert_eq!(*made, allowed(&template, &logical_name(function)), "{function}: made, and allowed");
    }
}

/// The calls that each function makes while the rest of this suite runs.
async fn recorded() -> BTreeMap<&'static str, Calls> {
    let engine = Engine::in_memory().await.unwrap();
    let app = App { store: Store::new(engine.config(), Tables::default()), clock: Clock::system() };
    app.store.create_tables().await.unwrap();
    let (key, _) = new_key(&app, "acme", Duration::from_secs(3600)).await;
    let (other_key, _) = new_key(&app, "other", Duration::from_secs(3600)).await;
    let (revoked_key, record) = new_key(&app, "acme", Duration::from_secs(3600)).await;
    app.store.revoke_api_key(&record, app.clock.now()).await.unwrap();

    let recorded = Arc::new(Mutex::new(BTreeMap::<&str, Calls>::new()));
    let (mut services, mut recorders) = (Vec::new(), Vec::new());
    for endpoint in functions::ENDPOINTS {
        let calls = recorded.clone();
        let recorder = FaultProxy::start(engine.url(), move |call| {
            calls.lock().unwrap().entry(endpoint.name).or_default().extend(described(call));
            Fault::None
        });
        let recorder = recorder.await.unwrap();
        let store = Store::new(&config_for(&recorder.url()), Tables::default());
        services.push((endpoint.service)(App { store, ..app.clone() }));
        recorders.push(recorder);
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
    tokio::spawn(gateway::serve(listener, services, std::future::pending()));

    // The use of a key is noted once a minute, by whichever function it meets: let it meet each.
    let all = "/clients";
    for (method, path) in [("GET", all), ("POST", all), ("GET", NOBODY), ("PATCH", NOBODY), ("DELETE", NOBODY)] {
        let (unused, _) = new_key(&app, "acme", Duration::from_secs(3600)).await;
        let method = method.parse().unwrap();
        let request = reqwest::Client::new().request(method, format!("{base}{path}")).bearer_auth(unused);
        assert!(request.send().await.unwrap().status().as_u16() < 500);
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
    std::mem::take(&mut *recorded.lock().unwrap())
}

fn described(call: &Call) -> Vec<String> {
    let table = call.input["TableName"].as_str();
    let tables: Vec<&str> = match call.input["RequestItems"].as_object() {
        Some(batch) => batch.keys().map(String::as_str).collect(),
        None => table.into_iter().collect(),
    };
    let index = call.input["IndexName"].as_str().map(|index| format!("/index/{index}")).unwrap_or_default();
    tables.into_iter().map(|table| format!("{} {table}{index}", call.operation)).collect()
}

/// What the function's role allows it to do to tables.
fn allowed(template: &Value, function: &str) -> Calls {
    let policies = template["Resources"][format!("{function}Role")]["Properties"]["Policies"].as_array().unwrap();
    let statements = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    let mut calls = Calls::new();
    for statement in statements {
        let action = statement["Action"].as_str().expect("one action a statement");
        let operation = action.strip_prefix("dynamodb:").expect("tables alone");
        let resource = statement["Resource"].as_str().expect("one resource a statement");
        let resource = resource.replace("${ClientsTable.Arn}", "clients").replace("${ApiKeysTable.Arn}", "api-keys");
        assert!(calls.insert(format!("{operation} {resource}")), "{function}: {action} is allowed once");
    }
    calls
}
