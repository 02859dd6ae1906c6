//! The state of a process.

use std::env;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use domain::{Clock, RestoreWindow};
use lambda_http::Error;

use crate::{
    objects::Objects,
    rate_limit::{Quotas, RateLimiter},
    store::{Store, Tables},
    telemetry::Tally,
};

/// The state of a process, built once from its environment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The storage for checkpoints. `None` if they are off.
    pub objects: Option<Objects>,
    /// The time.
    pub clock: Clock,
    /// The limits on the requests of keys and organizations.
    pub rate_limiter: RateLimiter,
}

impl App {
    /// The state that the environment of a Lambda function describes: the SDK's variables,
    /// `CLIENTS_TABLE`, `API_KEYS_TABLE`, `DELETED_CLIENTS_DAYS`, `CHECKPOINTS_BUCKET`, `KEY_REQUESTS_PER_MINUTE` and
    /// `ORGANIZATION_REQUESTS_PER_MINUTE`.
    ///
    /// # Errors
    /// Fails if region or credentials are missing, which the platform always sets, or if a variable is not the number
    /// that it should be.
    pub fn from_env() -> Result<Self, Error> {
        let store = Store::new(&config("DYNAMODB")?, Tables::from_env());
        let store = store.with_restore_window(restore_window_from_env()?);
        let objects = match bucket_from_env() {
            Some(bucket) => Some(Objects::in_bucket(&config("S3")?, &bucket)),
            None => None,
        };
        Ok(Self { store, objects, clock: Clock::system(), rate_limiter: RateLimiter::new(Quotas::from_env()?) })
    }

    /// The state on these tables alone, with neither checkpoints nor limits.
    #[must_use]
    pub fn on(store: Store) -> Self {
        Self { store, objects: None, clock: Clock::system(), rate_limiter: RateLimiter::default() }
    }

    /// The same state, whose calls are counted in `tally`.
    #[must_use]
    pub fn counting_in(&self, tally: &Tally) -> Self {
        let objects = self.objects.as_ref().map(|objects| objects.counting_in(tally));
        Self { store: self.store.counting_in(tally), objects, ..self.clone() }
    }

    /// The same state for the next operation of a batch, whose write is noted beside those of the others.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        self.counting_in(&self.store.tally().operation())
    }
}

/// The endpoint of a service (`DYNAMODB`, `S3`) in the SDK's own variables: the service's, or else that of all
/// services.
#[must_use]
pub fn endpoint_from_env(service: &str) -> Option<String> {
    variable(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| variable("AWS_ENDPOINT_URL"))
}

/// The bucket for checkpoints that the environment names (`CHECKPOINTS_BUCKET`). `None` if they are off.
#[must_use]
pub fn bucket_from_env() -> Option<String> {
    variable("CHECKPOINTS_BUCKET")
}

/// The time for which a deleted client can be restored (`DELETED_CLIENTS_DAYS`): the longest one if the variable is not
/// set.
///
/// # Errors
/// Fails if the variable is not a legal number of days.
pub fn restore_window_from_env() -> Result<RestoreWindow, String> {
    const NAME: &str = "DELETED_CLIENTS_DAYS";
    match variable(NAME) {
        Some(days) => days.parse().map_err(|invalid| format!("{NAME} {invalid}")),
        None => Ok(RestoreWindow::default()),
    }
}

/// The value of a variable, unless it is empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The SDK's configuration for a service, from variables alone. The SDK's own loader looks for profiles and metadata
/// services besides, which a function does not have: the platform sets these variables, and they are good for as
/// long as the process lives.
fn config(service: &str) -> Result<SdkConfig, Error> {
    let required = |name| variable(name).ok_or_else(|| format!("{name} is not set"));
    let credentials = Credentials::new(
        required("AWS_ACCESS_KEY_ID")?,
        required("AWS_SECRET_ACCESS_KEY")?,
        variable("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(required("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    config.set_endpoint_url(endpoint_from_env(service));
    Ok(config.build())
}
