//! `docs/openapi.json` against the code. These tests fail if the document and the API differ, whichever of
//! the two has changed.
//!
//! | module | what agrees |
//! |---|---|
//! | [`routes`] | the operations, with the table of endpoints |
//! | [`values`] | names, limits, defaults and problems, with those in the code |
//! | [`inputs`] | the requests that the schemas accept, with those that the code accepts |
//! | [`search`] | the examples of a search in the prose, with the index |
//! | [`examples`] | the examples, with the answers of the API; and all answers, with the schemas |

// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

mod document;
mod examples;
mod inputs;
mod routes;
mod search;
mod story;
mod values;
