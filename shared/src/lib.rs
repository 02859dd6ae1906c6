//! Everything that the functions of the Clients API share.
//!
//! | module | purpose |
//! |---|---|
//! | [`http`] | the endpoint, and the pipeline around its handler |
//! | [`store`] | DynamoDB behind typed operations |
//! | [`telemetry`] | the log line of a request, metrics and spans |
//!
//! A request goes from the platform's event ([`http::Service::invoke`]) through the pipeline, which
//! authenticates it, to the handler of a function, which calls the [`store`] and gives a
//! response or an [`ApiError`](http::ApiError).

mod app;
pub mod http;
mod runtime;
pub mod store;
pub mod telemetry;

pub use app::{App, endpoint_from_env};
pub use runtime::run;
