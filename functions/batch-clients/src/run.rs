//! Runs the operations of a batch: those on different clients at the same time, those on one client in their order, and
//! all within the deadline.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::{Client, ClientId, NewClient};
use futures_util::{StreamExt, stream};
use lambda_http::http::StatusCode;
use serde::Serialize;
use shared::{
    App,
    http::{ApiError, EntityTag, Request},
    store::{CreateOutcome, ExpectedVersions, PutOutcome, WriteContext, WriteError, WriteToken},
};
use tokio::time::{Instant, timeout_at};

use crate::{BatchKey, Change, Operation};

/// The most operations under way at the same time. Each takes a connection; twice as many would save one round trip of
/// a full batch, and a new instance would have to open them all.
const AT_ONCE: usize = 50;
/// The time before the deadline at which the last operation may begin: one attempt at a write fits into it.
const LAST_START_MARGIN: Duration = Duration::from_millis(1700);
/// The time before the deadline at which waiting ends: the results are written in it.
const ANSWER_MARGIN: Duration = Duration::from_millis(150);

/// What an operation gave, as its result shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Success {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Client>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
}

impl Success {
    fn of(client: Option<Client>) -> Self {
        let etag = client.as_ref().map(|client| EntityTag::of_version(client.version).to_string());
        Self { client, etag, replayed: false }
    }

    fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }
}

type Outcome = Result<(StatusCode, Success), ApiError>;

/// A run of a batch.
pub(crate) struct Run<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) key: Option<&'a BatchKey>,
}

/// An operation and its position in the batch.
type Placed = (usize, Operation);

impl Run<'_> {
    /// The outcomes of the operations, in their order.
    pub(crate) async fn all(&self, operations: Vec<Result<Operation, ApiError>>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(operations.len());
        let mut legal = Vec::with_capacity(operations.len());
        for (at, operation) in operations.into_iter().enumerate() {
            outcomes.push(match operation {
                Ok(operation) => {
                    legal.push((at, operation));
                    Err(ApiError::NotAttempted)
                }
                Err(error) => Err(error),
            });
        }
        let outcomes = Mutex::new(outcomes);
        let work = stream::iter(by_client(legal))
            .for_each_concurrent(AT_ONCE, |group| Box::pin(self.in_turn(group, &outcomes)));
        // An operation that is still under way keeps `DeadlineExceeded`: nobody knows whether it took effect.
        drop(timeout_at(self.request.deadline() - ANSWER_MARGIN, work).await);
        outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the operations on one client one after the other. After one that may still take effect, or that will be
    /// sent again, the others are left out: the order would not be kept.
    async fn in_turn(&self, group: Vec<Placed>, outcomes: &Mutex<Vec<Outcome>>) {
        let mut refused = Vec::new();
        let settle = |at: usize, outcome| {
            outcomes.lock().unwrap_or_else(PoisonError::into_inner)[at] = outcome;
        };
        for (at, operation) in group {
            if Instant::now() >= self.request.deadline() - LAST_START_MARGIN {
                return;
            }
            settle(at, Err(ApiError::DeadlineExceeded));
            let outcome = self.one(at, operation, &mut refused).await;
            let is_fault = outcome.as_ref().is_err_and(|error| error.problem().status.is_server_error());
            settle(at, outcome);
            if is_fault {
                return;
            }
        }
    }

    async fn one(&self, at: usize, operation: Operation, refused: &mut Vec<String>) -> Outcome {
        match operation {
            Operation::Create(new) => self.create(at, new).await,
            Operation::Change { id, change, expected } => self.change(at, id, change, &expected, refused).await,
        }
    }

    async fn create(&self, at: usize, new: NewClient) -> Outcome {
        let app = self.app.for_operation();
        let context = self.request.write_context(app.clock.now());
        let id = self.key.map_or_else(ClientId::random, |key| key.client_id(at));
        match app.store.create(&context, id, new, self.key.map(BatchKey::request_hash)).await? {
            CreateOutcome::Created(client) => Ok((StatusCode::CREATED, Success::of(Some(client)))),
            CreateOutcome::Replayed(client) => Ok((StatusCode::CREATED, Success::of(Some(client)).replayed(true))),
            CreateOutcome::Conflict => Err(ApiError::IdempotencyKeyReused),
        }
    }

    /// Changes a client. If that is refused, adds the refusal to those that later changes of the client leave in its
    /// item.
    async fn change(
        &self,
        at: usize,
        id: ClientId,
        change: Change,
        expected: &ExpectedVersions,
        refused: &mut Vec<String>,
    ) -> Outcome {
        let app = self.app.for_operation();
        let token = self.key.map(|key| WriteToken { digest: key.operation(at), refused_before: refused.clone() });
        let context = WriteContext { token, ..self.request.write_context(app.clock.now()) };
        let (status, outcome) = match change {
            Change::Update(patch) => {
                let updated = app.store.update(&context, id, &patch, expected).await;
                (StatusCode::OK, updated.map(Some))
            }
            Change::Put(new) => match app.store.put(&context, id, &new, expected).await {
                Ok(PutOutcome::Created(client)) => (StatusCode::CREATED, Ok(Some(client))),
                Ok(PutOutcome::Replaced(client)) => (StatusCode::OK, Ok(Some(client))),
                Err(error) => (StatusCode::OK, Err(error)),
            },
            Change::Delete => (StatusCode::OK, app.store.delete(&context, id, expected, false).await.map(|_| None)),
        };
        match outcome {
            Ok(client) => Ok((status, Success::of(client))),
            Err(WriteError::TookEffect { client, before }) => {
                Ok((status, Success::of(client.map(|client| *client)).replayed(before)))
            }
            Err(error) => {
                if let Some(token) = &context.token {
                    token.note_refusal(&error, refused);
                }
                Err(error.into())
            }
        }
    }
}

/// The operations on each client, in their order. Every create makes a client of its own.
fn by_client(operations: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut groups: Vec<Vec<Placed>> = Vec::new();
    let mut of_client = HashMap::new();
    for (at, operation) in operations {
        let group = match &operation {
            Operation::Create(_) => groups.len(),
            Operation::Change { id, .. } => *of_client.entry(*id).or_insert(groups.len()),
        };
        match groups.get_mut(group) {
            Some(group) => group.push((at, operation)),
            None => groups.push(vec![(at, operation)]),
        }
    }
    groups
}
