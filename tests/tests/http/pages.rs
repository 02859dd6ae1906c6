//! The pages for people, beside the API. The package `pages` has what they answer in full.

use reqwest::{Client, Method, Response, StatusCode, redirect::Policy};

use crate::api::{Session, only_in_process};

async fn send(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let request = http.request(method, format!("http://{}{path}", Session::new().server.authority()));
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn they_are_served_without_a_key() {
    for (path, text) in [
        ("/", "<h1>Clients API</h1>"),
        ("/docs", "id=\"reference\""),
        ("/console", "id=\"settings\""),
        ("/openapi.json", "\"openapi\""),
    ] {
        let page = send(Method::GET, path, &[]).await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        // A page of `cargo run`, which has the key, is kept by nobody.
        let has_key = field(&page, "cache-control") == "no-store";
        assert!(has_key || !field(&page, "etag").is_empty(), "{path}");
        assert!(page.text().await.unwrap().contains(text), "{path}");
    }
}

#[tokio::test]
async fn an_asset_arrives_compressed_for_those_who_accept_it() {
    let front = send(Method::GET, "/", &[]).await.text().await.unwrap();
    let path = front.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|path| path.ends_with(".css"));
    let path = path.unwrap();
    let plain = send(Method::GET, path, &[]).await;
    let compressed = send(Method::GET, path, &[("Accept-Encoding", "gzip")]).await;
    assert_eq!((field(&plain, "content-encoding"), field(&compressed, "content-encoding")), ("", "gzip"));
    let (plain, compressed) = (plain.bytes().await.unwrap(), compressed.bytes().await.unwrap());
    assert!(compressed.starts_with(&[0x1f, 0x8b]) && compressed.len() < plain.len());
    assert_eq!(send(Method::GET, "/assets/0000000000000000/theme.css", &[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn no_page_of_another_origin_may_read_them() {
    // Under `cargo run`, every origin on this machine may call the API, and pages have the key.
    if only_in_process("`sam local` allows the origins of the template").is_none() {
        return;
    }
    let origin = ("Origin", "http://localhost:5173");
    for path in ["/", "/docs", "/console", "/openapi.json", "/assets/x"] {
        let page = send(Method::GET, path, &[origin]).await;
        let allowing = page.headers().keys().find(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(allowing, None, "{path}");
    }
    let api = send(Method::GET, "/api/v1/clients", &[origin]).await;
    assert_eq!(field(&api, "access-control-allow-origin"), origin.1);
}

#[tokio::test]
async fn every_other_path_and_method_is_the_gateways_404() {
    if only_in_process("the gateway of `sam local` has words of its own").is_none() {
        return;
    }
    for (method, path) in [
        (Method::GET, "/docs/"),
        (Method::GET, "/index.html"),
        (Method::GET, "/assets/"),
        (Method::POST, "/docs"),
        (Method::DELETE, "/console"),
    ] {
        let answer = send(method.clone(), path, &[]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(answer.text().await.unwrap(), r#"{"message":"Not Found"}"#, "{method} {path}");
    }
}
