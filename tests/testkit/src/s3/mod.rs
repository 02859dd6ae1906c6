//! An S3 in this process, which keeps one bucket in memory.
//!
//! It answers the requests that object storage makes (GET with a range and `If-Match`; PUT with `If-Match` and
//! `If-None-Match`; DELETE), refuses those that are not signed as S3 demands, and does what networks and services do.

mod bucket;
mod fault;
mod signature;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::SystemTime,
};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use http_body_util::BodyExt;
use hyper::{Method, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use shared::objects::Objects;
use tokio::{net::TcpListener, sync::oneshot};

use bucket::{Answer, Bucket};
use fault::Body;
use signature::{Secret, verify};

pub use fault::{Rate, S3Fault};

const BUCKET: &str = "checkpoints-of-a-test";
const REGION: &str = "eu-central-1";
const ACCESS_KEY: &str = "AKIATESTKIT";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/testkit";
/// A function's credentials are those of a session.
const SESSION_TOKEN: &str = "token/of+a=session";

/// A request on its way to the bucket.
#[derive(Clone, Debug)]
pub struct S3Call {
    /// The method: `GET`, `PUT` or `DELETE`.
    pub method: Method,
    /// The key of the object, with the prefix that all keys have.
    pub key: String,
    /// The number of the connection that it came on, from 0.
    pub connection: usize,
}

/// A running S3. It stops when this value is dropped.
#[derive(Debug)]
pub struct S3 {
    address: SocketAddr,
    bucket: Arc<Mutex<Bucket>>,
    _stop: oneshot::Sender<()>,
}

impl S3 {
    /// Starts an S3 without faults.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(|_| S3Fault::None).await
    }

    /// Starts an S3. `fault` chooses the fault of each request.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub async fn start_with(fault: impl Fn(&S3Call) -> S3Fault + Send + Sync + 'static) -> io::Result<Self> {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        let bucket = Arc::new(Mutex::new(Bucket::default()));
        let state = Arc::new((bucket.clone(), fault));
        // It has a runtime of its own: a busy test must not delay requests that it did not mean to.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a bound listener");
                for connection in 0.. {
                    let stream = tokio::select! {
                        _ = &mut stopped => break,
                        accepted = listener.accept() => match accepted { Ok((stream, _)) => stream, Err(_) => continue },
                    };
                    let state = state.clone();
                    tokio::spawn(async move {
                        let service = service_fn(move |request| {
                            let state = state.clone();
                            async move { answer(&state.0, connection, request, &state.1).await }
                        });
                        let mut http = http1::Builder::new();
                        http.timer(TokioTimer::new());
                        // An error of the service closes the connection, as the fault demands.
                        drop(http.serve_connection(TokioIo::new(stream), service).await);
                    });
                }
            });
        });
        Ok(Self { address, bucket, _stop: stop })
    }

    /// The bucket's objects, over connections of their own.
    #[must_use]
    pub fn objects(&self) -> Objects {
        self.objects_signed_with(SECRET_KEY)
    }

    /// The bucket's objects, for a caller with another secret key.
    #[must_use]
    pub fn objects_signed_with(&self, secret: &str) -> Objects {
        let credentials = Credentials::new(ACCESS_KEY, secret, Some(SESSION_TOKEN.to_owned()), None, "testkit");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .endpoint_url(self.url())
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        Objects::in_bucket(&config.build(), BUCKET)
    }

    /// The environment of a process that uses the bucket.
    #[must_use]
    pub fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("CHECKPOINTS_BUCKET", BUCKET.to_owned()),
            ("AWS_ENDPOINT_URL_S3", self.url()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_SESSION_TOKEN", SESSION_TOKEN.to_owned()),
        ]
    }

    /// The URL of the S3.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The keys of all objects, with their prefix.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        lock(&self.bucket).keys()
    }
}

async fn answer(
    bucket: &Mutex<Bucket>,
    connection: usize,
    request: Request<Incoming>,
    fault: impl Fn(&S3Call) -> S3Fault,
) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().strip_prefix('/').unwrap_or_default();
    let (name, key) = path.split_once('/').unwrap_or((path, ""));
    let fault = fault(&S3Call { method: head.method.clone(), key: key.to_owned(), connection });
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(answer) = fault.before(body.len()).await? {
        return Ok(answer.into_response());
    }
    let secret = Secret { access_key: ACCESS_KEY, secret_key: SECRET_KEY, token: SESSION_TOKEN, region: REGION };
    let answer = match verify(&head, &body, &secret, SystemTime::now()) {
        Err(code) => Answer::error(403, code),
        Ok(()) if name != BUCKET => Answer::error(404, "NoSuchBucket"),
        Ok(()) => lock(bucket).answer(&head, key, body),
    };
    fault.after(answer).await
}

fn lock(bucket: &Mutex<Bucket>) -> std::sync::MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}
