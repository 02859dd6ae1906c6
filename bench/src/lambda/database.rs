//! The embedded engine behind TLS: what a function sees of DynamoDB, with a certificate made for the run.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::lab::Lab;

/// The name in the certificate.
const HOST: &str = "localhost";
/// The file with the authority's certificate.
const CA_FILE: &str = "ca.pem";

/// Tables on the embedded engine, and a TLS listener in front of it.
pub(crate) struct Database {
    pub(crate) lab: Lab,
    /// The port of the listener.
    pub(crate) port: u16,
    delay_ms: Arc<AtomicU64>,
    folder: TempDir,
}

impl Database {
    /// Empty tables. The listener serves until the process ends.
    pub(crate) async fn start() -> Result<Self> {
        let lab = Lab::embedded().await?;
        let folder = tempfile::tempdir()?;
        let acceptor = acceptor(&folder.path().join(CA_FILE))?;
        let engine = lab.config.endpoint_url().context("the engine has a URL")?;
        let engine = engine.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let delay_ms = Arc::new(AtomicU64::new(0));
        let delay = delay_ms.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, engine, delay) = (acceptor.clone(), engine.clone(), delay.clone());
                // A connection that breaks concerns nobody else.
                tokio::spawn(async move { drop(forward(stream, &acceptor, &engine, &delay).await) });
            }
        });
        Ok(Self { lab, port, delay_ms, folder })
    }

    /// The URL for functions.
    pub(crate) fn url(&self) -> String {
        format!("https://{HOST}:{}", self.port)
    }

    /// The file with the certificate of the authority to trust.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join(CA_FILE)
    }

    /// Delays each answer of the engine, which makes round trips countable.
    pub(crate) fn delay(&self, delay: Duration) {
        self.delay_ms.store(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// A TLS acceptor with a certificate of a new authority, whose own certificate is written to `ca_file`.
fn acceptor(ca_file: &Path) -> Result<TlsAcceptor> {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With the same name as the certificate that it signs, it would be taken for self-signed.
    authority.distinguished_name.push(DnType::CommonName, "bench");
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    std::fs::write(ca_file, authority.pem())?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new([HOST.to_owned()])?.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn forward(stream: TcpStream, acceptor: &TlsAcceptor, engine: &str, delay: &AtomicU64) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut client = acceptor.accept(stream).await?;
    let mut engine = TcpStream::connect(engine).await?;
    engine.set_nodelay(true)?;
    if delay.load(Ordering::Relaxed) == 0 {
        return copy_bidirectional(&mut client, &mut engine).await.map(drop);
    }
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_engine, mut to_engine) = engine.split();
    // Only the first bytes of an answer wait.
    let is_new = AtomicBool::new(false);
    let requests = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from_client.read(&mut buffer).await?;
            if length == 0 {
                return to_engine.shutdown().await;
            }
            is_new.store(true, Ordering::Relaxed);
            to_engine.write_all(&buffer[..length]).await?;
        }
    };
    let answers = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let length = from_engine.read(&mut buffer).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            if is_new.swap(false, Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(delay.load(Ordering::Relaxed))).await;
            }
            to_client.write_all(&buffer[..length]).await?;
            to_client.flush().await?;
        }
    };
    tokio::try_join!(requests, answers).map(drop)
}
