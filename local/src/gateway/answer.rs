//! A function's answer (payload format 2.0) as HTTP.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http_body_util::Full;
use hyper::body::Bytes;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// An answer over HTTP.
pub(super) type HttpAnswer = Response<Full<Bytes>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// A function's answer over HTTP. A malformed answer becomes a 500, as from API Gateway.
pub(super) fn to_http(answer: &RawValue) -> HttpAnswer {
    serde_json::from_str::<Answer>(answer.get())
        .ok()
        .and_then(Answer::into_http)
        .unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

/// An answer of the gateway itself.
pub(super) fn message(status: StatusCode, text: &str) -> HttpAnswer {
    let mut response = empty(status);
    *response.body_mut() = Full::from(json!({ "message": text }).to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> HttpAnswer {
    let mut response = HttpAnswer::default();
    *response.status_mut() = status;
    response
}

impl Answer {
    fn into_http(self) -> Option<HttpAnswer> {
        let mut headers = HeaderMap::new();
        let many = self.multi_value_headers.iter().flat_map(|(name, values)| values.iter().map(move |v| (name, v)));
        for (name, value) in self.headers.iter().chain(many) {
            headers.append(name.parse::<HeaderName>().ok()?, value.parse().ok()?);
        }
        for cookie in &self.cookies {
            headers.append(header::SET_COOKIE, cookie.parse().ok()?);
        }
        let body = self.body.unwrap_or_default();
        let body = if self.is_base64_encoded { BASE64_STANDARD.decode(body).ok()? } else { body.into_bytes() };
        let mut response = empty(StatusCode::from_u16(self.status_code).ok()?);
        *response.body_mut() = Full::from(body);
        *response.headers_mut() = headers;
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::value::to_raw_value;

    use super::*;

    async fn http(answer: serde_json::Value) -> (StatusCode, HeaderMap, Vec<u8>) {
        let (parts, body) = to_http(&to_raw_value(&answer).unwrap()).into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
    }

    #[tokio::test]
    async fn every_part_of_an_answer_arrives() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"etag": "\"1\""},
            "multiValueHeaders": {"x-many": ["1", "2"]},
            "cookies": ["a=1", "b=2"],
            "body": "/w==",
            "isBase64Encoded": true,
        });
        let (status, headers, body) = http(answer).await;
        assert_eq!((status, body), (StatusCode::CREATED, vec![0xff]));
        assert_eq!(headers["etag"], "\"1\"");
        assert_eq!(headers.get_all("x-many").iter().count(), 2);
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
    }

    #[tokio::test]
    async fn an_answer_of_another_form_is_a_500() {
        for answer in
            [json!("x"), json!({}), json!({"statusCode": 42}), json!({"statusCode": 200, "headers": {" ": ""}})]
        {
            assert_eq!(http(answer).await.0, StatusCode::INTERNAL_SERVER_ERROR);
        }
    }
}
