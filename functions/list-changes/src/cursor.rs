//! How far a reader of the change feed is.
//!
//! A reader makes *passes* over the feed, of one page or more. A pass starts at the time before which everything is
//! settled: nothing that this reader has not read will ever appear there. The next pass starts where this one was when
//! it came within the overlap of the present, because a write that was under way then may appear behind the reader.
//! `docs/consistency.md` has the whole argument.
//!
//! The next pass meets again what the reader was sent from beyond that time, and leaves it out: the cursor holds its
//! hashes.

mod token;

#[cfg(test)]
mod tests;

use std::time::Duration;

use domain::{
    Change, Timestamp,
    limits::{CLOCK_SKEW, LONGEST_GAP},
};
use sha2::{Digest, Sha256};
use shared::store::{FeedPosition, FeedStart};

pub use token::{Refused, Scope};

/// The most changes that a cursor names as sent. Beyond it the oldest are forgotten, and sent again within the overlap.
const MOST_SENT: usize = 360;

/// How far a reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The time at which the reader started.
    origin: Timestamp,
    /// The time at which a pass starts: everything before it is settled.
    settled: Timestamp,
    place: Place,
    /// The changes that the last pass sent and that this one has not met yet, in the order of the feed.
    ahead: Vec<Sent>,
    /// The changes that were sent and that the next pass will meet, in the order of the feed.
    sent: Vec<Sent>,
}

/// The place of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first pass, which reads the whole organization.
    Beginning,
    /// Between two passes.
    Settled,
    /// In a pass.
    Within {
        /// The last entry that was read.
        position: FeedPosition,
        /// The time at which the next pass will start, if the pass has come so far.
        settles: Option<Timestamp>,
    },
}

/// A change that was sent: a hash of its client and version. Two changes of one organization have the same with a
/// probability of 2⁻⁶⁴.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent(u64);

impl Sent {
    fn of(change: &Change) -> Self {
        let hash =
            Sha256::new().chain_update(change.id().uuid()).chain_update(change.version().to_be_bytes()).finalize();
        let (start, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
        Self(u64::from_be_bytes(*start))
    }
}

/// The outcome of a page of the feed.
pub(crate) struct Read {
    /// The changes to send.
    pub(crate) changes: Vec<Change>,
    /// The cursor after them.
    pub(crate) cursor: Cursor,
    /// Whether the pass goes on.
    pub(crate) has_more: bool,
}

impl Cursor {
    /// The cursor of a reader that starts now.
    pub(crate) fn first(now: Timestamp, overlap: Duration) -> Self {
        let (ahead, sent) = (Vec::new(), Vec::new());
        Self { origin: now, settled: now.before(overlap), place: Place::Beginning, ahead, sent }
    }

    /// Whether the feed may have lost a tombstone that the reader has not seen. All of those are later than the start
    /// of the pass, also if it is the first (which knows no client that was deleted before it began), or if it is read
    /// so slowly that its pages lie days apart. A start in the future is that of a clock that was wrong.
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.settled.after(LONGEST_GAP) < now || now.after(CLOCK_SKEW) < self.settled
    }

    /// Whether the reader may have clients that were deleted with the organization, of which only the mark is left: it
    /// started before the mark was set, or so soon after that the clocks cannot tell.
    pub(crate) fn is_from_before(&self, mark: Option<Timestamp>) -> bool {
        mark.is_some_and(|mark| self.origin <= mark.after(CLOCK_SKEW))
    }

    /// The start of the next page in the feed.
    pub(crate) fn start(&self) -> FeedStart {
        match self.place {
            Place::Beginning => FeedStart::Beginning,
            Place::Settled => FeedStart::At(self.settled),
            Place::Within { position, .. } => FeedStart::After(position),
        }
    }

    /// The most entries that the next page can use: those to send, those that are left out, the mark of a deletion, and
    /// one more, which tells whether there are more.
    pub(crate) fn most(&self, limit: usize) -> u16 {
        u16::try_from(limit + self.ahead.len() + 2).unwrap_or(u16::MAX)
    }

    /// Takes a page of the feed, which was read at `now` or later and ends at `end`, or with the feed.
    pub(crate) fn read(
        self,
        page: Vec<Change>,
        mut end: Option<FeedPosition>,
        now: Timestamp,
        limit: usize,
        overlap: Duration,
    ) -> Read {
        let Self { origin, settled, place, mut ahead, mut sent } = self;
        let (mut changes, mut met) = (Vec::new(), Vec::new());
        for change in page {
            let (entry, position) = (Sent::of(&change), FeedPosition { at: change.at(), id: change.id() });
            match ahead.iter().position(|sent| *sent == entry) {
                // Those before it have moved on with a newer version.
                Some(at) => drop(ahead.drain(..=at)),
                None if changes.len() == limit => {
                    end = met.last().map(|(position, _)| *position);
                    break;
                }
                None => changes.push(change),
            }
            met.push((position, entry));
        }
        // Everything before this page was settled when it was read. Of this page, that is what lies before the overlap.
        let horizon = now.before(overlap).max(settled);
        let reached = end.is_none_or(|end| end.at >= horizon).then_some(horizon);
        let settles = match place {
            Place::Within { settles, .. } => settles.or(reached),
            Place::Beginning | Place::Settled => reached,
        };
        if let Some(settles) = settles {
            sent.extend(met.iter().filter(|(position, _)| position.at >= settles).map(|(_, entry)| *entry));
        }
        let forgotten = (ahead.len() + sent.len()).saturating_sub(MOST_SENT).min(sent.len());
        sent.drain(..forgotten);
        let cursor = match (end, settles) {
            (Some(position), settles) => {
                Self { origin, settled, place: Place::Within { position, settles }, ahead, sent }
            }
            (None, settles) => {
                let settled = settles.expect("the end of the feed is beyond every time");
                Self { origin, settled, place: Place::Settled, ahead: sent, sent: Vec::new() }
            }
        };
        Read { changes, cursor, has_more: end.is_some() }
    }
}
