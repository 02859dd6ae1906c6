//! The pages for people: `/` is a front page, `/docs` the reference, `/console` the console, and `/openapi.json` the
//! contract. Everything that they load is below `/assets/<hash>/`. The pages call the API as everybody does; what serves
//! them knows no store and has no rights.
//!
//! `build.rs` embeds the files of `web/`, and [`respond`] answers with them, on Lambda as under `cargo run`. [`publish`]
//! writes the front page and the reference as files for a static host.

mod embedded;
mod event;
mod publish;
mod respond;

pub use event::answer;
pub use publish::publish;
pub use respond::{ROUTES, assets, respond};
