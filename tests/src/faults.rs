//! A proxy before DynamoDB that does what networks and services do: delays, throttles, fails, and
//! drops connections before or after a call took effect.

use std::{io, net::SocketAddr, sync::Arc, thread, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It goes through.
    None,
    /// It goes through after this time.
    DelayBefore(Duration),
    /// It goes through, and its answer comes after this time.
    DelayAfter(Duration),
    /// It is refused for its rate, without effect.
    Throttled,
    /// The service fails, without effect.
    FailedBefore,
    /// It takes effect, and the service fails.
    FailedAfter,
    /// The connection is dropped, without effect.
    DroppedBefore,
    /// It takes effect, and the connection is dropped before the answer.
    DroppedAfter,
    /// No answer ever comes, and there is no effect.
    Hangs,
}

/// A call on its way to the engine.
#[derive(Debug)]
pub struct Call {
    /// The operation's name (`GetItem`, …).
    pub operation: String,
    /// Its input, as it is sent.
    pub input: Value,
}

/// A proxy. It stops when this value is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl FaultProxy {
    /// A proxy before the engine at `upstream`. For each call, `fault` chooses what becomes of it.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(upstream: &str, fault: impl Fn(&Call) -> Fault + Send + Sync + 'static) -> io::Result<Self> {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        let state = Arc::new((upstream.to_owned(), fault));
        // A runtime of its own: a busy test must not delay what it did not mean to.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let http = reqwest::Client::builder().build().expect("a client without TLS");
                let listener = TcpListener::from_std(listener).expect("a bound listener");
                loop {
                    let stream = tokio::select! {
                        _ = &mut stopped => break,
                        accepted = listener.accept() => match accepted { Ok((stream, _)) => stream, Err(_) => continue },
                    };
                    let (state, http) = (state.clone(), http.clone());
                    tokio::spawn(async move {
                        let service = service_fn(move |request| {
                            let (state, http) = (state.clone(), http.clone());
                            async move { answer(&http, &state.0, request, &state.1).await }
                        });
                        // An error of the service closes the connection, which is what it is for.
                        drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                    });
                }
            });
        });
        Ok(Self { address, _stop: stop })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(
    http: &reqwest::Client,
    upstream: &str,
    request: Request<Incoming>,
    fault: impl Fn(&Call) -> Fault,
) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let fault = fault(&Call { operation, input: serde_json::from_slice(&body).unwrap_or_default() });
    match fault {
        Fault::DelayBefore(delay) => tokio::time::sleep(delay).await,
        Fault::Throttled => {
            return Ok(error(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"));
        }
        Fault::FailedBefore => return Ok(error(500, "com.amazonaws.dynamodb.v20120810#InternalServerError")),
        Fault::DroppedBefore => return Err(io::ErrorKind::ConnectionReset.into()),
        Fault::Hangs => std::future::pending().await,
        Fault::None | Fault::DelayAfter(_) | Fault::FailedAfter | Fault::DroppedAfter => {}
    }
    let forwarded = http.post(upstream).headers(parts.headers).body(body).send().await.map_err(io::Error::other)?;
    let mut response = Response::builder().status(forwarded.status());
    for (name, value) in forwarded.headers() {
        response = response.header(name, value);
    }
    let body = forwarded.bytes().await.map_err(io::Error::other)?;
    match fault {
        Fault::DelayAfter(delay) => tokio::time::sleep(delay).await,
        Fault::FailedAfter => return Ok(error(500, "com.amazonaws.dynamodb.v20120810#InternalServerError")),
        Fault::DroppedAfter => return Err(io::ErrorKind::ConnectionReset.into()),
        _ => {}
    }
    response.body(Full::new(body)).map_err(io::Error::other)
}

fn error(status: u16, name: &str) -> Response<Full<Bytes>> {
    let body = format!("{{\"__type\":\"{name}\",\"message\":\"injected\"}}");
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = hyper::StatusCode::from_u16(status).expect("a status");
    response
        .headers_mut()
        .insert("content-type", hyper::header::HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}
