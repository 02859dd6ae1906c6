//! A proxy in front of an engine that does what networks and services do: it delays, throttles and fails
//! calls, and drops connections before or after a call took effect.

use std::{io, net::SocketAddr, sync::Arc, thread, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::oneshot};

/// A fault of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault: the call goes through.
    None,
    /// The call goes through after a delay.
    DelayBefore(Duration),
    /// The call goes through, and its answer is delayed.
    DelayAfter(Duration),
    /// The call is throttled and has no effect.
    Throttled,
    /// The service fails, and the call has no effect.
    FailedBefore,
    /// The call takes effect, but the service reports a failure.
    FailedAfter,
    /// The connection is dropped, and the call has no effect.
    DroppedBefore,
    /// The call takes effect, and the connection is dropped before the answer.
    DroppedAfter,
    /// The call has no effect and is never answered.
    Hangs,
    /// A batch is done in part: the answer names what was left undone. Other calls go through.
    PartlyDone,
}

impl Fault {
    /// The faults that take a call's effect or its answer away.
    pub const LOSSES: [Self; 6] =
        [Self::Throttled, Self::FailedBefore, Self::FailedAfter, Self::DroppedBefore, Self::DroppedAfter, Self::Hangs];

    /// A random fault: mostly delays, so that timestamps and effects lie apart; some losses and failures.
    #[must_use]
    pub fn random() -> Self {
        let delay = Duration::from_millis(fastrand::u64(1..=120));
        match fastrand::u8(0..100) {
            0..30 => Self::DelayBefore(delay),
            30..40 => Self::DelayAfter(delay),
            40..43 => Self::Throttled,
            43..45 => Self::FailedBefore,
            45..47 => Self::FailedAfter,
            47..49 => Self::DroppedBefore,
            49..51 => Self::DroppedAfter,
            _ => Self::None,
        }
    }
}

/// A call on its way to the engine.
#[derive(Debug)]
pub struct DynamoDbCall {
    /// The name of the operation: `GetItem`.
    pub operation: String,
    /// The input, as it is sent.
    pub input: Value,
}

impl DynamoDbCall {
    /// Takes a part out of a batch, half of its items or, if it has one of each table, half of its tables. Returns the
    /// name by which the answer leaves it undone, and the part.
    fn leave_a_part(&mut self) -> Option<(&'static str, Value)> {
        let (name, path) = match self.operation.as_str() {
            "BatchGetItem" => ("UnprocessedKeys", "/Keys"),
            "BatchWriteItem" => ("UnprocessedItems", ""),
            _ => return None,
        };
        let tables = self.input["RequestItems"].as_object_mut()?;
        let mut undone = serde_json::Map::new();
        for (table, wanted) in tables.iter_mut() {
            let mut rest = wanted.clone();
            let items = wanted.pointer_mut(path)?.as_array_mut()?;
            if items.len() > 1 {
                *rest.pointer_mut(path)? = items.split_off(items.len() / 2).into();
                undone.insert(table.clone(), rest);
            }
        }
        if undone.is_empty() && tables.len() > 1 {
            let last = tables.keys().next_back()?.clone();
            undone.extend(tables.remove_entry(&last));
        }
        (!undone.is_empty()).then_some((name, undone.into()))
    }
}

/// A running proxy. It stops when this value is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl FaultProxy {
    /// Starts a proxy in front of the engine at `upstream`. `fault` chooses the fault of each call.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub async fn start(
        upstream: &str,
        fault: impl Fn(&DynamoDbCall) -> Fault + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (stop, mut stopped) = oneshot::channel::<()>();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        let state = Arc::new((upstream.to_owned(), fault));
        // It has a runtime of its own: a busy test must not delay calls that it did not mean to.
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
                        // An error of the service closes the connection, as the fault demands.
                        drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
                    });
                }
            });
        });
        Ok(Self { address, _stop: stop })
    }

    /// The URL of the proxy.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(
    http: &reqwest::Client,
    upstream: &str,
    request: Request<Incoming>,
    fault: impl Fn(&DynamoDbCall) -> Fault,
) -> io::Result<Response<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut call = DynamoDbCall { operation, input: serde_json::from_slice(&body).unwrap_or_default() };
    let fault = fault(&call);
    match fault {
        Fault::DelayBefore(delay) => tokio::time::sleep(delay).await,
        Fault::Throttled => {
            return Ok(error(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"));
        }
        Fault::FailedBefore => return Ok(error(500, "com.amazonaws.dynamodb.v20120810#InternalServerError")),
        Fault::DroppedBefore => return Err(io::ErrorKind::ConnectionReset.into()),
        Fault::Hangs => std::future::pending().await,
        Fault::None | Fault::DelayAfter(_) | Fault::FailedAfter | Fault::DroppedAfter | Fault::PartlyDone => {}
    }
    let undone = if fault == Fault::PartlyDone { call.leave_a_part() } else { None };
    let body = if undone.is_some() { Bytes::from(call.input.to_string()) } else { body };
    parts.headers.remove(hyper::header::CONTENT_LENGTH);
    let forwarded = http.post(upstream).headers(parts.headers).body(body).send().await.map_err(io::Error::other)?;
    let mut response = Response::builder().status(forwarded.status());
    for (name, value) in forwarded.headers() {
        // These are of the body as it was.
        if undone.is_none() || !["content-length", "x-amz-crc32"].contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    let mut body = forwarded.bytes().await.map_err(io::Error::other)?;
    if let Some((name, undone)) = undone {
        let mut answer: Value = serde_json::from_slice(&body)?;
        answer[name] = undone;
        body = Bytes::from(answer.to_string());
    }
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
