//! The pages for people: `/` is a front page, `/docs` the reference, `/console` the console, and `/openapi.json` the
//! contract. Everything that they load is below `/assets/<hash>/`. They call the API as everybody does, and know nothing
//! of tables.
//!
//! `build.rs` embeds the files of `web/`; `respond` answers with them.

mod embedded;
mod respond;

pub use respond::{PATHS, respond};
