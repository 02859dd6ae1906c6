//! Objects in a bucket of S3: one request, its retries, and the check of its response.
//!
//! It is written and signed here. The SDK's client for S3 would be several times the size of everything else in a
//! function, for three requests.

use std::{fmt, ops::Range, time::Duration};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sigv4::http_request::{PayloadChecksumKind, PercentEncodingMode, SigningSettings, UriPathNormalizationMode};
use aws_smithy_runtime_api::{client::http::SharedHttpConnector, http};
use aws_smithy_types::body::SdkBody;
use aws_types::{SdkConfig, region::Region};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::{Expected, ObjectError, ObjectTag, Part, error::Kind};
use crate::{
    aws::{Connections, Signer},
    telemetry::Tally,
};

/// The start of every key in a bucket. The functions may read and write nothing else there.
pub const PREFIX: &str = "checkpoints/";

/// The name of the service in signatures.
const SERVICE: &str = "s3";
/// The most attempts at one request.
const ATTEMPTS: u32 = 2;
/// The timeout of an attempt, beside the time for its bytes.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// The lowest rate at which bytes are waited for, in bytes per second. A function has about 75 MB/s.
const LOWEST_RATE: u64 = 8 << 20;
/// The mean pause before the second attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// A bucket.
pub(super) struct Bucket {
    /// The URL of the bucket, without a slash at its end.
    url: String,
    signer: Signer,
    connections: Connections,
}

/// A response that was read whole.
struct Response {
    head: http::Response<()>,
    body: Bytes,
}

impl Bucket {
    pub(super) fn new(config: &SdkConfig, bucket: &str, connector: Option<SharedHttpConnector>) -> Self {
        let region = config.region().expect("the configuration has a region");
        let connections = connector.map_or_else(Connections::from_env, Connections::Given);
        Self { url: url(config, region, bucket), signer: Signer::new(SERVICE, settings(), config), connections }
    }

    pub(super) async fn get(
        &self,
        key: &str,
        range: Range<u64>,
        tag: Option<&ObjectTag>,
        tally: &Tally,
    ) -> Result<Option<Part>, ObjectError> {
        const OPERATION: &str = "get";
        let mut request = self.request("GET", key, SdkBody::empty());
        request.headers_mut().insert("range", format!("bytes={}-{}", range.start, range.end - 1));
        if let Some(tag) = tag {
            request.headers_mut().insert("if-match", tag.0.clone());
        }
        let response = self.send(OPERATION, &request, range.end - range.start, tally).await?;
        match response.status() {
            206 => part(&response, &range).map(Some).ok_or_else(|| {
                ObjectError::other(OPERATION, "the response lacks a tag, or is not the range that was asked for")
            }),
            404 if response.code() == "NoSuchKey" => Ok(None),
            412 => Err(ObjectError::changed(OPERATION)),
            416 => Err(ObjectError::ends_before(OPERATION)),
            _ => Err(response.refusal(OPERATION)),
        }
    }

    /// An attempt without an answer is repeated too. If it took effect, the condition does not hold any more.
    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        expected: &Expected,
        tally: &Tally,
    ) -> Result<Option<ObjectTag>, ObjectError> {
        const OPERATION: &str = "put";
        let len = bytes.len() as u64;
        let mut request = self.request("PUT", key, SdkBody::from(bytes));
        match expected {
            Expected::Absent => request.headers_mut().insert("if-none-match", "*"),
            Expected::Unchanged(tag) => request.headers_mut().insert("if-match", tag.0.clone()),
        };
        let response = self.send(OPERATION, &request, len, tally).await?;
        match response.status() {
            200 => match response.tag() {
                Some(tag) => Ok(Some(tag)),
                None => Err(ObjectError::other(OPERATION, "the response lacks a tag")),
            },
            // 409: another write of the object was under way.
            409 | 412 => Ok(None),
            404 if response.code() == "NoSuchKey" => Ok(None),
            _ => Err(response.refusal(OPERATION)),
        }
    }

    pub(super) async fn delete(&self, key: &str, tally: &Tally) -> Result<(), ObjectError> {
        const OPERATION: &str = "delete";
        let response = self.send(OPERATION, &self.request("DELETE", key, SdkBody::empty()), 0, tally).await?;
        if response.status() == 204 { Ok(()) } else { Err(response.refusal(OPERATION)) }
    }

    fn request(&self, method: &str, key: &str, body: SdkBody) -> HttpRequest {
        let mut request = HttpRequest::new(body);
        request.set_method(method).expect("a method of HTTP");
        request.set_uri(format!("{}/{PREFIX}{key}", self.url)).expect("the bucket's URL and plain keys make a URL");
        request
    }

    /// Sends a request that carries up to `len` bytes in either direction, again if that may help.
    async fn send(
        &self,
        operation: &'static str,
        request: &HttpRequest,
        len: u64,
        tally: &Tally,
    ) -> Result<Response, ObjectError> {
        let mut attempt = 1;
        loop {
            match self.attempt(operation, request, len, tally).await {
                Err(error) if attempt < ATTEMPTS && (error.is_unavailable() || error.is_timed_out()) => {}
                outcome => return outcome,
            }
            tokio::time::sleep(PAUSE.mul_f64(0.5 + fastrand::f64())).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        operation: &'static str,
        request: &HttpRequest,
        len: u64,
        tally: &Tally,
    ) -> Result<Response, ObjectError> {
        tally.count_object_call();
        let mut request = request.try_clone().expect("the body is in memory");
        let generation = self.connections.generation();
        let exchange = async {
            let signed = self.signer.sign(&mut request).await;
            signed.map_err(|error| ObjectError::other(operation, error.to_string()))?;
            let response = self.connections.send(request).await;
            let response = response.map_err(|error| ObjectError::unavailable(operation, &error))?;
            Response::read(response).await.map_err(|error| ObjectError::unavailable(operation, &*error))
        };
        let timeout = ATTEMPT_TIMEOUT + Duration::from_secs_f64(len as f64 / LOWEST_RATE as f64);
        let outcome = match tokio::time::timeout(timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ObjectError::new(operation, Kind::TimedOut, "no answer in time")),
        };
        match outcome {
            Ok(response) if response.status() == 429 || response.status() >= 500 => {
                Err(ObjectError::new(operation, Kind::Unavailable, response.summary()))
            }
            // The other connections of the pool may be no better.
            Err(error) if error.is_unavailable() || error.is_timed_out() => {
                self.connections.replace(generation);
                Err(error)
            }
            outcome => outcome,
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Response {
    /// Reads a response into one piece of memory.
    async fn read(mut response: HttpResponse) -> Result<Self, aws_sdk_dynamodb::error::BoxError> {
        let mut frames = response.take_body();
        let expected = http_body::Body::size_hint(&frames).lower();
        let mut body = BytesMut::with_capacity(usize::try_from(expected)?);
        while let Some(frame) = frames.frame().await {
            body.extend_from_slice(frame?.data_ref().map_or(&[], |data| data));
        }
        Ok(Self { head: response.map(|_| ()), body: body.freeze() })
    }

    fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name)
    }

    fn tag(&self) -> Option<ObjectTag> {
        self.header("etag").map(|tag| ObjectTag(tag.to_owned()))
    }

    /// The error code in the body, or nothing. It is all of the body that is logged: messages name the object.
    fn code(&self) -> &str {
        let body = std::str::from_utf8(&self.body).unwrap_or_default();
        let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        code.map_or("", |(code, _)| code)
    }

    fn summary(&self) -> String {
        format!("{} ({})", self.code(), self.status())
    }

    fn refusal(&self, operation: &'static str) -> ObjectError {
        let kind = if self.status() == 403 { Kind::Forbidden } else { Kind::Other };
        ObjectError::new(operation, kind, self.summary())
    }
}

/// The part in a response, if it is all of `range` that the object has.
fn part(response: &Response, range: &Range<u64>) -> Option<Part> {
    let sent = response.header("content-range")?.strip_prefix("bytes ")?;
    let (sent, object_len) = sent.split_once('/')?;
    let (first, last) = sent.split_once('-')?;
    let (first, last, object_len): (u64, u64, u64) =
        (first.parse().ok()?, last.parse().ok()?, object_len.parse().ok()?);
    let end = last.checked_add(1)?;
    let is_whole = first == range.start && end == range.end.min(object_len);
    let is_complete = response.body.len() as u64 == end.checked_sub(first)?;
    (is_whole && is_complete).then_some(Part { tag: response.tag()?, object_len, bytes: response.body.clone() })
}

/// S3 signs paths as they are, and the hash of the body in a header of its own.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings
}

/// The URL of a bucket: a path of the configured endpoint, or else a host of the region.
fn url(config: &SdkConfig, region: &Region, bucket: &str) -> String {
    if let Some(endpoint) = config.endpoint_url() {
        return format!("{}/{bucket}", endpoint.trim_end_matches('/'));
    }
    let fips = if config.use_fips() == Some(true) { "-fips" } else { "" };
    let dual_stack = if config.use_dual_stack() == Some(true) { ".dualstack" } else { "" };
    let country = if region.as_ref().starts_with("cn-") { ".cn" } else { "" };
    format!("https://{bucket}.s3{fips}{dual_stack}.{region}.amazonaws.com{country}")
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, SharedCredentialsProvider};

    use super::*;

    fn config(region: &'static str) -> aws_types::sdk_config::Builder {
        let credentials = Credentials::new("key", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
    }

    fn url_of(config: aws_types::sdk_config::Builder) -> String {
        Bucket::new(&config.build(), "kept", None).url
    }

    #[test]
    fn a_bucket_is_a_host_of_its_region_or_a_path_of_the_endpoint() {
        assert_eq!(url_of(config("eu-central-1")), "https://kept.s3.eu-central-1.amazonaws.com");
        assert_eq!(url_of(config("cn-north-1")), "https://kept.s3.cn-north-1.amazonaws.com.cn");
        assert_eq!(
            url_of(config("us-gov-west-1").use_fips(true).use_dual_stack(true)),
            "https://kept.s3-fips.dualstack.us-gov-west-1.amazonaws.com"
        );
        for endpoint in ["http://localhost:9000", "http://localhost:9000/"] {
            assert_eq!(url_of(config("eu-central-1").endpoint_url(endpoint)), "http://localhost:9000/kept");
        }
    }

    /// A response of 3 bytes with these headers.
    fn response(headers: &[(&'static str, &'static str)]) -> Response {
        let mut head = http::Response::new(206.try_into().unwrap(), ());
        for (name, value) in headers {
            head.headers_mut().insert(*name, *value);
        }
        Response { head, body: Bytes::from_static(b"abc") }
    }

    #[test]
    fn a_part_is_the_range_that_was_asked_for_as_far_as_the_object_goes() {
        let part =
            |range, content_range| part(&response(&[("etag", "\"t\""), ("content-range", content_range)]), &range);
        for (range, content_range, len) in
            [(0..3, "bytes 0-2/3", 3), (4..7, "bytes 4-6/9", 9), (4..9, "bytes 4-6/7", 7)]
        {
            let part = part(range, content_range).unwrap();
            assert_eq!((part.object_len, &*part.bytes, part.tag.0.as_str()), (len, &b"abc"[..], "\"t\""));
        }
        for (range, content_range) in [
            (0..3, "bytes 1-3/9"),
            (0..4, "bytes 0-2/9"),
            (0..2, "bytes 0-1/9"),
            (0..3, "bytes 0-2/*"),
            (0..3, "bytes */9"),
            (0..3, "bytes 2-0/3"),
            (0..3, "bytes 0-18446744073709551615/3"),
            (0..3, "0-2/3"),
        ] {
            assert_eq!(part(range, content_range), None, "{content_range}");
        }
    }

    #[test]
    fn a_response_without_a_tag_or_a_range_is_no_part() {
        assert_eq!(part(&response(&[("content-range", "bytes 0-2/3")]), &(0..3)), None);
        assert_eq!(part(&response(&[("etag", "\"t\"")]), &(0..3)), None);
    }
}
