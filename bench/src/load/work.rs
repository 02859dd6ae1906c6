//! The workers of `bench load`. Each sends one random request after the other.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{ApiKey, Client, ClientId};
use list_engine::SortBy;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use testkit::{Call, Server};

use crate::people::Words;

/// A kind of request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    List,
    Search,
    Update,
    Create,
    Delete,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Get, Self::List, Self::Search, Self::Update, Self::Create, Self::Delete];

    /// The name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "gets",
            Self::List => "lists",
            Self::Search => "searches",
            Self::Update => "updates",
            Self::Create => "creates",
            Self::Delete => "deletes",
        }
    }

    /// The share of all requests in percent. As many clients are created as deleted.
    pub(crate) fn share(self) -> u32 {
        match self {
            Self::Get => 40,
            Self::List | Self::Search => 20,
            Self::Update => 12,
            Self::Create | Self::Delete => 4,
        }
    }

    /// The status of success.
    fn expected(self) -> u16 {
        match self {
            Self::Create => 201,
            Self::Get | Self::List | Self::Search | Self::Update | Self::Delete => 200,
        }
    }
}

/// The outcome of one request.
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) duration: Duration,
    pub(crate) error: Option<String>,
}

/// A worker and its random generator.
pub(crate) struct Worker {
    server: Server,
    key: ApiKey,
    /// The clients that existed from the start. They are never deleted.
    clients: Arc<[Client]>,
    /// The clients that this worker created and will delete.
    created: Vec<ClientId>,
    rng: ChaCha8Rng,
    words: Words,
}

impl Worker {
    pub(crate) fn new(server: Server, key: ApiKey, clients: Arc<[Client]>, seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { server, key, clients, created: Vec::new(), rng, words: Words::new() }
    }

    /// Sends requests until a moment. Returns the worker with its records.
    pub(crate) async fn work(mut self, until: Instant) -> (Self, Vec<Record>) {
        let mut records = Vec::new();
        while Instant::now() < until {
            records.push(self.request().await);
        }
        (self, records)
    }

    async fn request(&mut self) -> Record {
        let (kind, call) = self.draw();
        let call = call.key(&self.key);
        let start = Instant::now();
        let answer = self.answer(&call).await;
        let duration = start.elapsed();
        let error = match answer {
            Ok((status, body)) if status == kind.expected() => {
                self.created.extend((kind == Kind::Create).then(|| created(&body)).flatten());
                None
            }
            Ok((status, _)) => Some(format!("{}: status {status}", kind.name())),
            Err(error) => Some(format!("{}: {error}", kind.name())),
        };
        Record { kind, duration, error }
    }

    /// The status and the body of the answer to a call.
    async fn answer(&self, call: &Call) -> reqwest::Result<(u16, Vec<u8>)> {
        let response = self.server.send(call).await?;
        Ok((response.status().as_u16(), response.bytes().await?.to_vec()))
    }

    fn draw(&mut self) -> (Kind, Call) {
        let mut at = self.rng.random_range(0..100);
        let kind = Kind::ALL.into_iter().find(|kind| {
            let found = at < kind.share();
            at = at.saturating_sub(kind.share());
            found
        });
        let kind = kind.expect("the shares add up to a hundred");
        let client = self.clients.choose(&mut self.rng).expect("there are clients");
        match kind {
            Kind::Get => (kind, Call::get(&client.id.to_string())),
            Kind::List => {
                let sort_by = SortBy::ALL.choose(&mut self.rng).expect("the array is not empty").as_str();
                let offset = self.rng.random_range(0..self.clients.len());
                (kind, Call::list().parameters(&[("sortBy", sort_by), ("offset", &offset.to_string())]))
            }
            Kind::Search => {
                let chars = self.rng.random_range(3..8);
                let start: String = client.name.as_str().chars().take(chars).collect();
                (kind, Call::list().parameters(&[("query", &start)]))
            }
            Kind::Update => {
                (kind, Call::update(&client.id.to_string(), &json!({ "name": self.words.name(&mut self.rng) })))
            }
            Kind::Delete if !self.created.is_empty() => (kind, Call::delete(&self.created.swap_remove(0).to_string())),
            // A worker that has nothing to delete creates.
            Kind::Create | Kind::Delete => {
                let name = self.words.name(&mut self.rng);
                let body = json!({ "name": name, "phone": "+1 555-0100", "notes": "By the bench." });
                (Kind::Create, Call::create(&body))
            }
        }
    }
}

/// The identifier of the client in the answer to a create.
fn created(body: &[u8]) -> Option<ClientId> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["data"]["id"].as_str()?.parse().ok()
}
