//! A response of the API.

use std::io::Read;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::read::GzDecoder;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::Value;

/// A response, whichever way the call went.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The text of the body, decompressed; empty if there is none.
    pub text: String,
    /// The JSON in the body; `null` if there is none.
    pub body: Value,
}

impl Answer {
    /// # Panics
    /// Panics if the body is not JSON, which every body of the API is.
    pub(crate) fn new(status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let mut text = String::new();
        let is_compressed = headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
        if is_compressed && !body.is_empty() {
            GzDecoder::new(body).read_to_string(&mut text).expect("text, compressed with gzip");
        } else {
            text.push_str(str::from_utf8(body).expect("text"));
        }
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) };
        Self { status, headers, text, body }
    }

    /// Reads a function's response in the form of API Gateway's payload version 2.0.
    ///
    /// # Panics
    /// Panics if it is something else.
    #[must_use]
    pub fn from_payload(response: &Value) -> Self {
        let status = response["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let headers = response["headers"].as_object().expect("a response has headers").iter().map(|(name, value)| {
            let value = HeaderValue::try_from(value.as_str().expect("a header is a text")).expect("a legal header");
            (HeaderName::try_from(name).expect("a legal header name"), value)
        });
        let body = response["body"].as_str().unwrap_or_default();
        let body = match response["isBase64Encoded"].as_bool() {
            Some(true) => BASE64_STANDARD.decode(body).expect("a body in base64"),
            _ => body.as_bytes().to_vec(),
        };
        Self::new(status.expect("a response has a status"), headers.collect(), &body)
    }

    /// The value of a header; empty if it is absent.
    ///
    /// # Panics
    /// Panics if the value is not printable ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of ours is printable ASCII"))
    }

    /// The client or clients in the body.
    #[must_use]
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// The identifier of the client in the body.
    ///
    /// # Panics
    /// Panics if the body holds no client.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> &str {
        self.body["data"]["id"].as_str().unwrap_or_else(|| unreachable!("no client in {self:?}"))
    }

    /// The answer without the members and headers that differ from request to request.
    #[must_use]
    pub fn without_request_id(mut self) -> Self {
        for name in ["x-request-id", "date", "ratelimit"] {
            self.headers.remove(name);
        }
        if let Some(id) = self.body.as_object_mut().and_then(|body| body.remove("requestId")) {
            self.text = self.text.replace(&id.to_string(), "");
        }
        self
    }

    /// Checks that the answer is the problem document of `code`, whose errors name exactly `fields`, and
    /// that nothing of the program shows in it.
    ///
    /// # Panics
    /// Panics if it is not.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str, fields: &[&str]) {
        let (text, body) = (&self.text, &self.body);
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{text}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{text}");
        assert_eq!(body["status"], status, "{text}");
        assert_eq!(body["type"], format!("urn:clients-api:problem:{code}"), "{text}");
        for member in ["title", "detail", "requestId"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {text}");
        }
        assert_eq!(body["requestId"], self.header("x-request-id"), "{text}");
        let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut named: Vec<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
        let mut expected = fields.to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{text}");
        assert!(errors.iter().all(|error| error["message"].as_str().is_some_and(|text| !text.is_empty())), "{text}");
        for debris in ["Error(", "Some(", "Err(", "src/", "panicked", "ba_0", "dynamodb", "DynamoDb"] {
            assert!(!text.contains(debris), "`{debris}` in {text}");
        }
    }
}
