//! The functions' programs. In CI they are those that are deployed: see `testkit::binary`. `spans.rs` runs a
//! program with spans.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

mod canary;
mod runtime;
