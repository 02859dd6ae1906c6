//! The gateway as API Gateway and Lambda: slow and large requests, pages of other origins, and invocations whose
//! caller has left.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{ClientId, limits};
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
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::sleep,
};

static ENDPOINT: Endpoint = Endpoint {
    name: "test",
    method: "POST",
    path: "/{id}",
    query: &[],
    is_read: false,
    takes_body: false,
    body_bytes: limits::BODY_BYTES,
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
    let app = App::on(Store::new(engine.config(), Tables::default()));
    let (key, _) = setup::prepare(&app, &KeySource::Fresh).await.unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, asked) = oneshot::channel();
    let services = vec![Service::new(&ENDPOINT, app, handler)];
    let stopped = tokio::spawn(gateway::serve(listener, services, None, async { drop(asked.await) }));
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
        assert!(request.path_id::<ClientId>().is_ok(), "the message of a panic");
        ok()
    })
    .await;
    let panicked = server.post("/1").send().await.unwrap();
    assert_eq!(panicked.status(), 500);
    assert!(!panicked.text().await.unwrap().contains("the message of a panic"));
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

/// Everything that the server sends until it closes the connection.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Sends a byte a second after `head`, until the server ends the connection. Gives its answer and the time it took.
async fn trickle(address: &str, head: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let start = tokio::time::Instant::now();
    let (mut read, mut write) = stream.split();
    let trickle = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            // Once the server has closed, writing fails.
            drop(write.write_all(b"x").await);
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        // A reset is an end too.
        _ = read.read_to_end(&mut answer) => {}
        () = trickle => {}
    }
    (String::from_utf8(answer).unwrap(), start.elapsed())
}

#[tokio::test]
async fn a_request_that_trickles_is_ended_within_twenty_seconds() {
    let server = serve(|_, _| async { ok() }).await;
    let address = &server.base["http://".len()..];
    // Nobody waits: the clock moves on whenever everybody sleeps.
    tokio::time::pause();
    let limit = Duration::from_secs(20);
    for head in ["", "POST /1 HT", "POST /1 HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let (answer, time) = trickle(address, head).await;
        assert!(answer.is_empty() && time <= limit, "{head:?}: {answer:?} after {time:?}");
    }
    // A body that never comes: too slow, or announced as too large.
    for (length, status) in [(1_000, 408), (11_000_000, 413)] {
        let head = format!("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        let (answer, time) = trickle(address, &head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && time <= limit, "{answer:?} after {time:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_before_the_connection_is_closed() {
    let server = serve(|_, _| async { ok() }).await;
    let address = &server.base["http://".len()..];
    let body = vec![b'x'; 50 * 1024 * 1024];
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    let chunk = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", body.len());
    for (framing, end) in [(&length, ""), (&chunk, "\r\n0\r\n\r\n")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{framing}");
        // Like many clients, this one reads only after it has sent everything.
        for part in [head.as_bytes(), &body, end.as_bytes()] {
            stream.write_all(part).await.unwrap();
        }
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "), "{framing}");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn pages_on_this_machine_may_call_the_api_and_others_may_not() {
    let server = serve(|_, _| async { ok() }).await;
    let http = reqwest::Client::new();
    for (origin, is_allowed) in [
        ("http://localhost:5173", true),
        ("http://127.0.0.1:8080", true),
        ("http://[::1]:3000", true),
        ("https://example.com", false),
    ] {
        let preflight = http
            .request(reqwest::Method::OPTIONS, format!("{}/1", server.base))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .send()
            .await
            .unwrap();
        let called = server.post("/1").header("Origin", origin).send().await.unwrap();
        assert_eq!((preflight.status().as_u16(), called.status().as_u16()), (204, 200), "{origin}");
        for (answer, header, value) in [
            (&preflight, "access-control-allow-origin", origin),
            (&preflight, "access-control-allow-methods", "GET, POST, PUT, PATCH, DELETE"),
            (&called, "access-control-allow-origin", origin),
        ] {
            let found = answer.headers().get(header).map(|found| found.to_str().unwrap());
            assert_eq!(found, is_allowed.then_some(value), "{origin}: {header}");
        }
        let exposed = called.headers().get("access-control-expose-headers");
        assert_eq!(exposed.is_some_and(|exposed| exposed.to_str().unwrap().contains("ETag")), is_allowed, "{origin}");
    }
}
