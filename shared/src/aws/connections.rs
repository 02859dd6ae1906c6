//! The connections to a service: a pool, and its replacement as a whole once a connection in it is suspect.
//!
//! If a network path goes silent, every idle connection on it is dead, and nothing says so: each one would
//! cost one attempt its timeout. hyper drops only the connection whose attempt failed. So after such a
//! failure the caller takes a new pool, and the next attempt opens a new connection. Calls under way on
//! the old pool end on it.
//!
//! The SDK's own HTTP client reads and parses the system's roots at every start, and has parts that no function uses
//! (HTTP/2, proxies). This one trusts compiled-in roots. `docs/performance.md` has what that saves.

use std::sync::{PoisonError, RwLock};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as SdkConnector, HttpConnectorFuture, SharedHttpConnector},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use lambda_http::http::Uri;

use super::connector::Connector;

/// The connections to a service.
pub(crate) enum Connections {
    /// A pool of our own.
    Pooled {
        /// Opens connections.
        connector: Connector,
        /// The current pool.
        pool: RwLock<Pool>,
    },
    /// Those of a client of the caller's.
    Given(SharedHttpConnector),
}

/// A pool of connections.
pub(crate) struct Pool {
    generation: u64,
    client: SharedHttpConnector,
}

impl Connections {
    /// No connection yet, with the roots that the environment names.
    ///
    /// # Panics
    /// Panics if the environment names a file of roots that cannot be read.
    pub(crate) fn from_env() -> Self {
        let connector = Connector::from_env();
        let pool = RwLock::new(Pool { generation: 0, client: client(&connector) });
        Self::Pooled { connector, pool }
    }

    /// Opens a connection for the next request, which must be to the same place. If that fails, nothing happens.
    pub(crate) async fn connect_ahead(&self, uri: Uri) {
        if let Self::Pooled { connector, .. } = self {
            connector.connect_ahead(uri).await;
        }
    }

    /// Sends a request.
    pub(crate) fn send(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = match self {
            Self::Pooled { pool, .. } => pool.read().unwrap_or_else(PoisonError::into_inner).client.clone(),
            Self::Given(client) => client.clone(),
        };
        client.call(request)
    }

    /// The number of the current pool.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::Pooled { pool, .. } => pool.read().unwrap_or_else(PoisonError::into_inner).generation,
            Self::Given(_) => 0,
        }
    }

    /// Replaces the pool, unless that has been done since `generation` was the current one: of many calls
    /// that fail together, one replaces it.
    pub(crate) fn replace(&self, generation: u64) {
        let Self::Pooled { connector, pool } = self else { return };
        let mut pool = pool.write().unwrap_or_else(PoisonError::into_inner);
        if pool.generation == generation {
            *pool = Pool { generation: generation + 1, client: client(connector) };
        }
    }
}

/// hyper's pool, as a connector of the SDK.
#[derive(Debug)]
struct PooledClient(Client<Connector, SdkBody>);

impl SdkConnector for PooledClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        let response = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let response = response.await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// An empty pool.
fn client(connector: &Connector) -> SharedHttpConnector {
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_timer(TokioTimer::new());
    SharedHttpConnector::new(PooledClient(client.build(connector.clone())))
}
