//! The gateway as the Lambda service: what becomes of an invocation whatever its caller does.
// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{ClientId, Clock, limits};
use lambda_http::{Body, Response};
use local::{
    engine::Engine,
    gateway,
    setup::{self, KeySource},
};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service},
    store::{Store, Tables},
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::sleep};

static ENDPOINT: Endpoint = Endpoint {
    name: "test",
    method: "POST",
    path: "/{id}",
    query: &[],
    is_read: false,
    takes_body: false,
    timeout: limits::WRITE_TIMEOUT,
    memory_mb: limits::FUNCTION_MEMORY_MB,
    service: |_| unreachable!("each test makes a service of its own"),
};

struct Server {
    base: String,
    key: String,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<std::io::Result<()>>,
    _engine: Engine,
}

/// Serves one handler.
async fn serve<F>(handler: impl Fn(App, Request) -> F + Send + Sync + 'static) -> Server
where
    F: Future<Output = Result<Response<Body>, ApiError>> + Send + 'static,
{
    let engine = Engine::in_memory().await.unwrap();
    let app = App { store: Store::new(engine.config(), Tables::default()), clock: Clock::system() };
    let (key, _) = setup::prepare(&app, &KeySource::Fresh).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, asked) = oneshot::channel();
    let services = vec![Service::new(&ENDPOINT, app, handler)];
    let stopped = tokio::spawn(gateway::serve(listener, services, async { drop(asked.await) }));
    Server { base, key: key.reveal().to_owned(), stop, stopped, _engine: engine }
}

impl Server {
    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().post(format!("{}{path}", self.base)).bearer_auth(&self.key)
    }
}

fn ok() -> Result<Response<Body>, ApiError> {
    Ok(Response::new(Body::Empty))
}

#[tokio::test]
async fn an_invocation_runs_to_its_end_though_its_caller_has_left() {
    let finished = Arc::new(AtomicU32::new(0));
    let counter = finished.clone();
    let server = serve(move |_, _| {
        let counter = counter.clone();
        async move {
            sleep(Duration::from_millis(400)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            ok()
        }
    })
    .await;
    let impatient = server.post("/1").timeout(Duration::from_millis(200)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    assert_eq!(finished.load(Ordering::SeqCst), 0);
    sleep(Duration::from_millis(600)).await;
    assert_eq!(finished.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_invocation_is_ended_by_its_timeout() {
    let finished = Arc::new(AtomicU32::new(0));
    let counter = finished.clone();
    let server = serve(move |_, _| {
        let counter = counter.clone();
        async move {
            sleep(limits::WRITE_TIMEOUT + Duration::from_millis(200)).await;
            counter.fetch_add(1, Ordering::SeqCst);
            ok()
        }
    })
    .await;
    let start = Instant::now();
    assert_eq!(server.post("/1").send().await.unwrap().status(), 503);
    assert!(start.elapsed() <= limits::WRITE_TIMEOUT, "{} ms", start.elapsed().as_millis());
    sleep(Duration::from_millis(700)).await;
    assert_eq!(finished.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_next_request_is_served() {
    let server = serve(|_, request| async move {
        assert!(request.path_id::<ClientId>().is_ok(), "what a test panics with");
        ok()
    })
    .await;
    let panicked = server.post("/1").send().await.unwrap();
    assert_eq!(panicked.status(), 500);
    assert!(!panicked.text().await.unwrap().contains("what a test panics with"));
    assert_eq!(server.post("/00000000-0000-4000-8000-000000000000").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn stopping_waits_for_the_requests_under_way() {
    let server = serve(|_, _| async {
        sleep(Duration::from_millis(500)).await;
        ok()
    })
    .await;
    let under_way = tokio::spawn(server.post("/1").send());
    sleep(Duration::from_millis(200)).await;
    drop(server.stop);
    assert_eq!(under_way.await.unwrap().unwrap().status(), 200);
    server.stopped.await.unwrap().unwrap();
}
