//! What the network itself takes: a TLS handshake and a round trip to the same listener, by a client that is warm.

use std::{
    fs, io,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::Database;
use crate::sample::Sample;

/// Medians.
pub(crate) struct Reference {
    /// Connecting, and a full TLS handshake.
    pub(crate) handshake: Duration,
    /// A read of one item, without the work of an SDK.
    pub(crate) round_trip: Duration,
}

impl Reference {
    pub(crate) async fn measure(database: &Database, runs: usize) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&fs::read(database.ca_file())?)?)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        // A new instance has no session to resume.
        config.resumption = rustls::client::Resumption::disabled();
        let connector = TlsConnector::from(Arc::new(config));
        let request = request(&database.lab.tables.api_keys);
        let (mut handshakes, mut round_trips) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let start = Instant::now();
            let stream = TcpStream::connect(("127.0.0.1", database.port)).await?;
            stream.set_nodelay(true)?;
            let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
            handshakes.push(start.elapsed().as_secs_f64());
            // The first round trip opens the engine's side of the connection too.
            for attempt in 0..2 {
                let start = Instant::now();
                stream.write_all(request.as_bytes()).await?;
                stream.flush().await?;
                read_answer(&mut stream).await?;
                if attempt > 0 {
                    round_trips.push(start.elapsed().as_secs_f64());
                }
            }
        }
        let median = |seconds| Duration::from_secs_f64(Sample::of(seconds).median());
        Ok(Self { handshake: median(handshakes), round_trip: median(round_trips) })
    }
}

/// A read of an item that is not there, with a signature that the engine does not check.
fn request(table: &str) -> String {
    let body = format!(r#"{{"TableName":"{table}","Key":{{"keyHash":{{"S":"0"}}}},"ConsistentRead":true}}"#);
    let scope = "20260101/us-east-1/dynamodb/aws4_request";
    format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: \
         DynamoDB_20120810.GetItem\r\nx-amz-date: 20260101T000000Z\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=local/{scope}, SignedHeaders=host, Signature=0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn read_answer(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<()> {
    let mut answer = Vec::new();
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let is_length = |line: &&str| line.to_ascii_lowercase().starts_with("content-length:");
        let length = head.lines().find(is_length).context("an answer with its length")?;
        if body.len() >= length[15..].trim().parse()? {
            return Ok(());
        }
    }
}
