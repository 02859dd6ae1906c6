//! The connections to a service: TLS, a pool, and its replacement as a whole once a connection in it is suspect.
//!
//! If a network path goes silent, every idle connection on it is dead, and nothing says so: each one would
//! cost one attempt its timeout. hyper drops only the connection whose attempt failed. So after such a
//! failure the caller takes a new pool, and the next attempt opens a new connection. Calls under way on
//! the old pool end on it.
//!
//! The SDK's own HTTP client reads and parses the system's roots at every start, and has parts that no function uses
//! (HTTP/2, proxies). This one trusts compiled-in roots. `docs/performance.md` has what that saves.

use std::{
    env, fmt, io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector as SdkConnector, HttpConnectorFuture, SharedHttpConnector},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The variables that name a file of certificates (PEM) to trust instead of the compiled-in roots: that of
/// AWS's own tools, then OpenSSL's.
const CA_FILE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

/// The connections to a service.
pub(crate) enum Connections {
    /// A pool of our own.
    Pooled {
        /// Opens connections.
        connector: HttpsConnector<HttpConnector>,
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
        let file = CA_FILE_VARIABLES.iter().find_map(env::var_os).filter(|file| !file.is_empty());
        let roots = roots(file.as_ref().map(Path::new)).expect("the file that the environment names has certificates");
        let connector = connector(roots);
        let pool = RwLock::new(Pool { generation: 0, client: client(&connector) });
        Self::Pooled { connector, pool }
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
struct PooledClient(Client<HttpsConnector<HttpConnector>, SdkBody>);

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
fn client(connector: &HttpsConnector<HttpConnector>) -> SharedHttpConnector {
    let mut client = Client::builder(TokioExecutor::new());
    client.pool_timer(TokioTimer::new());
    SharedHttpConnector::new(PooledClient(client.build(connector.clone())))
}

fn connector(roots: RootCertStore) -> HttpsConnector<HttpConnector> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has the cipher suites of these versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp)
}

/// The roots in a file, or else Mozilla's.
fn roots(file: Option<&Path>) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    let unusable = |error: &dyn fmt::Display| io::Error::other(format!("cannot use {}: {error}", file.display()));
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))? {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        return Err(unusable(&"it has no certificate"));
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_there_are_many_roots() {
        assert!(roots(None).unwrap().len() > 100);
    }

    #[test]
    fn a_file_without_a_certificate_is_refused_by_name() {
        for file in [file!(), "/no/such/file"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            let error = roots(Some(&file)).unwrap_err().to_string();
            assert!(error.contains(file.to_str().unwrap()), "{error}");
        }
    }
}
