//! The whole API over HTTP, as statements about its behaviour.
//!
//! Against the server at `E2E_BASE_URL` (`http://…/api/v1`) where that is set, with `E2E_KEY` and
//! `E2E_OTHER_KEY` (of another organization) as keys, and `E2E_EXPIRED_KEY` and `E2E_REVOKED_KEY`
//! where there are such; else against `local` in this process. Each test makes clients of its own
//! and tells them from others by a token in their names, so that the organization may be in use.
// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

mod api;
mod bad_input;
mod clients;
mod examples;
mod gateway;
mod idempotency;
mod keys;
mod list;
mod organizations;
mod policies;
mod preconditions;
