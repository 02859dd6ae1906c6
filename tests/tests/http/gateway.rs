//! The answers that the platform gives by itself, odd requests that it lets through, and missing tables.

use serde_json::json;
use testkit::World;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::api::{NOBODY, Session, only_in_process};

#[tokio::test]
async fn an_unknown_route_or_method_is_the_gateways_404() {
    if only_in_process("the gateway of `sam local` has words of its own").is_none() {
        return;
    }
    let session = Session::new();
    for (method, path) in [
        ("GET", "/clients/"),
        ("GET", "/Clients"),
        ("GET", "/clients/1/notes"),
        ("GET", ""),
        ("PUT", "/clients"),
        ("GET", "/clients/1/restore"),
        ("POST", NOBODY),
        ("DELETE", "/clients"),
        ("PATCH", "/clients"),
    ] {
        let answer = session.send(session.call(method, path)).await;
        assert_eq!((answer.status, &answer.body), (404, &json!({"message": "Not Found"})), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_gateways_limit_is_refused_unread() {
    if only_in_process("`sam local` has no such limit").is_none() {
        return;
    }
    let session = Session::new();
    let mut stream = TcpStream::connect(session.server.authority()).await.unwrap();
    let head = format!(
        "POST /api/v1/clients HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nExpect: 100-continue\r\n\
         Content-Length: 11000000\r\n\r\n",
        session.key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn odd_requests_are_answered_and_never_with_a_5xx() {
    if only_in_process("`sam local` runs on a server with rules of its own").is_none() {
        return;
    }
    let session = Session::new();
    let key = &session.key;
    for (line, headers, expected) in [
        ("GET /api/v1/clients?limit=1", "Host: a b\r\n", "200"),
        ("GET /api/v1/clients?limit=1", "Host: [::1\r\n", "200"),
        ("GET /api/v1/clients?limit=1", "X-Forwarded-Proto: :\r\nX-Forwarded-Host: /\r\n", "200"),
        ("GET /api/v1/clients?limit=1", "X-Text: é\r\nCookie: a=é; b\r\n", "200"),
        ("GET http://elsewhere/api/v1/clients?limit=1", "Host: elsewhere\r\n", "200"),
        ("GET /api/v1/clients?query=%FF", "Host: x\r\n", "400"),
        ("GET /api/v1/clients?query=[]{}|^`", "Host: x\r\n", "200"),
        ("GET /api/v1/clients?&&limit=1&", "Host: x\r\n", "200"),
        ("GET //api/v1/clients", "Host: x\r\n", "404"),
    ] {
        let mut stream = TcpStream::connect(session.server.authority()).await.unwrap();
        let request = format!("{line} HTTP/1.1\r\n{headers}Authorization: Bearer {key}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.split(' ').nth(1), Some(expected), "{line} {headers} {answer}");
    }
}

#[tokio::test]
async fn missing_tables_are_a_503_that_says_when_to_come_back() {
    let key = domain::ApiKey::generate().unwrap().reveal().to_owned();
    let session = Session { server: World::without_tables().await.server().await, key };
    for answer in [
        session.get("/clients").await,
        session.get(NOBODY).await,
        session.post(&json!({"name": "A"})).await,
        session.patch(NOBODY, &json!({"name": "A"})).await,
        session.delete(NOBODY).await,
    ] {
        answer.assert_problem(503, "unavailable", &[]);
        assert_eq!(answer.header("retry-after"), "1");
    }
}
