//! The API under test, and the sessions that the tests have with it.

use std::{sync::LazyLock, time::Duration};

use serde_json::{Value, json};
use shared::{
    App,
    store::{ApiKeyRecord, NewApiKey},
};
use testkit::{Answer, Call, Server, World};

/// The path of a client that no test creates.
pub(crate) const NOBODY: &str = "/clients/00000000-0000-4000-8000-000000000000";

/// The API under test.
struct Api {
    server: Server,
    key: String,
    other_key: String,
    /// Its tables, if it runs in this process.
    world: Option<World>,
}

static API: LazyLock<Api> = LazyLock::new(|| match variable("E2E_BASE_URL") {
    Some(base) => Api {
        server: Server::at(&base),
        key: variable("E2E_KEY").expect("E2E_KEY goes with E2E_BASE_URL"),
        other_key: variable("E2E_OTHER_KEY").expect("E2E_OTHER_KEY goes with E2E_BASE_URL"),
        world: None,
    },
    // The runtime of the test that comes here first is no place to block in.
    None => std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(in_process())
    })
    .join()
    .unwrap(),
});

async fn in_process() -> Api {
    let world = World::new().await;
    let [key, other_key] = ["acme", "other"].map(|org| world.key(org));
    let (key, other_key) = (key.await.reveal().to_owned(), other_key.await.reveal().to_owned());
    let server = world.server().await;
    Api { server, key, other_key, world: Some(world) }
}

/// The value of an environment variable, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The tables of the API under test, for a case that cannot be made from outside. Against another server
/// the case is skipped, and the message gives the reason.
pub(crate) fn only_in_process(reason: &str) -> Option<World> {
    if API.world.is_none() {
        eprintln!("skipped: {reason}");
    }
    API.world.as_ref().map(World::reconnected)
}

/// A test's session with the API: connections of its own, and an API key.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) server: Server,
    pub(crate) key: String,
}

impl Session {
    /// A session of the organization under test.
    pub(crate) fn new() -> Self {
        Self::with_key(&API.key)
    }

    /// A session of another organization.
    pub(crate) fn of_another_organization() -> Self {
        Self::with_key(&API.other_key)
    }

    /// A session with this API key.
    pub(crate) fn with_key(key: &str) -> Self {
        Self { server: API.server.reconnected(), key: key.to_owned() }
    }

    /// A call with the session's API key.
    pub(crate) fn call(&self, method: &'static str, path: &str) -> Call {
        Call::new(method, path).bearer(&self.key)
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        self.server.answer(&call).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.call("GET", path)).await
    }

    /// A list with these parameters, which are encoded.
    pub(crate) async fn list(&self, parameters: &[(&str, &str)]) -> Answer {
        self.send(self.call("GET", "/clients").parameters(parameters)).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Answer {
        self.send(self.call("POST", "/clients").json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.call("PUT", path).json(body)).await
    }

    pub(crate) async fn restore(&self, path: &str) -> Answer {
        self.send(self.call("POST", &format!("{path}/restore"))).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.call("PATCH", path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.call("DELETE", path)).await
    }

    /// Creates a client, which must succeed, and gives its path and its JSON.
    pub(crate) async fn create(&self, body: &Value) -> (String, Value) {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        (format!("/clients/{}", answer.id()), answer.data().clone())
    }
}

/// A new key of `org`, and its record.
pub(crate) async fn new_key(app: &App, org: &str, life: Duration) -> (String, ApiKeyRecord) {
    let key = domain::ApiKey::generate().unwrap();
    let now = app.clock.now();
    let new = NewApiKey {
        org: org.parse().unwrap(),
        user: "tester".parse().unwrap(),
        name: "end-to-end test".to_owned(),
        expires_at: now.after(life),
    };
    let record = app.store.create_api_key(&key, new, now).await.unwrap();
    (key.reveal().to_owned(), record)
}

/// A text that no other test and no other run has in its names.
pub(crate) fn token() -> String {
    format!("tk{:016x}", fastrand::u64(..))
}

/// A body with a name that holds `token` and nothing else.
pub(crate) fn named(token: &str) -> Value {
    json!({ "name": format!("Client {token}") })
}

/// The number of clients with `token` in their names.
pub(crate) async fn count(session: &Session, token: &str) -> u64 {
    let answer = session.list(&[("query", token), ("limit", "1")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["total"].as_u64().unwrap()
}
