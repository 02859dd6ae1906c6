//! The whole API over HTTP, as statements about its behaviour to callers. The other suites look behind it.
//!
//! If `E2E_BASE_URL` (`http://…/api/v1`) is set, the tests run against the server there, with `E2E_KEY` and
//! `E2E_OTHER_KEY` (of another organization) as API keys, and with `E2E_EXPIRED_KEY` and `E2E_REVOKED_KEY` if
//! they are set; otherwise against `local` in this process. Each test makes clients of its own and tells them
//! from others by a token in their names, so the organization may be in use.
// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

mod api;
mod bad_input;
mod batch;
mod changes;
mod clients;
mod compression;
mod examples;
mod gateway;
mod head;
mod idempotency;
mod keys;
mod list;
mod organizations;
mod pages;
mod policies;
mod preconditions;
mod put;
mod restore;
