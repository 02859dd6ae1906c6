//! From a request to its answer.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};

use crate::embedded::{ASSETS, Content, HASH, PAGES};

/// The paths as API Gateway writes them. Each takes GET and HEAD.
pub const PATHS: [&str; 5] = ["/", "/docs", "/console", "/openapi.json", "/assets/{proxy+}"];

const ASSETS_PREFIX: &str = "/assets/";

/// A page loads from its own origin, runs no inline scripts, and is in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The answer to a request, or none if the path or the method is no route of the pages. `local_key` is the API key of
/// `cargo run`; a page has it in its settings if the request was sent to this machine by name.
#[must_use]
pub fn respond(method: &Method, path: &str, headers: &HeaderMap, local_key: Option<&str>) -> Option<Response<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let mut response = if let Some(path) = path.strip_prefix(ASSETS_PREFIX) {
        asset(path, headers)
    } else {
        page(path, headers, local_key)?
    };
    let fields = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    if method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    Some(response)
}

fn page(path: &str, headers: &HeaderMap, local_key: Option<&str>) -> Option<Response<Bytes>> {
    let page = PAGES.iter().find(|page| page.path == path)?;
    let is_html = page.content.media_type.starts_with("text/html");
    let mut response = match local_key.filter(|_| is_html && is_for_this_machine(headers)) {
        Some(key) => {
            let html = String::from_utf8_lossy(&plain(&page.content))
                .replace("\"localKey\":null", &format!("\"localKey\":\"{key}\""));
            let mut response = Response::new(Bytes::from(html));
            set(&mut response, header::CONTENT_TYPE, page.content.media_type);
            // A key is in no storage that outlives the tab.
            set(&mut response, header::CACHE_CONTROL, "no-store");
            response
        }
        None => {
            let mut response = if is_unchanged(headers, page.tag) {
                let mut response = Response::default();
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                set(&mut response, header::VARY, "Accept-Encoding");
                response
            } else {
                content(&page.content, headers)
            };
            set(&mut response, header::ETAG, page.tag);
            set(&mut response, header::CACHE_CONTROL, "no-cache");
            response
        }
    };
    if is_html {
        set(&mut response, header::CONTENT_SECURITY_POLICY, POLICY);
    }
    Some(response)
}

fn asset(path: &str, headers: &HeaderMap) -> Response<Bytes> {
    let found = path
        .strip_prefix(HASH)
        .and_then(|path| path.strip_prefix('/'))
        .and_then(|path| ASSETS.iter().find(|asset| asset.path == path));
    if let Some(asset) = found {
        let mut response = content(&asset.content, headers);
        set(&mut response, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
        response
    } else {
        let mut response = Response::new(Bytes::from_static(b"There is no such file. Reload the page.\n"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        set(&mut response, header::CONTENT_TYPE, "text/plain; charset=utf-8");
        set(&mut response, header::CACHE_CONTROL, "no-store");
        response
    }
}

/// A content as the caller accepts it.
fn content(content: &Content, headers: &HeaderMap) -> Response<Bytes> {
    let mut response = Response::default();
    set(&mut response, header::CONTENT_TYPE, content.media_type);
    set(&mut response, header::VARY, "Accept-Encoding");
    *response.body_mut() = if accepts_gzip(headers) {
        set(&mut response, header::CONTENT_ENCODING, "gzip");
        Bytes::from_static(content.gzip)
    } else {
        plain(content)
    };
    response
}

fn plain(content: &Content) -> Bytes {
    let mut plain = Vec::new();
    GzDecoder::new(content.gzip).read_to_end(&mut plain).expect("build.rs compressed it");
    plain.into()
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT_ENCODING).iter().any(|value| value.as_bytes().windows(4).any(|part| part == b"gzip"))
}

fn is_unchanged(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains(tag))
}

/// Whether the request names this machine. A page of another origin can make its own host name resolve to
/// 127.0.0.1 and read what it finds there (DNS rebinding), but the request then has that name.
fn is_for_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let uri = host.parse::<Uri>().unwrap_or_default();
    matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
}
