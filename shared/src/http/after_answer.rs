//! Work that a request leaves for the time after its answer, when no caller waits for it.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The work that is left to do. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub(crate) struct AfterAnswer(Arc<Mutex<Vec<Work>>>);

impl AfterAnswer {
    /// Leaves work. It must end within [`DEADLINE_MARGIN`](domain::limits::DEADLINE_MARGIN), which is what is left of
    /// the function's timeout after the latest answer.
    pub(crate) fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(work));
    }

    /// Does the work that is left.
    pub(crate) async fn run(&self) {
        let left = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for work in left {
            work.await;
        }
    }
}
