//! From a request to its answer.

use bytes::Bytes;
use lambda_http::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH,
        REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
    },
    uri::Authority,
};
use shared::http::accepts_gzip;

use crate::embedded::{ASSETS, Content, HASH, PAGES, Page};

/// The paths, as API Gateway writes them. Each takes GET and HEAD.
pub const ROUTES: [&str; 5] = ["/", "/docs", "/console", "/openapi.json", "/assets/{proxy+}"];

const ASSETS_PREFIX: &str = "/assets/";

/// A page loads from its own origin alone, runs no script and no style that is written into it, assigns no text as
/// HTML, and is in no frame. Its settings are a block of data, which is no script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// The reference differs in two points, because of its viewer: it writes its style sheets into the page, and the
/// contract's texts as HTML, which it cleans. Nobody else's scripts run here either.
const POLICY_OF_THE_REFERENCE: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// Headers of all answers. There is no `Strict-Transport-Security`: API Gateway serves HTTPS alone, and whether a whole
/// domain does is for its owner to say.
const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// The paths of all assets.
pub fn assets() -> impl Iterator<Item = String> {
    ASSETS.iter().map(|asset| format!("{ASSETS_PREFIX}{HASH}/{}", asset.path))
}

/// The answer to a request, or nothing if its method and path are no route of the pages.
///
/// `local_key` is the API key of `cargo run`. A page has it in its settings, so that nobody needs to paste it, if the
/// request names this machine.
#[must_use]
pub fn respond(method: &Method, path: &str, headers: &HeaderMap, local_key: Option<&str>) -> Option<Response<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let mut response = match path.strip_prefix(ASSETS_PREFIX) {
        Some("") => return None,
        Some(path) => asset(path, headers),
        None => page(PAGES.iter().find(|page| page.path == path)?, headers, local_key),
    };
    for (name, value) in HEADERS {
        set(&mut response, name, value);
    }
    if method == Method::HEAD {
        *response.body_mut() = Bytes::new();
    }
    Some(response)
}

fn page(page: &'static Page, headers: &HeaderMap, local_key: Option<&str>) -> Response<Bytes> {
    let is_html = page.content.media_type.starts_with("text/html");
    let mut response = match local_key {
        Some(key) if is_html && names_this_machine(headers) => with_key(page, key),
        _ => without_key(page, headers),
    };
    if is_html {
        let policy = if page.path == "/docs" { POLICY_OF_THE_REFERENCE } else { POLICY };
        set(&mut response, CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// A page that the browser keeps, and asks about each time.
fn without_key(page: &'static Page, headers: &HeaderMap) -> Response<Bytes> {
    let mut response = if is_known(headers, page.tag) {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        set(&mut response, VARY, "Accept-Encoding");
        response
    } else {
        content(&page.content, headers)
    };
    set(&mut response, ETAG, page.tag);
    set(&mut response, CACHE_CONTROL, "no-cache");
    response
}

/// A page that the browser does not keep: the key is in no storage that outlives the tab.
fn with_key(page: &'static Page, key: &str) -> Response<Bytes> {
    let html =
        String::from_utf8_lossy(&page.content.plain()).replace("\"localKey\":null", &format!("\"localKey\":\"{key}\""));
    let mut response = Response::new(html.into());
    set(&mut response, CONTENT_TYPE, page.content.media_type);
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

fn asset(path: &str, headers: &HeaderMap) -> Response<Bytes> {
    let name = path.strip_prefix(HASH).and_then(|path| path.strip_prefix('/'));
    if let Some(asset) = ASSETS.iter().find(|asset| Some(asset.path) == name) {
        let mut response = content(&asset.content, headers);
        set(&mut response, CACHE_CONTROL, "public, max-age=31536000, immutable");
        return response;
    }
    // The hash of another version: the page is older than the function.
    let mut response = Response::new(Bytes::from_static(b"There is no such file in this version. Reload the page.\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

/// A content as the caller accepts it.
fn content(content: &Content, headers: &HeaderMap) -> Response<Bytes> {
    let is_compressed = accepts_gzip(headers);
    let body = if is_compressed { Bytes::from_static(content.gzip) } else { content.plain() };
    let mut response = Response::new(body);
    if is_compressed {
        set(&mut response, CONTENT_ENCODING, "gzip");
    }
    set(&mut response, CONTENT_TYPE, content.media_type);
    set(&mut response, VARY, "Accept-Encoding");
    response
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Whether `If-None-Match` names the tag. It compares weakly.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|list| list.split(',').map(str::trim))
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag.trim_start_matches("W/"))
}

/// Whether the request was sent to this machine by one of its names. A page on the internet can make its own host
/// name resolve to 127.0.0.1, and read what it finds there (DNS rebinding), but then that name is in `Host`.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| matches!(host.host(), "localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests;
