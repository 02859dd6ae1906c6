//! The HTTP client under the generated one: it repeats requests, and remembers the entity tags that the generated
//! functions do not return.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use http::Extensions;
use reqwest::{
    Client, Method, Request, Response, StatusCode,
    header::{ETAG, IF_MATCH, RETRY_AFTER},
};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next, Result};

const ATTEMPTS: u32 = 5;

pub fn new(tags: &Tags) -> ClientWithMiddleware {
    ClientBuilder::new(Client::new()).with(tags.clone()).with(Retries).build()
}

/// Repeats a request that was refused for a while, or that got no answer.
struct Retries;

#[async_trait]
impl Middleware for Retries {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let mut attempt = 1;
        loop {
            let Some(copy) = request.try_clone() else { return next.run(request, extensions).await };
            let answer = next.clone().run(copy, extensions).await;
            if attempt == ATTEMPTS || !is_safe_to_repeat(&request, answer.as_ref().ok().map(Response::status)) {
                return answer;
            }
            let asked =
                answer.ok().and_then(|response| response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok());
            tokio::time::sleep(Duration::from_secs(asked.unwrap_or(2_u64.pow(attempt - 1)))).await;
            attempt += 1;
        }
    }
}

/// A 429 has changed nothing. After a 503, or without an answer, a write may have taken effect.
fn is_safe_to_repeat(request: &Request, status: Option<StatusCode>) -> bool {
    match status {
        Some(StatusCode::TOO_MANY_REQUESTS) => true,
        Some(StatusCode::SERVICE_UNAVAILABLE) | None => {
            [Method::GET, Method::PUT, Method::DELETE].contains(request.method())
                || request.headers().contains_key("Idempotency-Key")
                || request.headers().contains_key(IF_MATCH)
        }
        Some(_) => false,
    }
}

/// The entity tag of the latest answer from each path.
#[derive(Clone, Default)]
pub struct Tags(Arc<Mutex<HashMap<String, String>>>);

impl Tags {
    pub fn of(&self, id: impl std::fmt::Display) -> Option<String> {
        let tags = self.0.lock().unwrap();
        tags.iter().find_map(|(path, tag)| path.ends_with(&format!("/clients/{id}")).then(|| tag.clone()))
    }
}

#[async_trait]
impl Middleware for Tags {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let path = request.url().path().to_owned();
        let response = next.run(request, extensions).await?;
        if let Some(tag) = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()) {
            self.0.lock().unwrap().insert(path, tag.to_owned());
        }
        Ok(response)
    }
}
