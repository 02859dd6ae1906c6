//! A request as a handler sees it, after the pipeline has let it through.

use lambda_http::{
    Body, RequestExt,
    http::{HeaderMap, HeaderName, header},
};

use crate::{
    error::{ApiError, Invalid},
    etag::Tags,
    identity::{Caller, ClientId},
    limits::IDEMPOTENCY_KEY_CHARS,
    query::Query,
    store::Stamp,
    time::Timestamp,
};

/// The header by which a `POST` is made safe to repeat.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// An authenticated request.
#[derive(Clone, Debug)]
pub struct Request {
    /// On whose behalf it is made.
    pub caller: Caller,
    /// Its path parameter, its query, its headers and its body.
    pub parts: RequestParts,
}

/// What a request brings along, whoever makes it.
#[derive(Clone, Debug)]
pub struct RequestParts {
    client: Option<ClientId>,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl RequestParts {
    pub(crate) fn new(request: lambda_http::Request) -> Self {
        let id = request.path_parameters_ref().and_then(|parameters| parameters.first("id"));
        let client = id.and_then(|id| id.parse().ok());
        let query = request.uri().query().unwrap_or_default().to_owned();
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        Self { client, query, headers: parts.headers, body }
    }

    /// The client that the path names, if it names one.
    pub(crate) fn client_id(&self) -> Option<ClientId> {
        self.client
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the body is declared to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/json")
    }
}

impl Request {
    /// The client that the path names. What is no UUID names no client.
    ///
    /// # Errors
    /// `NotFound` for a text that is no UUID.
    pub fn client_id(&self) -> Result<ClientId, ApiError> {
        self.parts.client_id().ok_or(ApiError::NotFound)
    }

    /// The query parameters, of which only the `known` ones may be given, and each once.
    #[must_use]
    pub fn query(&self, known: &'static [&'static str]) -> Query {
        Query::parse(&self.parts.query, known)
    }

    /// That there are no query parameters.
    ///
    /// # Errors
    /// Names every parameter there is.
    pub fn no_query(&self) -> Result<(), Invalid> {
        Invalid::unless_empty(self.query(&[]).errors().to_vec())
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.parts.body
    }

    /// The versions that `If-Match` allows; `None`: any.
    ///
    /// # Errors
    /// When the header is malformed.
    pub fn if_match(&self) -> Result<Option<Vec<u64>>, Invalid> {
        let tags = Tags::from_headers(&self.parts.headers, "If-Match")?;
        Ok(tags.and_then(|tags| tags.versions()))
    }

    /// The representations that `If-None-Match` says the caller has.
    ///
    /// # Errors
    /// When the header is malformed.
    pub fn if_none_match(&self) -> Result<Option<Tags>, Invalid> {
        Tags::from_headers(&self.parts.headers, "If-None-Match")
    }

    /// The `Idempotency-Key`, where there is one.
    ///
    /// # Errors
    /// When it is empty, too long, repeated, or not printable ASCII.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Invalid> {
        let mut values = self.parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        // `to_str` takes tabs for text, too.
        let text = value.to_str().ok().filter(|text| !text.contains('\t')).unwrap_or_default().trim();
        if text.is_empty() || text.len() > IDEMPOTENCY_KEY_CHARS || values.next().is_some() {
            let message = format!("must be given once, as 1 to {IDEMPOTENCY_KEY_CHARS} printable ASCII characters");
            return Err(Invalid::field("Idempotency-Key", message));
        }
        Ok(Some(text))
    }

    /// Who writes, and when, for the store.
    #[must_use]
    pub fn stamp(&self, at: Timestamp) -> Stamp {
        Stamp { caller: self.caller.clone(), at }
    }
}
