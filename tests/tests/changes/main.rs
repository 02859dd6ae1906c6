//! The change feed for callers: what it promises, what it costs, histories under faults, and the mirror in `examples/`.
// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

mod histories;
mod mirror;
mod promise;
mod reader;
mod traffic;
