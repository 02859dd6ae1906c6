//! Leases: an object that one instance creates and all others respect until it expires. A lease saves work; nothing
//! is wrong if two instances believe to hold it.

use std::time::Duration;

use domain::{Timestamp, limits::CLOCK_SKEW};
use shared::objects::{Expected, ObjectTag};

use super::{Failure, Stored};

/// The longest contents of a lease: the time of its expiry, in milliseconds.
const MOST_BYTES: u64 = 20;

/// A lease that this instance holds.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    key: String,
    tag: ObjectTag,
    expires: Timestamp,
}

/// The outcome of an attempt at a lease.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// This instance holds it.
    Held(Lease),
    /// Another instance holds it.
    Busy,
}

impl Stored {
    /// Takes a lease, unless another instance holds it.
    pub(crate) async fn lease(&self, key: &str, now: Timestamp, life: Duration) -> Result<Attempt, Failure> {
        let expires = now.after(life);
        let contents = || expires.millis().to_string().into_bytes();
        let held = |tag| Attempt::Held(Lease { key: key.to_owned(), tag, expires });
        if let Some(tag) = self.put(key, contents(), &Expected::Absent).await? {
            return Ok(held(tag));
        }
        let found = match self.get(key, 0..MOST_BYTES, None).await {
            Err(Failure::TooShort) => {
                self.delete(key).await;
                None
            }
            found => found?,
        };
        let Some(found) = found else { return Ok(Attempt::Busy) };
        let expiry = str::from_utf8(&found.bytes).ok().and_then(|text| text.parse().ok());
        if expiry.is_some_and(|expiry| now < Timestamp::from_millis(expiry).after(CLOCK_SKEW)) {
            return Ok(Attempt::Busy);
        }
        let taken = self.put(key, contents(), &Expected::Unchanged(found.tag)).await?;
        Ok(taken.map_or(Attempt::Busy, held))
    }

    /// Prolongs a lease. `None` if another instance has it now.
    pub(crate) async fn prolong(&self, lease: Lease, now: Timestamp, life: Duration) -> Result<Option<Lease>, Failure> {
        let expires = now.after(life);
        let contents = expires.millis().to_string().into_bytes();
        let tag = self.put(&lease.key, contents, &Expected::Unchanged(lease.tag)).await?;
        Ok(tag.map(|tag| Lease { key: lease.key, tag, expires }))
    }

    /// Gives a lease back. One that has expired may be another instance's now.
    pub(crate) async fn give_back(&self, lease: Lease, now: Timestamp) {
        if now < lease.expires {
            self.delete(&lease.key).await;
        }
    }
}
