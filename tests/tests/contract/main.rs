//! `docs/openapi.json` against the code: a document that says something else than the API does fails
//! here, whichever of the two has changed.
//!
//! | module | what must agree |
//! |---|---|
//! | [`routes`] | the operations, the functions, the gateway and the template |
//! | [`values`] | names, limits, defaults and problems, with those named in the code |
//! | [`inputs`] | what the schemas accept, with what the code accepts |
//! | [`examples`] | the examples, with what the API answers; and all answers, with the schemas |

// In tests an unwrap is an assertion; Clippy sees tests only in functions that are marked as such.
#![allow(clippy::unwrap_used, clippy::panic)]

mod document;
mod examples;
mod inputs;
mod routes;
mod story;
mod values;
