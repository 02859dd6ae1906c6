//! The state of a process.

use domain::Clock;

use crate::store::{Store, Tables};

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
    pub async fn from_env() -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::v2026_01_12()).await;
        Self { store: Store::new(&config, Tables::from_env()), clock: Clock::system() }
    }
}
