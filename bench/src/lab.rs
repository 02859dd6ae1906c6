//! Tables on an engine, and organizations in them.

use std::{env, path::Path, time::Duration};

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use domain::{ApiKey, Caller, Client, KeyId, NewClient, OrgId};
use futures_util::{StreamExt, TryStreamExt, stream};
use local::engine::{Engine, config_for};
use shared::{
    App,
    store::{NewApiKey, Store, Tables, WriteContext},
};

/// The environment variable with DynamoDB Local's URL.
const DYNAMODB_LOCAL_URL: &str = "DYNAMODB_LOCAL_URL";
/// The number of concurrent writes while an organization is filled.
const CONCURRENCY: usize = 32;
/// The number of tries of a write, if the engine falls behind.
const TRIES: u32 = 10;
/// The life of a key: longer than any run.
const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// The user and the key of all writes. They are as long as real ones, because they are part of every item.
const USER: &str = "bench-000000000000000000000000000000";
const KEY: &str = "key_00000000000000000000000000000000";

/// The two tables on an engine.
pub(crate) struct Lab {
    /// The engine's name.
    pub(crate) engine: &'static str,
    /// The store on the tables, and the system's clock.
    pub(crate) app: App,
    /// The names of the tables.
    pub(crate) tables: Tables,
    /// The SDK's configuration for the engine.
    pub(crate) config: SdkConfig,
    /// Keeps the embedded engine running.
    _engine: Option<Engine>,
}

impl Lab {
    /// Tables on the embedded engine, in memory.
    pub(crate) async fn embedded() -> Result<Self> {
        let engine = Engine::in_memory().await?;
        Self::new("embedded", engine.config().clone(), Some(engine)).await
    }

    /// Tables on the embedded engine, with its database in `folder`, as under `cargo run`.
    pub(crate) async fn on_disk(folder: &Path) -> Result<Self> {
        let engine = Engine::open(&folder.join("database")).await?;
        Self::new("embedded, on disk", engine.config().clone(), Some(engine)).await
    }

    /// Tables on DynamoDB Local; `None` if `DYNAMODB_LOCAL_URL` is not set.
    pub(crate) async fn dynamodb_local() -> Result<Option<Self>> {
        match env::var(DYNAMODB_LOCAL_URL) {
            Ok(url) => Self::new("DynamoDB Local", config_for(&url), None).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    async fn new(engine: &'static str, config: SdkConfig, held: Option<Engine>) -> Result<Self> {
        let suffix = KeyId::random();
        let tables =
            Tables { clients: format!("bench-clients-{suffix}"), api_keys: format!("bench-api-keys-{suffix}") };
        let store = Store::new(&config, tables.clone());
        store.create_tables().await.context("cannot create the tables")?;
        Ok(Self { engine, app: App::on(store), tables, config, _engine: held })
    }

    /// Deletes the tables. It takes longer than the store's timeouts allow, so it calls the engine itself.
    pub(crate) async fn close(self) -> Result<()> {
        let db = shared::store::sdk_client(&self.config);
        for table in [&self.tables.clients, &self.tables.api_keys] {
            db.delete_table().table_name(table).send().await.with_context(|| format!("cannot delete {table}"))?;
        }
        Ok(())
    }

    /// Creates a key of an organization.
    pub(crate) async fn key(&self, org: &OrgId) -> Result<ApiKey> {
        let key = ApiKey::generate().context("the operating system gives no randomness")?;
        let now = self.app.clock.now();
        let new = NewApiKey {
            org: org.clone(),
            user: caller(org)?.user,
            name: "bench".to_owned(),
            expires_at: now.after(KEY_LIFE),
        };
        self.app.store.create_api_key(&key, new, now).await?;
        Ok(key)
    }

    /// Creates clients through the store, each at its own `created_at`, which is long past: no refresh of a replica
    /// reads them again.
    pub(crate) async fn fill(&self, org: &OrgId, clients: &[Client]) -> Result<()> {
        let caller = caller(org)?;
        stream::iter(clients)
            .map(|client| self.create(&caller, client))
            .buffer_unordered(CONCURRENCY)
            .try_collect::<()>()
            .await
            .context("cannot fill the organization")
    }

    async fn create(&self, caller: &Caller, client: &Client) -> Result<()> {
        let context = WriteContext::new(caller.clone(), client.created_at);
        let new = NewClient::from(client.clone());
        let mut tries = 1;
        while let Err(error) = self.app.store.create(&context, client.id, new.clone(), None).await {
            if tries == TRIES {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(200) * tries).await;
            tries += 1;
        }
        Ok(())
    }
}

/// The caller of all writes to an organization.
pub(crate) fn caller(org: &OrgId) -> Result<Caller> {
    Ok(Caller { org: org.clone(), user: USER.parse()?, key_id: KEY.parse()? })
}
