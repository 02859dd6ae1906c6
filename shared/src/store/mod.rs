//! The two tables, behind typed operations and typed errors.

mod clients;
mod error;
mod feed;
mod item;
mod keys;
mod organization;
mod schema;

use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};

pub use clients::{Created, Refused, Stamp};
pub use error::StoreError;
pub use feed::{Change, Cursor, FeedClient, FeedPage, LongNotes};
pub use keys::{KeyRecord, KeyState, NewKey};
pub use organization::{ClientPage, ClientRecord, ClockError, IMPORTED_WITH, Import, Imported};
pub use schema::{BY_ORG, BY_UPDATED_AT, Tables};

use crate::request_log::RequestLog;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause before a call's second try; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pause after the try of this number, counted from 1.
fn pause(attempt: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(LONGEST_PAUSE)
}

/// The tables and the connection to them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: aws_sdk_dynamodb::Client,
    tables: Tables,
    log: RequestLog,
}

impl Store {
    /// The store on these tables, with the timeouts and retries that the deadlines call for.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, tables: Tables) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .behavior_version(BehaviorVersion::v2026_01_12())
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(3)
                    .with_initial_backoff(FIRST_PAUSE)
                    .with_max_backoff(Duration::from_millis(500)),
            )
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(Duration::from_millis(1500))
                    .operation_timeout(Duration::from_secs(4))
                    .build(),
            )
            .build();
        Self { db: aws_sdk_dynamodb::Client::from_conf(config), tables, log: RequestLog::default() }
    }

    /// The same store, counting into `log`.
    #[must_use]
    pub fn counting_into(&self, log: &RequestLog) -> Self {
        Self { log: log.clone(), ..self.clone() }
    }

    /// The tally of what went through this store.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        &self.log
    }
}
