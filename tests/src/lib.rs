//! What the end-to-end suites have in common.
#![cfg(feature = "harness")]

pub mod api;
pub mod engines;
pub mod events;
pub mod faults;
pub mod history;
pub mod lambda;
pub mod linearizability;
pub mod release;
pub mod template;
