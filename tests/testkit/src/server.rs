//! The API over HTTP.

use std::{io, thread, time::Duration};

use local::gateway;
use shared::{App, http::Service};
use tokio::{net::TcpListener, sync::oneshot};

use crate::{Answer, Call};

/// The longest wait for an answer. `sam local` may have to start a container first.
const TIMEOUT: Duration = Duration::from_secs(60);

/// An API behind a URL: the gateway of `local`, which stops when the last clone is dropped, or another
/// server.
#[derive(Clone, Debug)]
pub struct Server {
    http: reqwest::Client,
    base: String,
    _stop: Option<std::sync::Arc<oneshot::Sender<()>>>,
}

impl Server {
    /// The server at `base`, which ends with `/api/v1`. It may be any server.
    ///
    /// # Panics
    /// Panics if no HTTP client can be made.
    #[must_use]
    pub fn at(base: &str) -> Self {
        // Addresses are on loopback: no proxy applies.
        let http = reqwest::Client::builder().no_proxy().timeout(TIMEOUT).build().expect("an HTTP client");
        Self { http, base: base.trim_end_matches('/').to_owned(), _stop: None }
    }

    /// Serves all functions on `app` through the gateway of `local`.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub async fn start(app: &App) -> io::Result<Self> {
        Self::serve(local::services(app)).await
    }

    /// Serves services through the gateway of `local`.
    ///
    /// # Errors
    /// Fails if there is no free port.
    pub async fn serve(services: Vec<Service>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let base = format!("http://{}/api/v1", listener.local_addr()?);
        let listener = listener.into_std()?;
        let (stop, stopped) = oneshot::channel();
        // It has a runtime of its own: a test's runtime ends with the test, and the server may not.
        thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a bound listener");
                let served = gateway::serve(listener, services, None, async { drop(stopped.await) }).await;
                served.expect("the gateway serves until it is stopped");
            });
        });
        Ok(Self { _stop: Some(stop.into()), ..Self::at(&base) })
    }

    /// The URL of the API, which ends with `/api/v1`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host and the port.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.base.trim_start_matches("http://").split('/').next().unwrap_or_default()
    }

    /// The same server, over connections of its own: those of a test end with the test's runtime.
    #[must_use]
    pub fn reconnected(&self) -> Self {
        Self { _stop: self._stop.clone(), ..Self::at(&self.base) }
    }

    /// Sends a call, for callers that measure: the body is not read yet.
    ///
    /// # Errors
    /// Fails if there is no response.
    pub async fn send(&self, call: &Call) -> reqwest::Result<reqwest::Response> {
        call.request(&self.http, &self.base).send().await
    }

    /// The answer to a call.
    ///
    /// # Panics
    /// Panics if there is none.
    pub async fn answer(&self, call: &Call) -> Answer {
        let response = self.send(call).await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer::new(status, headers, &response.bytes().await.expect("a body"))
    }
}
