//! The embedded DynamoDB engine, and the SDK's configuration for it or another one.
//!
//! The store talks to the engine over its HTTP interface, so no other code depends on which engine it is.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use aws_config::{
    BehaviorVersion, Region, SdkConfig, meta::credentials::CredentialsProviderChain,
    profile::ProfileFileCredentialsProvider, provider_config::ProviderConfig,
};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use dynoxide::Database;
use lambda_http::http::Uri;
use shared::store::sdk_http_client;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    time::timeout,
};

/// The region of an engine that has none.
const REGION: &str = "us-east-1";
/// What to do about a database that cannot be opened.
const UNUSABLE: &str = "move it away, and a new one is created (--in-memory needs none)";
/// The time that an engine may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(3);

/// An embedded DynamoDB engine on a port of its own. It stops when this value is dropped.
#[derive(Debug)]
pub struct Engine {
    url: String,
    config: SdkConfig,
    _stop: oneshot::Sender<()>,
}

impl Engine {
    /// An engine that keeps its data in memory.
    ///
    /// # Errors
    /// Fails if the operating system gives no port or no thread.
    pub async fn in_memory() -> Result<Self> {
        Self::serve(Database::memory().map_err(|error| anyhow!("{error}"))?).await
    }

    /// An engine that keeps its data in `file`, which is created if it is missing.
    ///
    /// # Errors
    /// Fails if the file is not a database, or if the operating system gives no port or no thread.
    pub async fn open(file: &Path) -> Result<Self> {
        let path = file.to_str().context("the path of the database file is not UTF-8")?;
        let database = Database::new(path)
            .map_err(|error| anyhow!("cannot open the database {}: {error}; {UNUSABLE}", file.display()))?;
        // This sets SQLite's `synchronous = NORMAL`. With its write-ahead log a killed process loses nothing,
        // and only a power cut can lose the last writes. The alternative waits for the disk at every write.
        database.disable_bulk_loading().map_err(|error| anyhow!("cannot set up {}: {error}", file.display()))?;
        Self::serve(database).await
    }

    /// Serves the database from a thread and a runtime of its own: its work must not block the gateway, and
    /// it may outlive the caller's runtime.
    async fn serve(database: Database) -> Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, port) = oneshot::channel();
        thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(bound.send(Err(error))),
            };
            // The engine logs a warning for every failed condition, which for us is an ordinary answer.
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
                // It stops when the sender is dropped.
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
}

/// The SDK's configuration for the DynamoDB at `endpoint_url`. Credentials and region come from the
/// environment, or are dummies, which every local engine accepts.
#[must_use]
pub fn config_for(endpoint_url: &str) -> SdkConfig {
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|variable| std::env::var(variable).ok());
    let provider = ProviderConfig::empty().with_http_client(sdk_http_client());
    let profile = ProfileFileCredentialsProvider::builder().configure(&provider);
    // The SDK's default chain would wait for the metadata service of an EC2 instance.
    let credentials = CredentialsProviderChain::first_try(
        "environment",
        aws_config::environment::EnvironmentVariableCredentialsProvider::new(),
    )
    .or_else("profile", profile.build())
    .or_else("none needed", no_credentials());
    let region = Region::new(region.unwrap_or_else(|| REGION.to_owned()));
    config(endpoint_url, region, SharedCredentialsProvider::new(credentials))
}

/// Checks that something listens at `endpoint_url`.
///
/// # Errors
/// Fails if the URL has no host, or if nothing listens there.
pub async fn reach(endpoint_url: &str) -> Result<()> {
    let uri: Uri = endpoint_url.parse().context("not a URL")?;
    let host = uri.host().context("a URL without a host")?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    match timeout(REACH_TIMEOUT, TcpStream::connect((host, port))).await {
        Ok(connected) => connected.map(drop).with_context(|| format!("cannot reach DynamoDB at {endpoint_url}")),
        Err(_) => bail!("cannot reach DynamoDB at {endpoint_url}: no answer"),
    }
}

/// A configuration from these values alone: an `AWS_ENDPOINT_URL` in the environment must not redirect it.
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
    async fn a_file_that_is_not_a_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("database");
        std::fs::write(&file, "not a database, and long enough that nobody takes it for an empty one".repeat(9))
            .unwrap();
        assert!(Engine::open(&file).await.unwrap_err().to_string().starts_with("cannot open the database"));
    }
}
