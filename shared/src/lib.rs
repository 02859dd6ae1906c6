//! What every function of the Clients API has in common.
//!
//! The way of a request: the platform's event becomes a request ([`Endpoint::invoke`]), the
//! pipeline authenticates it and watches over it ([`Endpoint::respond`]), a function's handler
//! answers it with the [`Store`], and an [`ApiError`] becomes a problem document.

mod app;
mod auth;
mod body;
mod client;
mod edge;
mod endpoint;
mod error;
pub mod etag;
mod identity;
mod key;
pub mod limits;
mod query;
mod request;
mod request_log;
pub mod response;
mod route;
mod store;
mod suggest;
pub mod telemetry;
mod time;

pub use app::App;
pub use client::{Action, Client, ClientPatch, Name, NewClient, Notes, Phone, Status};
pub use endpoint::{Endpoint, REQUEST_ID};
pub use error::{ApiError, FieldError, Invalid, Problem};
pub use identity::{Caller, ClientId, InvalidIdentifier, KeyId, NotAnId, OrgId, UserId};
pub use key::{ApiKey, KeyHash, NotAKey, PREFIX as KEY_PREFIX, hex};
pub use query::Query;
pub use request::{IDEMPOTENCY_KEY, Request, RequestParts};
pub use request_log::{ClientWrite, ReplicaUse, RequestLog, Units};
pub use route::Route;
pub use store::{
    BY_ORG, BY_UPDATED_AT, Change, ClientPage, ClientRecord, ClockError, Created, Cursor, FeedClient, FeedPage,
    IMPORTED_WITH, Import, Imported, KeyRecord, KeyState, LongNotes, NewKey, Refused, Stamp, Store, StoreError, Tables,
};
pub use time::{Clock, Timestamp};

use std::sync::Arc;

use telemetry::Telemetry;

/// Serves an endpoint to the Lambda runtime, for as long as the process lives. The spans of a request
/// are sent before its answer is: after that the platform may freeze the process.
///
/// # Errors
/// When the runtime cannot be reached.
pub async fn run(endpoint: Endpoint, telemetry: Telemetry) -> Result<(), lambda_http::Error> {
    let telemetry = Arc::new(telemetry);
    let invoke = move |event| {
        let (endpoint, telemetry) = (endpoint.clone(), telemetry.clone());
        async move {
            let answer = endpoint.invoke(event).await;
            telemetry.flush().await;
            answer
        }
    };
    lambda_http::lambda_runtime::run(lambda_http::service_fn(invoke)).await
}
