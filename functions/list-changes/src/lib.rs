//! `GET /api/v1/clients/changes`: the changes of an organization's clients, for a reader that keeps another system in
//! step. `docs/consistency.md` has the promise and the argument.
//!
//! | file | purpose |
//! |---|---|
//! | `params.rs` | the query parameters |
//! | [`cursor`](Cursor) | how far a reader is, and what a page of the feed changes about it; no AWS |
//! | `cursor/token.rs` | the cursor as a text, signed |
//! | `page.rs` | a page of changes, with long notes |

mod cursor;
mod page;
mod params;

use std::{env, sync::Arc, time::Duration};

use domain::limits::{BODY_BYTES, FUNCTION_MEMORY_MB, OVERLAP, WRITE_TIMEOUT};
use lambda_http::{Body, Response};
use shared::{
    App,
    http::{ApiError, Endpoint, Request, Service, response},
};

pub use cursor::{Cursor, Refused, Scope};
pub use page::{Page, read_page};

/// The endpoint.
pub static ENDPOINT: Endpoint = Endpoint {
    name: "list-changes",
    method: "GET",
    path: "/api/v1/clients/changes",
    query: params::PARAMETERS,
    is_read: true,
    takes_body: false,
    body_bytes: BODY_BYTES,
    timeout: WRITE_TIMEOUT,
    memory_mb: FUNCTION_MEMORY_MB,
    service: |app| service(app, Settings::from_env()),
};

/// The settings of a process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The time before a page from which the reader's next pass reads again. It is [`OVERLAP`], except in tests.
    pub overlap: Duration,
    /// The secret by which cursors are signed.
    pub secret: String,
}

impl Settings {
    /// The settings that the environment describes: `CURSOR_SECRET`, or else a secret that everybody knows. It protects
    /// callers from their own mistakes alone, so a machine without it is no danger.
    #[must_use]
    pub fn from_env() -> Self {
        Self { overlap: OVERLAP, secret: env::var("CURSOR_SECRET").unwrap_or_default() }
    }
}

/// The service, with these settings.
#[must_use]
pub fn service(app: App, settings: Settings) -> Service {
    let settings = Arc::new(settings);
    Service::new(&ENDPOINT, app, move |app, request| handle(app, settings.clone(), request))
}

async fn handle(app: App, settings: Arc<Settings>, request: Request) -> Result<Response<Body>, ApiError> {
    let org = &request.caller.org;
    let scope = Scope { secret: &settings.secret, org, table: app.store.clients_table() };
    let (cursor, limit) = params::read(&request.query(), &scope)?;
    let page = read_page(&app, org, cursor, limit, settings.overlap).await?;
    Ok(response::untagged_page(&page.written(&scope)))
}
