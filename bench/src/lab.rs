//! Tables of our own on an engine, and organizations in them.

use std::{env, path::Path, time::Duration};

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use futures_util::{StreamExt, TryStreamExt, stream};
use local::engine::{Engine, config_for};
use shared::{ApiKey, App, Caller, Client, Clock, KeyId, NewClient, NewKey, OrgId, Stamp, Store, Tables};

/// The variable that says where DynamoDB Local answers.
const DYNAMODB_LOCAL_URL: &str = "DYNAMODB_LOCAL_URL";
/// How many writes are under way at a time while an organization is filled.
const IN_FLIGHT: usize = 32;
/// How often a write is made anew where the engine falls behind.
const TRIES: u32 = 10;
/// How long a key opens its organization: longer than any run.
const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Who writes, and with which key: identifiers as long as real ones, because they are part of every item.
const USER: &str = "bench-000000000000000000000000000000";
const KEY: &str = "key_00000000000000000000000000000000";

/// Two tables on an engine.
pub(crate) struct Lab {
    /// What the engine is called.
    pub(crate) engine: &'static str,
    /// The store on the tables, and the system's clock.
    pub(crate) app: App,
    /// Their names.
    pub(crate) tables: Tables,
    /// How the engine is reached.
    pub(crate) config: SdkConfig,
    /// The embedded engine, which runs while it is held.
    _engine: Option<Engine>,
}

impl Lab {
    /// On the embedded engine, in memory.
    pub(crate) async fn embedded() -> Result<Self> {
        let engine = Engine::in_memory().await?;
        Self::new("embedded", engine.config().clone(), Some(engine)).await
    }

    /// On the embedded engine, with a database in this folder, as under `cargo run`.
    pub(crate) async fn on_disk(folder: &Path) -> Result<Self> {
        let engine = Engine::open(&folder.join("database")).await?;
        Self::new("embedded, on disk", engine.config().clone(), Some(engine)).await
    }

    /// On Amazon's own engine, where `DYNAMODB_LOCAL_URL` says where it is.
    pub(crate) async fn dynamodb_local() -> Result<Option<Self>> {
        match env::var(DYNAMODB_LOCAL_URL) {
            Ok(url) => Self::new("DynamoDB Local", config_for(&url), None).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    async fn new(engine: &'static str, config: SdkConfig, held: Option<Engine>) -> Result<Self> {
        let tag = KeyId::random();
        let tables = Tables { clients: format!("bench-clients-{tag}"), api_keys: format!("bench-api-keys-{tag}") };
        let store = Store::new(&config, tables.clone());
        store.create_tables().await.context("cannot make the tables")?;
        Ok(Self { engine, app: App { store, clock: Clock::system() }, tables, config, _engine: held })
    }

    /// Deletes the tables, however long that takes: the store's own timeouts are for requests.
    pub(crate) async fn close(self) -> Result<()> {
        let db = aws_sdk_dynamodb::Client::new(&self.config);
        for table in [&self.tables.clients, &self.tables.api_keys] {
            db.delete_table().table_name(table).send().await.with_context(|| format!("cannot delete {table}"))?;
        }
        Ok(())
    }

    /// A new key to this organization.
    pub(crate) async fn key(&self, org: &OrgId) -> Result<ApiKey> {
        let key = ApiKey::generate().context("the operating system gives no randomness")?;
        let now = self.app.clock.now();
        let new = NewKey {
            org: org.clone(),
            user: caller(org)?.user,
            name: "bench".to_owned(),
            expires_at: now.after(KEY_LIFE),
        };
        self.app.store.create_key(&key, new, now).await?;
        Ok(key)
    }

    /// Creates these clients through the store, each when it says it was created: long ago, so that
    /// no refresh of a replica reads them again.
    pub(crate) async fn fill(&self, org: &OrgId, clients: &[Client]) -> Result<()> {
        let caller = caller(org)?;
        stream::iter(clients)
            .map(|client| self.create(&caller, client))
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>()
            .await
            .context("cannot fill the organization")
    }

    async fn create(&self, caller: &Caller, client: &Client) -> Result<()> {
        let stamp = Stamp { caller: caller.clone(), at: client.created_at };
        let Client { name, phone, status, notes, .. } = client.clone();
        let new = NewClient { name, phone, status, notes };
        let mut tries = 1;
        // A conflict is an earlier try that took effect: identifiers are random.
        while let Err(error) = self.app.store.create(&stamp, client.id, new.clone(), None).await {
            if tries == TRIES {
                return Err(error.into());
            }
            tokio::time::sleep(Duration::from_millis(200) * tries).await;
            tries += 1;
        }
        Ok(())
    }
}

/// Somebody of this organization.
pub(crate) fn caller(org: &OrgId) -> Result<Caller> {
    Ok(Caller { org: org.clone(), user: USER.parse()?, key: KEY.parse()? })
}
