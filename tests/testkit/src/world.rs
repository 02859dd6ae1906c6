//! Tables on an engine.
//!
//! The embedded engine is always there. DynamoDB Local is used if `DYNAMODB_LOCAL_URL` has its URL; if the
//! variable is not set, its tests are skipped on a developer's machine and fail in CI.

use std::{collections::HashMap, env, future::Future, net::TcpListener, panic, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{ApiKey, Clock, Timestamp};
use futures_util::FutureExt;
use local::engine::{Engine, config_for};
use shared::{
    App,
    objects::Objects,
    rate_limit::{Quotas, RateLimiter},
    store::{ApiKeyRecord, NewApiKey, Store, Tables},
};

use crate::{FaultProxy, Instance, Org, Server};

/// The variable with the URL of DynamoDB Local.
const DYNAMODB_LOCAL_URL: &str = "DYNAMODB_LOCAL_URL";
/// The time after which the API keys of a world expire.
pub const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A DynamoDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// The engine of `local`, new for every test.
    Embedded,
    /// Amazon's own, shared by all tests.
    DynamoDbLocal,
}

/// The two tables on an engine, and the way to them. Clones share the tables.
#[derive(Clone, Debug)]
pub struct World {
    /// The engine.
    pub engine: EngineKind,
    /// The store on the tables.
    pub store: Store,
    /// The names of the tables.
    pub tables: Tables,
    /// The storage for checkpoints. A new world has none.
    pub objects: Option<Objects>,
    /// The clock of the instances.
    pub clock: Clock,
    /// The limits on requests. A new world has none.
    pub quotas: Quotas,
    /// The time at which the world began. A test's timestamps are near the present, because the engines
    /// delete items that have expired.
    pub start: Timestamp,
    config: SdkConfig,
    url: String,
    _embedded: Option<Arc<Engine>>,
}

impl World {
    /// New tables on a new embedded engine.
    ///
    /// # Panics
    /// Panics if the engine fails.
    pub async fn new() -> Self {
        let world = Self::without_tables().await;
        world.store.create_tables().await.expect("the tables can be created");
        world
    }

    /// A new embedded engine without tables.
    ///
    /// # Panics
    /// Panics if the engine fails.
    pub async fn without_tables() -> Self {
        let engine = Engine::in_memory().await.expect("the embedded engine starts");
        let (config, url) = (engine.config().clone(), engine.url().to_owned());
        Self { _embedded: Some(Arc::new(engine)), ..Self::of(EngineKind::Embedded, config, url, Tables::default()) }
    }

    /// A DynamoDB at a port where nothing listens.
    ///
    /// # Panics
    /// Panics if there is no free port.
    #[must_use]
    pub fn unreachable() -> Self {
        let url = closed_port();
        Self::of(EngineKind::Embedded, config_for(&url), url, Tables::default())
    }

    fn of(engine: EngineKind, config: SdkConfig, url: String, tables: Tables) -> Self {
        let clock = Clock::system();
        let store = Store::new(&config, tables.clone());
        Self {
            engine,
            store,
            tables,
            objects: None,
            start: clock.now(),
            clock,
            quotas: Quotas::default(),
            config,
            url,
            _embedded: None,
        }
    }

    /// The same tables, reached through a proxy.
    #[must_use]
    pub fn behind(&self, proxy: &FaultProxy) -> Self {
        let (url, config) = (proxy.url(), config_for(&proxy.url()));
        Self { store: Store::new(&config, self.tables.clone()), config, url, ..self.clone() }
    }

    /// The same tables, over connections of its own: those of a test end with the test's runtime.
    #[must_use]
    pub fn reconnected(&self) -> Self {
        Self { store: Store::new(&self.config, self.tables.clone()), ..self.clone() }
    }

    /// The same tables, whose instances have this clock.
    #[must_use]
    pub fn with_clock(&self, clock: Clock) -> Self {
        Self { clock, ..self.clone() }
    }

    /// The same tables, whose instances keep their checkpoints here.
    #[must_use]
    pub fn with_objects(&self, objects: Objects) -> Self {
        Self { objects: Some(objects), ..self.clone() }
    }

    /// The same tables, whose instances keep these limits.
    #[must_use]
    pub fn with_quotas(&self, quotas: Quotas) -> Self {
        Self { quotas, ..self.clone() }
    }

    /// A store on the same engine, on tables that do not exist.
    #[must_use]
    pub fn store_without_tables(&self) -> Store {
        Store::new(&self.config, random_tables())
    }

    /// The URL of the engine.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The SDK's configuration for the engine.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// A time, in seconds after the start.
    #[must_use]
    pub fn at(&self, seconds: u64) -> Timestamp {
        self.start.after(Duration::from_secs(seconds))
    }

    /// The state of a process on these tables.
    #[must_use]
    pub fn app(&self) -> App {
        App {
            store: self.store.clone(),
            objects: self.objects.clone(),
            clock: self.clock.clone(),
            rate_limiter: RateLimiter::new(self.quotas),
        }
    }

    /// A new instance of every function.
    #[must_use]
    pub fn instance(&self) -> Instance {
        Instance::new(self.app())
    }

    /// The API over HTTP.
    ///
    /// # Panics
    /// Panics if there is no free port.
    pub async fn server(&self) -> Server {
        Server::start(&self.reconnected().app()).await.expect("a free port")
    }

    /// An organization.
    ///
    /// # Panics
    /// Panics if `id` is not the identifier of one.
    #[must_use]
    pub fn org(&self, id: &str) -> Org {
        Org::new(self.app(), id)
    }

    /// A new API key of an organization.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn key(&self, org: &str) -> ApiKey {
        self.key_expiring_after(org, KEY_LIFE).await
    }

    /// A new API key of an organization that expires after `life`.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn key_expiring_after(&self, org: &str, life: Duration) -> ApiKey {
        let key = ApiKey::generate().expect("the operating system gives randomness");
        let now = self.clock.now();
        let new = NewApiKey {
            org: org.parse().expect("an identifier"),
            user: "ann".parse().expect("an identifier"),
            name: "A key".to_owned(),
            expires_at: now.after(life),
        };
        self.store.create_api_key(&key, new, now).await.expect("the key can be created");
        key
    }

    /// The record of an API key.
    ///
    /// # Panics
    /// Panics if there is none.
    pub async fn key_record(&self, key: &ApiKey) -> ApiKeyRecord {
        self.store.find_api_key(&key.hash()).await.expect("the key can be read").expect("the key is in the table")
    }

    /// Revokes an API key.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn revoke(&self, key: &ApiKey) {
        let record = self.key_record(key).await;
        self.store.revoke_api_key(&record, self.clock.now()).await.expect("the key can be revoked");
    }

    /// Lets an API key expire now.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn expire(&self, key: &ApiKey) {
        let record = self.key_record(key).await;
        self.store.expire_api_key(&record, self.clock.now()).await.expect("the key can be changed");
    }

    /// Every item of a table as it is stored, read without any code of ours.
    ///
    /// # Panics
    /// Panics if the table fails.
    pub async fn dump(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let client = shared::store::sdk_client(&self.config);
        let items = client.scan().table_name(table).consistent_read(true).into_paginator().items().send();
        items.try_collect().await.expect("the table can be read")
    }
}

/// Runs a test on tables of its own on an engine, and deletes them however the test ends. If the engine is
/// absent and may be, it says so and does nothing.
///
/// # Panics
/// Panics if the test does, if the engine fails, and in CI if the engine is absent.
#[allow(clippy::panic, reason = "for tests, which fail by it")]
pub async fn on_engine<F: Future<Output = ()>>(engine: EngineKind, test: impl FnOnce(World) -> F) {
    let world = match (engine, env::var(DYNAMODB_LOCAL_URL)) {
        (EngineKind::Embedded, _) => World::new().await,
        (EngineKind::DynamoDbLocal, Ok(url)) => {
            let world = World::of(EngineKind::DynamoDbLocal, config_for(&url), url, random_tables());
            world.store.create_tables().await.expect("the tables can be created");
            world
        }
        (EngineKind::DynamoDbLocal, Err(_)) if env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("{DYNAMODB_LOCAL_URL} is not set, and in CI every engine must be there")
        }
        (EngineKind::DynamoDbLocal, Err(_)) => {
            eprintln!("skipped: {DYNAMODB_LOCAL_URL} is not set (scripts/dynamodb-local starts the engine)");
            return;
        }
    };
    let outcome = panic::AssertUnwindSafe(test(world.clone())).catch_unwind().await;
    let cleaned_up = match engine {
        EngineKind::Embedded => Ok(()),
        EngineKind::DynamoDbLocal => world.store.delete_tables().await,
    };
    if let Err(failure) = outcome {
        panic::resume_unwind(failure);
    }
    cleaned_up.expect("the tables can be deleted");
}

/// The URL of a port at which nothing listens.
///
/// # Panics
/// Panics if there is no free port.
#[must_use]
pub fn closed_port() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    format!("http://{}", listener.local_addr().expect("a bound listener"))
}

/// Names that no other test and no earlier run has.
fn random_tables() -> Tables {
    let suffix = domain::KeyId::random();
    Tables { clients: format!("test-clients-{suffix}"), api_keys: format!("test-api-keys-{suffix}") }
}

/// Makes a test of each statement on each engine. A statement is an `async fn(World)`.
#[macro_export]
macro_rules! on_every_engine {
    ($($statement:ident,)*) => {
        mod embedded {
            $(#[tokio::test] async fn $statement() {
                $crate::on_engine($crate::EngineKind::Embedded, super::$statement).await;
            })*
        }
        mod dynamodb_local {
            $(#[tokio::test] async fn $statement() {
                $crate::on_engine($crate::EngineKind::DynamoDbLocal, super::$statement).await;
            })*
        }
    };
}
