//! Work that a request leaves for the time after its answer, when no caller waits for it.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_util::FutureExt;
use tokio::time::Instant;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The work that is left to do. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Leftover(Arc<Mutex<Vec<Work>>>);

impl Leftover {
    /// Leaves work. It must end before the function's timeout.
    pub(crate) fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.push(Box::pin(work));
    }

    /// Does the work that is left. Work that panics ends; the rest is done.
    pub(crate) async fn run(&self) {
        for work in self.take() {
            drop(AssertUnwindSafe(work).catch_unwind().await);
        }
    }

    fn push(&self, work: Work) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(work);
    }

    fn take(&self) -> Vec<Work> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The time after the answer of one request, as its handler knows it. Work that is left there is done only if the
/// API key turns out to be valid: a handler may start before its key is checked. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct AfterAnswer {
    left: Leftover,
    authorized: Arc<AtomicBool>,
    until: Instant,
}

impl AfterAnswer {
    /// The time after the answer of a request whose key is not checked yet. Work must end by `until`.
    #[must_use]
    pub fn new(until: Instant) -> Self {
        Self { left: Leftover::default(), authorized: Arc::default(), until }
    }

    /// Leaves work, which must end by [`until`](Self::until). It is dropped if the request is not authorized.
    pub fn leave(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.left.leave(work);
    }

    /// The time by which the work must end.
    #[must_use]
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Whether the request is known to be authorized.
    #[must_use]
    pub fn is_authorized(&self) -> bool {
        self.authorized.load(Ordering::Relaxed)
    }

    /// Notes that the request is authorized.
    pub fn authorize(&self) {
        self.authorized.store(true, Ordering::Relaxed);
    }

    /// Moves the work of an authorized request to the work that is done.
    pub(crate) fn hand_over(&self, to: &Leftover) {
        self.left.take().into_iter().for_each(|work| to.push(work));
    }
}

impl std::fmt::Debug for AfterAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AfterAnswer").field("until", &self.until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_does_not_stop_the_rest() {
        let (left, done) = (Leftover::default(), Arc::new(AtomicBool::new(false)));
        left.leave(async { unreachable!("the first work panics") });
        let flag = done.clone();
        left.leave(async move { flag.store(true, Ordering::Relaxed) });
        left.run().await;
        assert!(done.load(Ordering::Relaxed));
    }
}
