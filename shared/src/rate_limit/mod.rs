//! Limits on the requests of a key and of an organization, which all instances keep together.
//!
//! | file | purpose |
//! |---|---|
//! | `quotas.rs` | the limits |
//! | `limiter.rs` | what an instance counts, decides and notes |
//! | `counter.rs` | the count of one key or organization in this instance, and the decision on a request |
//! | `entry.rs` | what an instance notes for the others to see |
//! | `window.rs` | the minutes in which requests are counted |
//!
//! Each instance counts what it admits. At most once a second, and only if that is much, it notes its count on the
//! item of the key, which every request reads, and on the item of the organization, which answers with what the
//! others noted. [`docs/design.md`] says how exact that is; `simulation.rs` shows it.
//!
//! [`docs/design.md`]: ../../../docs/design.md#decisions

mod counter;
mod entry;
mod limiter;
mod quotas;
#[cfg(test)]
mod simulation;
mod window;

pub use entry::Entry;
pub use limiter::{Counted, Note, RateLimiter, Standing};
pub use quotas::{Level, Quotas};
