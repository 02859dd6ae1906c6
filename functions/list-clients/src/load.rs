//! The load of an organization from the table: reads its whole change feed, page by page.

use std::time::Instant;

use domain::Timestamp;
use list_engine::{Finish, Index, Loader};
use shared::store::{Cursor, FeedPage};
use tokio::task::yield_now;

use crate::{
    checkpoints::lease::Lease,
    source::{ListError, Source},
};

/// The most bytes of a load for each byte of the budget. The index that it ends with is smaller.
const BYTES_OF_BUDGET: usize = 3;
const PER_BYTES_OF_LOAD: usize = 2;
/// The most clients whose postings are completed before the answer: some milliseconds' work.
const FEW: usize = 10_000;

/// A load. Writes made meanwhile have timestamps later than its start less the overlap, and the refresh that follows
/// reads all of those. A load that is dropped at its deadline continues with the next request.
pub(crate) struct Load {
    stage: Stage,
    /// Our clock's time before the first page was read.
    pub(crate) began: Timestamp,
    /// The same instant on the monotonic clock.
    pub(crate) began_at: Instant,
    /// The latest deletion of the organization that was read.
    pub(crate) mark: Option<Timestamp>,
    pub(crate) pages: usize,
    /// The lease on the right to load.
    pub(crate) lease: Option<Lease>,
}

enum Stage {
    Reading { loader: Loader, cursor: Option<Cursor> },
    Finishing(Box<Finish>),
}

impl Load {
    /// A load that has read nothing.
    pub(crate) fn new(began: Timestamp) -> Self {
        let stage = Stage::Reading { loader: Loader::default(), cursor: None };
        Self { stage, began, began_at: Instant::now(), mark: None, pages: 0, lease: None }
    }

    /// Adds a page.
    pub(crate) fn push(&mut self, page: FeedPage) {
        let Stage::Reading { loader, cursor } = &mut self.stage else { return };
        page.changes.into_iter().for_each(|change| loader.push(change));
        self.mark = self.mark.max(page.mark);
        self.pages += 1;
        *cursor = page.next;
        if cursor.is_none() {
            self.stage = Stage::Finishing(Box::new(std::mem::take(loader).finish_in_steps()));
        }
    }

    /// Reads the pages that are left, and gives the index of all clients.
    pub(crate) async fn read(&mut self, source: &Source<'_>) -> Result<Box<Index>, ListError> {
        while let Stage::Reading { loader, cursor } = &self.stage {
            if loader.bytes() / BYTES_OF_BUDGET > source.settings.budget / PER_BYTES_OF_LOAD {
                return Err(ListError::TooLarge);
            }
            let page = source.app.store.feed(source.org, None, cursor.clone()).await?;
            self.push(page);
            yield_now().await;
        }
        let Stage::Finishing(finish) = &mut self.stage else { unreachable!("the feed has ended") };
        let mut index = loop {
            if let Some(index) = finish.step() {
                break Box::new(index);
            }
            yield_now().await;
        };
        // The pairs are collected already. For an organization of any size, what is left waits for the answer.
        if index.len() <= FEW || !source.settings.works_after_answers {
            while !index.rebuild_postings() {}
        }
        Ok(index)
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.stage {
            Stage::Reading { loader, .. } => loader.bytes(),
            Stage::Finishing(finish) => finish.bytes(),
        }
    }
}
