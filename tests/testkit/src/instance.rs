//! A warm instance of every function.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::ClientId;
use lambda_http::{Context, LambdaEvent};
use serde_json::{Value, value::to_raw_value};
use shared::{App, http::Service};

use crate::{Answer, Call};

/// A warm instance of every function in this process, with caches and replicas of its own. Calls go
/// through everything but the network.
#[derive(Clone)]
pub struct Instance {
    /// The state that its functions share.
    pub app: App,
    services: Vec<Service>,
}

impl Instance {
    /// An instance of every function on this state.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self { services: local::services(&app), app }
    }

    /// The answer to a call.
    ///
    /// # Panics
    /// Panics if no endpoint takes the call, or if there is no answer: the API never leaves a caller
    /// without one.
    pub async fn answer(&self, call: &Call) -> Answer {
        let mut services = self.services.iter();
        let service = services.find(|service| call.goes_to(service.endpoint)).expect("an endpoint takes the call");
        invoke(service, &call.event(), &ClientId::random().to_string()).await
    }
}

/// The answer of a service to an event.
///
/// # Panics
/// Panics if there is none.
pub async fn invoke(service: &Service, event: &Value, request_id: &str) -> Answer {
    let mut context = Context::default();
    context.request_id = request_id.to_owned();
    context.deadline = millis_since_epoch(service.endpoint.timeout);
    let event = LambdaEvent::new(to_raw_value(event).expect("an event is JSON"), context);
    let response = service.invoke(event).await.expect("every event has an answer");
    service.after_answer().await;
    Answer::from_payload(&serde_json::from_str(response.get()).expect("a response is JSON"))
}

/// The time after `timeout`, as the platform writes deadlines.
pub(crate) fn millis_since_epoch(timeout: Duration) -> u64 {
    let deadline = (SystemTime::now() + timeout).duration_since(UNIX_EPOCH).expect("a time after 1970");
    u64::try_from(deadline.as_millis()).expect("a time before the end of time")
}
