//! API Gateway's HTTP API and the Lambda service, for services in this process. For each request it finds the
//! route, makes the event, invokes the function within its timeout, and turns its answer into HTTP. The pages for people
//! are answered beside the services.

mod answer;
mod cors;
mod event;
mod routes;

use std::{
    convert::Infallible,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use domain::ApiKey;
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body as _, Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use lambda_http::{
    Context, LambdaEvent,
    http::{Method, Request, StatusCode, header, request::Parts},
};
use serde_json::value::RawValue;
use shared::http::Service;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use uuid::Uuid;

use answer::HttpAnswer;
use routes::Match;

/// The largest body that API Gateway takes.
const BODY_BYTES: usize = 10 * 1024 * 1024;
/// The most bytes of a body that are read before the 413. Many callers send the whole body before they read,
/// and would see no answer on a closed connection.
const DISCARDED_BYTES: usize = 20 * BODY_BYTES;
/// The time that the head of a request may take, and then the time that its body may take.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The time for which requests in progress may continue after the shutdown.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the services and the pages over HTTP/1.1 until `shutdown` resolves. Then it waits for the requests in progress,
/// for some seconds at most. With a `local_key`, the pages know it, so that nobody on this machine has to paste it.
///
/// # Errors
/// Fails if the listener does.
pub async fn serve(
    listener: TcpListener,
    services: Vec<Service>,
    local_key: Option<ApiKey>,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let services = Arc::<[Service]>::from(services);
    let local_key = Arc::new(local_key);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT);
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => continue,
            Err(error) => return Err(error),
        };
        let (services, local_key) = (services.clone(), local_key.clone());
        let handle = service_fn(move |request| {
            let (services, local_key) = (services.clone(), local_key.clone());
            async move { Ok::<_, Infallible>(handle(&services, local_key.as_ref().as_ref(), peer, request).await) }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), handle));
        // A connection that breaks, or whose caller is too slow, concerns nobody else.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = sleep(GRACE) => {}
    }
    Ok(())
}

async fn handle(
    services: &[Service],
    local_key: Option<&ApiKey>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> HttpAnswer {
    let (parts, body) = request.into_parts();
    if let Some(page) = pages::respond(&parts.method, parts.uri.path(), &parts.headers, local_key.map(ApiKey::reveal)) {
        // No page of another origin reads them: they may have the key.
        return page.map(Full::new);
    }
    let mut answer = if parts.method == Method::OPTIONS {
        cors::preflight()
    } else {
        respond(services, peer, &parts, body).await.unwrap_or_else(|refusal| refusal)
    };
    cors::allow_local_origin(&parts.headers, answer.headers_mut());
    answer
}

/// The answer of a function, or else the gateway's own.
async fn respond(
    services: &[Service],
    peer: SocketAddr,
    parts: &Parts,
    body: Incoming,
) -> Result<HttpAnswer, HttpAnswer> {
    let Match { service, parameters } = routes::find(services, &parts.method, parts.uri.path())
        .ok_or_else(|| answer::message(StatusCode::NOT_FOUND, "Not Found"))?;
    let body = read(parts, body).await?;
    let request_id = Uuid::new_v4().to_string();
    let incoming = event::Incoming { parts, body: &body, peer, parameters, endpoint: service.endpoint };
    let event = incoming.event(&request_id).map_err(|_| answer::message(StatusCode::BAD_REQUEST, "Bad Request"))?;
    Ok(invoke(service.clone(), event, request_id).await)
}

/// Reads a body, unless it is too large or takes too long. hyper closes the connection after an answer to a
/// body that was not read to its end.
async fn read(parts: &Parts, mut body: Incoming) -> Result<Bytes, HttpAnswer> {
    let too_large = || answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    let is_announced_too_large = body.size_hint().lower() > BODY_BYTES as u64;
    if is_announced_too_large && parts.headers.contains_key(header::EXPECT) {
        // The caller sent `Expect: 100-continue` and waits.
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut length = 0;
    let read_all = async {
        while let Some(frame) = body.frame().await {
            let data = frame?.into_data().unwrap_or_default();
            length += data.len();
            if length > DISCARDED_BYTES {
                break;
            }
            if length <= BODY_BYTES && !is_announced_too_large {
                bytes.extend_from_slice(&data);
            }
        }
        Ok::<_, hyper::Error>(())
    };
    let outcome = timeout(READ_TIMEOUT, read_all).await;
    match outcome {
        _ if is_announced_too_large || length > BODY_BYTES => Err(too_large()),
        Ok(Ok(())) => Ok(bytes.into()),
        Ok(Err(_)) => Err(answer::message(StatusCode::BAD_REQUEST, "Bad Request")),
        Err(_) => Err(answer::message(StatusCode::REQUEST_TIMEOUT, "Request Timeout")),
    }
}

/// Invokes the function as the Lambda service does: to its end even if the caller leaves, but not beyond its
/// timeout. The consistency of lists rests on no write outliving that.
async fn invoke(service: Service, event: Box<RawValue>, request_id: String) -> HttpAnswer {
    let limit = service.endpoint.timeout;
    let deadline = (SystemTime::now() + limit).duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut context = Context::default();
    context.request_id = request_id;
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    let answering = service.clone();
    let invocation =
        tokio::spawn(async move { timeout(limit, answering.invoke(LambdaEvent::new(event, context))).await });
    let outcome = invocation.await;
    tokio::spawn(async move { service.after_answer().await });
    match outcome {
        Ok(Ok(Ok(answer))) => answer::to_http(&answer),
        Ok(Err(_)) => answer::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Ok(Err(_))) | Err(_) => answer::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}
