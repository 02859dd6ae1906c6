//! The operator's command line: the real binary on an embedded engine.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

mod desk;
mod hints;
mod keys;
mod moving;
mod org;
mod scripts;
mod status;
