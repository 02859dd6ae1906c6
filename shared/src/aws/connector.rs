//! Opens connections: TCP and TLS, with compiled-in roots. The first one can be opened ahead of its use.

use std::{
    env, fmt, future, io,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use lambda_http::{Service, http::Uri};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::io::{AsyncRead, ReadBuf};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest time that a connection waits for its first use. hyper's pool keeps idle ones as long.
const LONGEST_WAIT: Duration = Duration::from_secs(90);
/// The variables that name a file of certificates (PEM) to trust instead of the compiled-in roots: that of
/// AWS's own tools, then OpenSSL's.
const CA_FILE_VARIABLES: [&str; 2] = ["AWS_CA_BUNDLE", "SSL_CERT_FILE"];

type Https = HttpsConnector<HttpConnector>;
type Stream = <Https as Service<Uri>>::Response;

/// Opens connections. Clones share the one that is opened ahead.
#[derive(Clone)]
pub(crate) struct Connector {
    https: Https,
    ahead: Arc<Mutex<Option<(Stream, Instant)>>>,
}

impl Connector {
    /// A connector that trusts the roots that the environment names.
    ///
    /// # Panics
    /// Panics if the environment names a file of roots that cannot be read.
    pub(super) fn from_env() -> Self {
        let file = CA_FILE_VARIABLES.iter().find_map(env::var_os).filter(|file| !file.is_empty());
        let roots = roots(file.as_ref().map(Path::new)).expect("the file that the environment names has certificates");
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the cipher suites of these versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        Self { https, ahead: Arc::default() }
    }

    /// Opens a connection for whoever needs the next one. If that fails, nothing happens.
    pub(super) async fn connect_ahead(&self, uri: Uri) {
        if let Ok(stream) = self.https.clone().call(uri).await {
            *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some((stream, Instant::now()));
        }
    }

    /// The connection that was opened ahead, unless it is old or the other side has closed it since: the platform may
    /// start a process long before its first event.
    fn take(&self) -> Option<Stream> {
        let (mut stream, opened) = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let (mut byte, mut context) = ([0], Context::from_waker(Waker::noop()));
        // Nothing is to be read from it before a request is sent. Reading gives an end or an error if it is closed.
        let read = Pin::new(&mut TokioIo::new(&mut stream)).poll_read(&mut context, &mut ReadBuf::new(&mut byte));
        (read.is_pending() && opened.elapsed() < LONGEST_WAIT).then_some(stream)
    }
}

impl Service<Uri> for Connector {
    type Error = <Https as Service<Uri>>::Error;
    type Future = <Https as Service<Uri>>::Future;
    type Response = Stream;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self.take() {
            Some(stream) => Box::pin(future::ready(Ok(stream))),
            None => self.https.call(uri),
        }
    }
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
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_connection_ahead_is_taken_once_and_not_when_it_is_old() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: Uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let connector = Connector::from_env();
        connector.connect_ahead(uri.clone()).await;
        assert!(connector.clone().take().is_some());
        assert!(connector.take().is_none(), "a second time");
        connector.connect_ahead(uri).await;
        connector.ahead.lock().unwrap().as_mut().unwrap().1 -= LONGEST_WAIT;
        assert!(connector.take().is_none(), "old");
    }

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
