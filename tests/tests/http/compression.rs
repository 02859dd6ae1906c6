//! Compression with gzip: the pages of a caller who accepts it, and nothing else.

use serde_json::json;
use testkit::Answer;
use tokio::sync::OnceCell;

use crate::api::{NOBODY, Session, named, only_in_process, token};

/// The path of a page of ten clients.
async fn page() -> &'static str {
    static PAGE: OnceCell<String> = OnceCell::const_new();
    let create = async || {
        let session = Session::new();
        let token = token();
        for _ in 0..10 {
            session.create(&named(&token)).await;
        }
        format!("/clients?query={token}")
    };
    PAGE.get_or_init(create).await
}

/// The answer to a caller who sends these headers.
async fn answer(method: &'static str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let session = Session::new();
    let call = session.call(method, path);
    session.send(headers.iter().fold(call, |call, (name, value)| call.header(name, *value))).await
}

async fn get(path: &str, accept_encoding: &str) -> Answer {
    answer("GET", path, &[("Accept-Encoding", accept_encoding)]).await
}

/// Whether caches keep the answer's encodings apart.
fn varies(answer: &Answer) -> bool {
    let mut values = answer.headers.get_all("vary").iter().flat_map(|value| value.to_str().unwrap().split(','));
    values.any(|name| name.trim().eq_ignore_ascii_case("accept-encoding"))
}

fn length(answer: &Answer) -> usize {
    answer.header("content-length").parse().unwrap()
}

#[tokio::test]
async fn a_caller_who_accepts_gzip_gets_the_same_page_in_fewer_bytes() {
    let path = page().await;
    let plain = answer("GET", path, &[]).await;
    assert_eq!((plain.status, plain.header("content-encoding"), length(&plain)), (200, "", plain.text.len()));
    for accepted in ["gzip", "x-gzip", "gzip, deflate, br, zstd", "br;q=1, GZIP ;q=0.5, *;q=0", "*"] {
        let compressed = get(path, accepted).await;
        assert_eq!(compressed.header("content-encoding"), "gzip", "{accepted}");
        assert_eq!(compressed.text, plain.text, "{accepted}");
        assert!(length(&compressed) < plain.text.len() / 2, "{accepted}: {} bytes", length(&compressed));
        assert_eq!(compressed.header("content-type"), "application/json", "{accepted}");
        assert!(varies(&compressed), "{accepted}");
    }
}

#[tokio::test]
async fn another_caller_gets_the_plain_page() {
    let path = page().await;
    for accepted in ["", "identity", "br, deflate", "gzip;q=0", "*;q=0", "gzip;q=0.1, identity", "gzip;q=x"] {
        let plain = get(path, accepted).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{accepted}");
        assert_eq!(length(&plain), plain.text.len(), "{accepted}");
        assert!(varies(&plain), "{accepted}");
    }
}

#[tokio::test]
async fn small_pages_single_clients_and_problems_stay_plain() {
    let session = Session::new();
    let token = token();
    let (client, _) = session.create(&json!({"name": token, "notes": "Prefers e-mail. ".repeat(300)})).await;
    let (_, _) = session.create(&named(&token)).await;
    for (path, is_page) in [
        (client.as_str(), false),
        (NOBODY, false),
        ("/clients?limit=0&offset=-1&sortBy=x&sortOrder=y&status=z&a=1&b=2&c=3&d=4&e=5", false),
        (&format!("/clients?query={token}&limit=1&offset=1"), true),
        ("/clients?query=nobody-has-this-name", true),
    ] {
        let answer = get(path, "gzip").await;
        assert_eq!((answer.header("content-encoding"), varies(&answer)), ("", is_page), "{path}");
        assert_eq!(length(&answer), answer.text.len(), "{path}");
    }
}

#[tokio::test]
async fn the_encodings_of_a_page_share_a_weak_tag() {
    let path = page().await;
    let tag = answer("GET", path, &[]).await.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    assert_eq!(get(path, "gzip").await.header("etag"), tag);
    for accepted in ["gzip", "identity"] {
        let known = answer("GET", path, &[("Accept-Encoding", accepted), ("If-None-Match", &tag)]).await;
        assert_eq!((known.status, known.text.as_str(), known.header("etag")), (304, "", tag.as_str()), "{accepted}");
        assert_eq!((known.header("content-encoding"), varies(&known)), ("", true), "{accepted}");
    }
}

#[tokio::test]
async fn a_head_has_the_headers_of_the_compressed_page() {
    if only_in_process("`sam local` writes headers of its own for HEAD").is_none() {
        return;
    }
    let path = page().await;
    let (head, get) = (answer("HEAD", path, &[("Accept-Encoding", "gzip")]).await, get(path, "gzip").await);
    assert_eq!((head.status, head.text.as_str(), head.header("content-encoding")), (200, "", "gzip"));
    assert_eq!((head.header("etag"), varies(&head)), (get.header("etag"), true));
}
