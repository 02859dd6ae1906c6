//! What every handler works with.

use crate::{
    store::{Store, Tables},
    time::Clock,
};

/// The state of a process, built once from its environment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The tables.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

impl App {
    /// As the environment of a Lambda function says: the SDK's own variables, `CLIENTS_TABLE` and
    /// `API_KEYS_TABLE`.
    pub async fn from_env() -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::v2026_01_12()).await;
        Self { store: Store::new(&config, Tables::from_env()), clock: Clock::system() }
    }
}
