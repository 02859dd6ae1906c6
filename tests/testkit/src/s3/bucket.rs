//! The objects of a bucket, and the answers to requests for them by S3's rules.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::{
    Method, Response,
    body::Bytes,
    header::{CONTENT_RANGE, ETAG, HeaderMap, IF_MATCH, IF_NONE_MATCH, RANGE},
    http::request,
};
use sha2::{Digest, Sha256};

use super::fault::Body;

/// A bucket.
#[derive(Debug, Default)]
pub(super) struct Bucket(BTreeMap<String, Object>);

#[derive(Debug)]
struct Object {
    /// In quotes. As in S3, the same bytes have the same tag.
    tag: String,
    bytes: Bytes,
}

/// An answer whose body is known.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) body: Bytes,
}

impl Bucket {
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn answer(&mut self, head: &request::Parts, key: &str, body: Bytes) -> Answer {
        match head.method {
            Method::GET => self.get(key, &head.headers),
            Method::PUT => self.put(key, &head.headers, body),
            Method::DELETE => {
                self.0.remove(key);
                Answer::new(204, Bytes::new())
            }
            _ => Answer::error(405, "MethodNotAllowed"),
        }
    }

    fn get(&self, key: &str, headers: &HeaderMap) -> Answer {
        let Some(Object { tag, bytes }) = self.0.get(key) else { return Answer::error(404, "NoSuchKey") };
        if header(headers, IF_MATCH).is_some_and(|expected| expected != tag) {
            return Answer::error(412, "PreconditionFailed");
        }
        let Some(range) = header(headers, RANGE) else { return Answer::new(200, bytes.clone()).with(ETAG, tag) };
        let Some((first, last)) = bounds(range) else { return Answer::error(400, "InvalidArgument") };
        if first >= bytes.len() {
            return Answer::error(416, "InvalidRange");
        }
        let last = last.min(bytes.len() - 1);
        let content_range = format!("bytes {first}-{last}/{}", bytes.len());
        Answer::new(206, bytes.slice(first..=last)).with(ETAG, tag).with(CONTENT_RANGE, &content_range)
    }

    fn put(&mut self, key: &str, headers: &HeaderMap, bytes: Bytes) -> Answer {
        let current = self.0.get(key).map(|object| &*object.tag);
        match (header(headers, IF_MATCH), header(headers, IF_NONE_MATCH), current) {
            (Some(_), _, None) => return Answer::error(404, "NoSuchKey"),
            (Some(expected), _, Some(tag)) if expected != tag => return Answer::error(412, "PreconditionFailed"),
            (_, Some("*"), Some(_)) => return Answer::error(412, "PreconditionFailed"),
            (_, Some("*") | None, _) => {}
            (_, Some(_), _) => return Answer::error(501, "NotImplemented"),
        }
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes)));
        let answer = Answer::new(200, Bytes::new()).with(ETAG, &tag);
        self.0.insert(key.to_owned(), Object { tag, bytes });
        answer
    }
}

impl Answer {
    fn new(status: u16, body: Bytes) -> Self {
        Self { head: Response::builder().status(status).body(()).expect("a status"), body }
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>of the testkit</Message></Error>"
        );
        Self::new(status, body.into())
    }

    fn with(mut self, name: hyper::header::HeaderName, value: &str) -> Self {
        self.head.headers_mut().insert(name, value.parse().expect("the value of a header"));
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        self.head.map(|()| Body::whole(self.body))
    }
}

fn header(headers: &HeaderMap, name: hyper::header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The first and the last byte that `bytes=0-99` asks for.
fn bounds(range: &str) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}
