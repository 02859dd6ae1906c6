//! The event that an HTTP API sends to a function for a request: payload format 2.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::body::Bytes;
use jiff::Timestamp;
use lambda_http::http::{HeaderMap, Version, header, request::Parts};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use shared::http::Endpoint;

use super::routes::Parameters;

/// A request that was matched with a route.
pub(super) struct Incoming<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a Bytes,
    pub(super) peer: SocketAddr,
    pub(super) parameters: Parameters,
    pub(super) endpoint: &'static Endpoint,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a Parameters,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: &'a str,
    domain_prefix: &'a str,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: String,
    user_agent: &'a str,
}

impl Incoming<'_> {
    /// The event, as JSON.
    pub(super) fn event(&self, request_id: &str) -> serde_json::Result<Box<RawValue>> {
        let uri = &self.parts.uri;
        let query = uri.query().unwrap_or_default();
        let route_key = format!("{} {}", self.parts.method, self.endpoint.path);
        let headers = headers(&self.parts.headers);
        let text = |name: header::HeaderName| headers.get(name.as_str()).map_or("", String::as_str);
        let domain_name = text(header::HOST);
        let now = Timestamp::now();
        let (body, is_base64_encoded) = body(self.body);
        to_raw_value(&Event {
            version: "2.0",
            route_key: &route_key,
            raw_path: uri.path(),
            raw_query_string: query,
            cookies: cookies(&self.parts.headers),
            query_string_parameters: query_string_parameters(query),
            request_context: RequestContext {
                account_id: "123456789012",
                api_id: "local",
                domain_name,
                domain_prefix: domain_name.split('.').next().unwrap_or_default(),
                http: Http {
                    method: self.parts.method.as_str(),
                    path: uri.path(),
                    protocol: if self.parts.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" },
                    source_ip: self.peer.ip().to_string(),
                    user_agent: text(header::USER_AGENT),
                },
                request_id,
                route_key: &route_key,
                stage: "$default",
                time: now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                time_epoch: now.as_millisecond(),
            },
            path_parameters: &self.parameters,
            body,
            is_base64_encoded,
            headers: headers.clone(),
        })
    }
}

/// Several values of one header are joined by commas; cookies have a field of their own.
fn headers(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let mut joined: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| *name != header::COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter();
    values
        .flat_map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

/// The query's parameters, decoded. The values of a repeated one are joined by commas.
fn query_string_parameters(query: &str) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        joined
            .entry(decode(name))
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value.clone());
    }
    joined
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// The body as text, or as base64 if it is not UTF-8, and whether it is base64.
fn body(bytes: &Bytes) -> (Option<String>, bool) {
    match std::str::from_utf8(bytes) {
        Ok("") => (None, false),
        Ok(text) => (Some(text.to_owned()), false),
        Err(_) => (Some(BASE64_STANDARD.encode(bytes)), true),
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::Request;
    use serde_json::{Value, json};

    use super::*;

    fn event(request: Request<&'static [u8]>) -> Value {
        let (parts, body) = request.into_parts();
        let incoming = Incoming {
            parts: &parts,
            body: &Bytes::from_static(body),
            peer: ([127, 0, 0, 1], 5000).into(),
            parameters: Parameters::from([("id", "7".to_owned())]),
            endpoint: functions::ENDPOINTS.iter().find(|endpoint| endpoint.name == "get-client").unwrap(),
        };
        serde_json::from_str(incoming.event("request-1").unwrap().get()).unwrap()
    }

    #[test]
    fn an_event_has_the_form_of_payload_2() {
        let request = Request::get("/api/v1/clients/7?a=1&b=x+%26&a=%C3%A9&c")
            .header("Host", "api.example.com")
            .header("User-Agent", "test")
            .header("X-Many", "1")
            .header("x-many", "2")
            .header("Cookie", "a=1; b=2")
            .body(&b"{}"[..])
            .unwrap();
        let mut event = event(request);
        let context = event["requestContext"].take();
        assert_eq!(
            event,
            json!({
                "version": "2.0",
                "routeKey": "GET /api/v1/clients/{id}",
                "rawPath": "/api/v1/clients/7",
                "rawQueryString": "a=1&b=x+%26&a=%C3%A9&c",
                "cookies": ["a=1", "b=2"],
                "headers": {"host": "api.example.com", "user-agent": "test", "x-many": "1,2"},
                "queryStringParameters": {"a": "1,é", "b": "x &", "c": ""},
                "requestContext": null,
                "pathParameters": {"id": "7"},
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
        assert_eq!(context["domainName"], "api.example.com");
        assert_eq!(context["domainPrefix"], "api");
        assert_eq!(context["requestId"], "request-1");
        assert_eq!(context["stage"], "$default");
        assert_eq!(
            context["http"],
            json!({
                "method": "GET",
                "path": "/api/v1/clients/7",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            })
        );
        let time = context["time"].as_str().unwrap();
        assert!(time.len() == "12/Mar/2020:19:03:58 +0000".len() && time.ends_with(" +0000"), "{time}");
    }

    #[test]
    fn a_body_that_is_not_text_is_base64() {
        let event = event(Request::post("/").body(&b"\xff"[..]).unwrap());
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
    }

    #[test]
    fn an_event_reads_as_the_platforms_own_type() {
        let event = event(Request::get("/").body(&b""[..]).unwrap());
        assert!(event.get("body").is_none());
        use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
        let request: ApiGatewayV2httpRequest = serde_json::from_value(event).unwrap();
        assert_eq!(request.path_parameters["id"], "7");
    }
}
