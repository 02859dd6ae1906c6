//! Everything that the functions of the Clients API share.
//!
//! | module | purpose |
//! |---|---|
//! | [`http`] | the endpoint, and the pipeline around its handler |
//! | [`store`] | DynamoDB behind typed operations |
//! | [`objects`] | S3, or a folder |
//! | [`rate_limit`] | limits on the requests of a key and an organization |
//! | `aws` | connections and signatures, for both |
//! | [`telemetry`] | the log line of a request, metrics and spans |
//!
//! A request goes from the platform's event ([`http::Service::invoke`]) through the pipeline, which
//! authenticates it, to the handler of a function, which calls the [`store`] and gives a
//! response or an [`ApiError`](http::ApiError).

mod app;
mod aws;
pub mod http;
pub mod objects;
pub mod rate_limit;
mod runtime;
pub mod store;
pub mod telemetry;

pub use app::{App, bucket_from_env, endpoint_from_env, restore_window_from_env};
pub use runtime::run;
