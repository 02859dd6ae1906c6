//! The pool of connections to DynamoDB, which is replaced as a whole once a connection in it is suspect.
//!
//! If a network path goes silent, every idle connection on it is dead, and nothing says so: each one would
//! cost one attempt its timeout. The SDK drops only the connection whose attempt failed. So after such a
//! failure the store takes a new pool, and the next attempt opens a new connection. Calls under way on
//! the old pool end on it.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_http_client::{
    ConnectorBuilder,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The SDK's way to DynamoDB: the current pool. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub(super) struct Connections(Arc<RwLock<Pool>>);

struct Pool {
    generation: u64,
    connector: SharedHttpConnector,
}

impl Connections {
    pub(super) fn new() -> Self {
        Self(Arc::new(RwLock::new(Pool { generation: 0, connector: connector() })))
    }

    /// The number of the current pool.
    pub(super) fn generation(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// Replaces the pool, unless that has been done since `generation` was the current one: of many calls
    /// that fail together, one replaces it.
    pub(super) fn replace(&self, generation: u64) {
        if self.generation() != generation {
            return;
        }
        // Making a connector takes time, so it is made before the lock is taken.
        let connector = connector();
        let mut pool = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if pool.generation == generation {
            *pool = Pool { generation: generation + 1, connector };
        }
    }
}

impl HttpClient for Connections {
    /// The settings hold timeouts: the connect timeout is the pool's own, and `call.rs` limits an attempt.
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.0.read().unwrap_or_else(PoisonError::into_inner).connector.clone()
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("generation", &self.generation()).finish()
    }
}

/// An empty pool, with the TLS and the proxy settings of the SDK's default one.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build();
    let connector = ConnectorBuilder::default()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .proxy_config(ProxyConfig::from_env())
        .connector_settings(settings)
        .build();
    SharedHttpConnector::new(connector)
}
