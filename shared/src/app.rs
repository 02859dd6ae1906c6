//! The state of a process.

use std::env;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use domain::Clock;
use lambda_http::Error;

use crate::store::{Store, Tables};

/// The SDK's own variables for DynamoDB's endpoint, the more specific one first.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];

/// The state of a process, built once from its environment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

impl App {
    /// The state that the environment of a Lambda function describes: the SDK's variables,
    /// `CLIENTS_TABLE` and `API_KEYS_TABLE`.
    ///
    /// # Errors
    /// Fails if region or credentials are missing, which the platform always sets.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self { store: Store::new(&config()?, Tables::from_env()), clock: Clock::system() })
    }

    /// The same state, whose calls are counted in `tally`.
    #[must_use]
    pub fn counting_in(&self, tally: &Tally) -> Self {
        let objects = self.objects.as_ref().map(|objects| objects.counting_in(tally));
        Self { store: self.store.counting_in(tally), objects, ..self.clone() }
    }
}

/// The endpoint of DynamoDB that the environment names.
#[must_use]
pub fn endpoint_from_env() -> Option<String> {
    ENDPOINT_VARIABLES.into_iter().find_map(variable)
}

/// The value of a variable, unless it is empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The SDK's configuration, from variables alone. The SDK's own loader looks for profiles and metadata services
/// besides, which a function does not have: the platform sets these variables, and they are good for as long
/// as the process lives.
fn config() -> Result<SdkConfig, Error> {
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
    config.set_endpoint_url(endpoint_from_env());
    Ok(config.build())
}
