//! The pages know the key of this machine, and only pages of this machine do.

use std::{future::pending, net::SocketAddr};

use domain::ApiKey;
use local::gateway;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The address of a gateway without services whose pages have the key.
async fn serve(key: ApiKey) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(gateway::serve(listener, Vec::new(), Some(key), pending()));
    address
}

/// The whole answer to a request for the console with these header lines.
async fn console(address: SocketAddr, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /console HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_page_has_the_key_if_the_request_names_this_machine() {
    let key = ApiKey::generate().unwrap();
    let revealed = key.reveal().to_owned();
    let address = serve(key).await;
    for host in [address.to_string(), format!("localhost:{}", address.port())] {
        let page = console(address, &format!("Host: {host}\r\n")).await;
        assert!(page.contains(&revealed), "{host}: {page}");
        assert!(page.contains("cache-control: no-store\r\n"), "{host}");
    }
    // A name that resolves to this machine, as in an attack by DNS rebinding, and a page of another origin.
    for headers in ["Host: evil.example\r\n", "Host: evil.example\r\nX-Forwarded-Host: localhost\r\n", ""] {
        let answer = console(address, headers).await;
        assert!(!answer.contains(&revealed), "{headers}: {answer}");
    }
    let foreign = console(address, &format!("Host: {address}\r\nOrigin: https://evil.example\r\n")).await;
    let local = console(address, &format!("Host: {address}\r\nOrigin: http://localhost:5173\r\n")).await;
    for answer in [foreign, local] {
        assert!(!answer.to_lowercase().contains("access-control-"), "{answer}");
    }
}
