//! DynamoDB: the embedded engine, and how to reach it or another one.
//!
//! The engine is spoken to over its real HTTP interface by the real AWS SDK, so nothing above it
//! knows that it is no DynamoDB of AWS.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig, meta::credentials::CredentialsProviderChain};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::http::Uri;
use dynoxide::Database;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};

/// The region of an engine that has none.
const REGION: &str = "us-east-1";
/// How long an engine may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(3);

/// An embedded DynamoDB engine on a port of its own. It stops when this value is dropped.
#[derive(Debug)]
pub struct Engine {
    url: String,
    config: SdkConfig,
    _stop: oneshot::Sender<()>,
}

impl Engine {
    /// An engine whose data lives as long as it does.
    ///
    /// # Errors
    /// When no port or no thread can be had.
    pub async fn in_memory() -> Result<Self> {
        Self::serve(Database::memory().map_err(|error| anyhow!("{error}"))?).await
    }

    /// The engine on the database in `file`, which is made where it is missing.
    ///
    /// # Errors
    /// When the file cannot be opened as a database, or no port or no thread can be had.
    pub async fn open(file: &Path) -> Result<Self> {
        let path = file.to_str().context("the path of the database file is not UTF-8")?;
        let database =
            Database::new(path).map_err(|error| anyhow!("cannot open the database {}: {error}", file.display()))?;
        // SQLite's `synchronous = NORMAL`, under this engine's name for it: with its write-ahead log
        // a killed process loses nothing; only a power cut can take the last moments with it. The
        // alternative waits for the disk at every write.
        database.disable_bulk_loading().map_err(|error| anyhow!("cannot set up {}: {error}", file.display()))?;
        Self::serve(database).await
    }

    /// Serves the database from a thread and a runtime of its own: it works while it answers, which
    /// must not hold up the gateway, and it may outlive the runtime that asked for it.
    async fn serve(database: Database) -> Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, port) = oneshot::channel();
        thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(bound.send(Err(error))),
            };
            // It warns of every condition that failed, which for us is an answer like any other.
            let silent = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
            let served = runtime.block_on(async {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await;
                let listener = match listener.and_then(|listener| Ok((listener.local_addr()?, listener))) {
                    Ok((address, listener)) => {
                        drop(bound.send(Ok(address)));
                        listener
                    }
                    Err(error) => {
                        drop(bound.send(Err(error)));
                        return Ok(());
                    }
                };
                // Both a message and a dropped sender mean: stop.
                dynoxide::server::serve_with_shutdown(listener, database, async { drop(stopped.await) }).await
            });
            drop(silent);
            if let Err(error) = served {
                tracing::error!(error, "the database engine has stopped");
            }
        })?;
        let url = format!("http://{}", port.await.context("the database engine did not start")??);
        let credentials = SharedCredentialsProvider::new(no_credentials());
        Ok(Self { config: config(&url, Region::new(REGION), credentials), url, _stop: stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How the SDK reaches it.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}

/// How the SDK reaches the DynamoDB at `endpoint_url`: with the environment's credentials and
/// region where it has them, else with made-up ones, which every local engine accepts.
#[must_use]
pub fn config_for(endpoint_url: &str) -> SdkConfig {
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|variable| std::env::var(variable).ok());
    // Not the SDK's default chain: away from AWS that one waits for an instance's metadata service.
    let credentials = CredentialsProviderChain::first_try(
        "environment",
        aws_config::environment::EnvironmentVariableCredentialsProvider::new(),
    )
    .or_else("profile", aws_config::profile::ProfileFileCredentialsProvider::builder().build())
    .or_else("none needed", no_credentials());
    let region = Region::new(region.unwrap_or_else(|| REGION.to_owned()));
    config(endpoint_url, region, SharedCredentialsProvider::new(credentials))
}

/// Whether something listens at `endpoint_url`, so that a wrong URL is told from a refusal.
///
/// # Errors
/// When the URL has no host, or nothing answers there.
pub async fn reach(endpoint_url: &str) -> Result<()> {
    let uri: Uri = endpoint_url.parse().context("not a URL")?;
    let host = uri.host().context("a URL without a host")?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    match timeout(REACH_TIMEOUT, TcpStream::connect((host, port))).await {
        Ok(connected) => connected.map(drop).with_context(|| format!("cannot reach DynamoDB at {endpoint_url}")),
        Err(_) => bail!("cannot reach DynamoDB at {endpoint_url}: no answer"),
    }
}

/// Built from these values alone: an `AWS_ENDPOINT_URL` in the environment must not redirect it.
fn config(endpoint_url: &str, region: Region, credentials: SharedCredentialsProvider) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(region)
        .endpoint_url(endpoint_url)
        .credentials_provider(credentials)
        .build()
}

fn no_credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "none needed")
}

#[cfg(test)]
mod tests {
    use shared::store::{Store, Tables};

    use super::*;

    #[tokio::test]
    async fn a_database_file_is_found_again_by_the_next_engine() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("database");
        let org = "o".parse().unwrap();
        for _ in 0..2 {
            let engine = Engine::open(&file).await.unwrap();
            let store = Store::new(engine.config(), Tables::default());
            store.create_tables().await.unwrap();
            assert!(store.list_api_keys(&org).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn what_is_no_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("database");
        std::fs::write(&file, "not a database, and long enough that nobody takes it for an empty one".repeat(9))
            .unwrap();
        assert!(Engine::open(&file).await.unwrap_err().to_string().starts_with("cannot open the database"));
    }
}
