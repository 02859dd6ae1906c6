//! The laptop's API around the functions: its gateway, its database, and the program as a whole.
// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

mod database;
mod gateway;
mod pages;
mod program;
