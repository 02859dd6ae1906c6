//! API Gateway's HTTP API and the Lambda service, for services in this process: match the route, make the
//! event, invoke the function within its timeout, turn its answer into HTTP.

mod answer;
mod event;
mod routes;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{Response, StatusCode, header},
};
use lambda_http::{Context, LambdaEvent};
use serde_json::value::RawValue;
use shared::http::Service;
use tokio::net::TcpListener;
use uuid::Uuid;

use routes::Match;

/// The largest body that API Gateway takes.
const BODY_BYTES: usize = 10 * 1024 * 1024;
/// How long requests may go on after the word to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the services over HTTP/1.1 until `shutdown` resolves and the requests under way are
/// answered, or some seconds have passed.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    services: Vec<Service>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let app = Router::new()
        .fallback(handle)
        .with_state(Arc::<[Service]>::from(services))
        .into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopping) = tokio::sync::oneshot::channel::<()>();
    let stopped = async move {
        shutdown.await;
        drop(stop);
    };
    let overtime = async {
        drop(stopping.await);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = axum::serve(listener, app).with_graceful_shutdown(stopped) => served,
        () = overtime => Ok(()),
    }
}

async fn handle(
    State(services): State<Arc<[Service]>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let Some(Match { service, parameters }) = routes::find(&services, request.method(), request.uri().path()) else {
        return answer::message(StatusCode::NOT_FOUND, "Not Found");
    };
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: usize| bytes > BODY_BYTES) {
        return answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    }
    // What goes wrong here is the limit, or a caller who is gone and reads no answer.
    let Ok(body) = to_bytes(body, BODY_BYTES).await else {
        return answer::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let request_id = Uuid::new_v4().to_string();
    let incoming = event::Incoming { parts: &parts, body: &body, peer, parameters, endpoint: service.endpoint };
    let Ok(event) = incoming.event(&request_id) else {
        return answer::message(StatusCode::BAD_REQUEST, "Bad Request");
    };
    invoke(service.clone(), event, request_id).await
}

/// Invokes the function as the Lambda service does: to its end even if the caller leaves, but not
/// beyond its timeout. What the lists promise rests on no write outliving that.
async fn invoke(service: Service, event: Box<RawValue>, request_id: String) -> Response<Body> {
    let timeout = service.endpoint.timeout;
    let deadline = (SystemTime::now() + timeout).duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut context = Context::default();
    context.request_id = request_id;
    context.deadline = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
    let invocation =
        tokio::spawn(
            async move { tokio::time::timeout(timeout, service.invoke(LambdaEvent::new(event, context))).await },
        );
    match invocation.await {
        Ok(Ok(Ok(answer))) => answer::to_http(&answer),
        Ok(Err(_)) => answer::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(Ok(Err(_))) | Err(_) => answer::message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
    }
}
