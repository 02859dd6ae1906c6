//! HTTP, apart from the resources: events, authentication, input, responses and errors.
//!
//! | file | purpose |
//! |---|---|
//! | `endpoint.rs` | the description of an endpoint |
//! | `edge.rs` | from an event to an HTTP request, and from a response to the platform's answer |
//! | `pipeline.rs` | the work around every handler |
//! | `compression.rs` | answers with gzip |
//! | `after_answer.rs` | work for the time after an answer |
//! | `auth.rs` | from the `Authorization` header to the caller |
//! | `rate_limit.rs` | the limits on requests, and their fields |
//! | `request.rs` | the request that a handler gets |
//! | `query.rs` | the query string |
//! | `entity_tag.rs` | entity tags and preconditions |
//! | `response.rs` | the successful responses |
//! | `problem.rs` | the errors, and their problem documents |

mod after_answer;
mod auth;
mod compression;
mod edge;
mod endpoint;
mod entity_tag;
mod pipeline;
mod problem;
mod query;
mod rate_limit;
mod request;
pub mod response;

pub use after_answer::AfterAnswer;
pub use compression::{accepts_gzip, gzip};
pub use edge::platform_answer;
pub use endpoint::Endpoint;
pub use entity_tag::{EntityTag, Preconditions};
pub use pipeline::{REQUEST_ID, Service};
pub use problem::{ApiError, Problem};
pub use query::{Parameter, Query, whole_number};
pub use rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY};
pub use request::{IDEMPOTENCY_KEY, Request, RequestParts};
