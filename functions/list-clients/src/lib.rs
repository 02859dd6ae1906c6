//! `GET /api/v1/clients`: a page of an organization's clients in any order, with search, filter and an
//! exact total, as of now.
//!
//! | file | purpose |
//! |---|---|
//! | `params.rs` | the query parameters |
//! | [`replicas`] | the replicas of many organizations, under a byte budget |
//! | `replica.rs` | one organization's replica, and how it follows the change feed |
//! | `first_read.rs` | the first read of an organization: from its checkpoint, or else from the table |
//! | `load.rs` | the load from the table |
//! | `checkpoints/` | the checkpoints in object storage |
//! | `upkeep.rs` | the work on a replica after an answer |
//! | `source.rs` | where a replica reads from, and the settings |
//! | `made.rs` | how a list was made, for its log line |
//!
//! The crate `list-engine` is the index in a replica.

mod checkpoints;
mod first_read;
mod load;
mod made;
mod params;
mod replica;
pub mod replicas;
mod source;
mod upkeep;

use domain::{
    Invalid,
    limits::{BODY_BYTES, LIST_MEMORY_MB, LIST_TIMEOUT},
};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

pub use params::list_params;
use replicas::Replicas;
pub use source::{ListError, Settings};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "list-clients",
    method: "GET",
    path: "/api/v1/clients",
    query: params::PARAMETERS,
    is_read: true,
    takes_body: false,
    body_bytes: BODY_BYTES,
    timeout: LIST_TIMEOUT,
    memory_mb: LIST_MEMORY_MB,
    service,
};

/// The service, with replicas of its own.
fn service(app: App) -> Service {
    let works_after_answers = !is_in_sam_local();
    let settings = Settings { works_after_answers, ..Settings::new(replicas::budget_from_env()) };
    let app = App { objects: app.objects.filter(|_| works_after_answers), ..app };
    let replicas = Replicas::with(settings);
    Service::new(&ENDPOINT, app, move |app, request| handle(app, replicas.clone(), request))
}

async fn handle(app: App, replicas: Replicas, request: Request) -> Result<Response<Body>, ApiError> {
    let (params, preconditions) = Invalid::all((list_params(&request.query()), request.preconditions()))?;
    let Request { caller, after_answer, .. } = request;
    let page = replicas.page(&app, &caller.org, &params, &after_answer).await?;
    if replicas.need_upkeep(&app, &caller.org) {
        after_answer.leave(replicas.upkeep(app, caller.org, after_answer.until()));
    }
    response::read_page(&page.clients, page.total, &preconditions)
}

/// Whether `sam local` runs the function. It holds an answer back until the work after it is done.
fn is_in_sam_local() -> bool {
    std::env::var("AWS_SAM_LOCAL").is_ok_and(|value| value == "true")
}
