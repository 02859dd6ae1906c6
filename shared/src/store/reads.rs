//! Strongly consistent reads of single items. Those of one request that start together are one call.
//!
//! A warm read of a client checks the key and reads the client at the same time. As one `BatchGetItem`, the two take
//! the same units and about half the processor time of two `GetItem`.

use std::{
    collections::HashMap,
    future, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use aws_sdk_dynamodb::{
    operation::{batch_get_item::BatchGetItemInput, get_item::GetItemInput},
    types::KeysAndAttributes,
};
use tokio::sync::oneshot;

use super::{
    Store, StoreError,
    call::{ATTEMPTS, Retry, pause},
    item::Item,
};

type Outcome = Result<Option<Item>, StoreError>;

/// The reads of a request that will be one call. `None` if there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(Arc<Mutex<Option<Vec<Waiting>>>>);

#[derive(Debug)]
struct Waiting {
    read: Read,
    outcome: oneshot::Sender<Outcome>,
}

#[derive(Clone, Debug)]
struct Read {
    table: String,
    key: Item,
}

/// The first of the reads, which makes the call. If it is dropped before, the others make their own.
struct First<'a>(&'a Reads);

impl Store {
    /// The item of this primary key, read strongly consistently.
    ///
    /// # Errors
    /// Fails if the table does.
    pub(super) async fn read_item(&self, table: &str, key: Item) -> Outcome {
        let read = Read { table: table.to_owned(), key };
        let Some((outcome, first)) = self.reads.join(&read) else { return self.read_alone(read).await };
        if let Some(first) = first {
            next_poll().await;
            let reads = first.take();
            if reads.len() > 1 {
                self.read_together(reads).await;
            }
        }
        match outcome.await {
            Ok(outcome) => outcome,
            Err(_) => self.read_alone(read).await,
        }
    }

    async fn read_alone(&self, read: Read) -> Outcome {
        let request = GetItemInput::builder().table_name(read.table).set_key(Some(read.key)).consistent_read(true);
        Ok(self.call("GetItem", Retry::Always, request).await?.item)
    }

    async fn read_together(&self, reads: Vec<Waiting>) {
        let wanted = |Waiting { read, .. }: &Waiting| {
            let keys = KeysAndAttributes::builder().keys(read.key.clone()).consistent_read(true);
            (read.table.clone(), keys.build().expect("the keys are set"))
        };
        let mut found = self.read_batch(reads.iter().map(wanted).collect()).await;
        for Waiting { read, outcome } in reads {
            let found = match &mut found {
                Ok(found) => Ok(found.get_mut(&read.table).and_then(Vec::pop)),
                Err(error) => Err(error.clone()),
            };
            // This fails if nobody waits for the read any more.
            drop(outcome.send(found));
        }
    }

    /// The items found of those that are wanted, by table.
    ///
    /// # Errors
    /// Fails if a table does, or if it leaves items unread again and again.
    pub(super) async fn read_batch(
        &self,
        mut wanted: HashMap<String, KeysAndAttributes>,
    ) -> Result<HashMap<String, Vec<Item>>, StoreError> {
        const OPERATION: &str = "BatchGetItem";
        let mut found: HashMap<String, Vec<Item>> = HashMap::new();
        let mut attempt = 1;
        loop {
            let request = BatchGetItemInput::builder().set_request_items(Some(wanted));
            let output = self.call(OPERATION, Retry::Always, request).await?;
            for (table, items) in output.responses.into_iter().flatten() {
                found.entry(table).or_default().extend(items);
            }
            // DynamoDB leaves out items that it throttles, and those beyond 16 MB.
            wanted = output.unprocessed_keys.unwrap_or_default();
            if wanted.is_empty() {
                return Ok(found);
            }
            if attempt == ATTEMPTS {
                return Err(StoreError::unprocessed(OPERATION));
            }
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }
}

/// Waits for the next poll, by which the reads that start together have joined. Unlike tokio's `yield_now`, it does
/// not ask the system for events in between.
fn next_poll() -> impl Future<Output = ()> {
    let mut is_next = false;
    future::poll_fn(move |context| {
        if mem::replace(&mut is_next, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

impl Reads {
    /// Joins the reads that will be one call, perhaps as the first. `None` if one of them is of the same table: no
    /// request needs two, and a batch must not name an item twice.
    fn join(&self, read: &Read) -> Option<(oneshot::Receiver<Outcome>, Option<First<'_>>)> {
        let mut reads = self.lock();
        let first = reads.is_none().then(|| First(self));
        let reads = reads.get_or_insert_default();
        if reads.iter().any(|other| other.read.table == read.table) {
            return None;
        }
        let (outcome, receiver) = oneshot::channel();
        reads.push(Waiting { read: read.clone(), outcome });
        Some((receiver, first))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl First<'_> {
    /// The reads, of which this is one. Later ones are not among them.
    fn take(self) -> Vec<Waiting> {
        self.0.lock().take().unwrap_or_default()
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        self.0.lock().take();
    }
}
