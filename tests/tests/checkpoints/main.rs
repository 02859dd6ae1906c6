//! Checkpoints: an instance that starts reads the checkpoint of another, and shows what the table has. The tests of
//! each file break one of the assumptions, and see that the list is right nevertheless. `consistency.rs` breaks all of
//! them at once, at random.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

mod deletion;
mod healing;
mod herd;
mod scene;
mod storage;
mod usable;
mod writes;

use scene::Scene;
