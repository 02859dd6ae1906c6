//! DynamoDB behind typed operations and typed errors.
//!
//! | file | purpose |
//! |---|---|
//! | `call.rs` | one call: metering, timeouts, retries, failed conditions |
//! | `connections.rs` | the pool of connections, and when it is replaced |
//! | `error.rs` | why a call failed, and whether it may have taken effect |
//! | `write.rs` | the author, the expected versions and the errors of a write |
//! | `item.rs` | reading and writing the attributes of an item |
//! | `tables.rs` | the names of the tables and their indexes |
//! | `clients/` | the table of clients, and the change feed on it |
//! | `api_keys/` | the table of API keys |
//! | `operator/` | what only operators do: create tables; export, import and purge an organization (feature `operator`) |

mod api_keys;
mod call;
mod clients;
mod connections;
mod error;
mod item;
#[cfg(feature = "operator")]
mod operator;
mod tables;
mod write;

use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, retry::RetryConfig, timeout::TimeoutConfig};

use crate::telemetry::Tally;
use connections::Connections;

pub use api_keys::{ApiKeyRecord, ApiKeyState};
#[cfg(feature = "operator")]
pub use api_keys::{ExpireOutcome, NewApiKey};
pub use clients::{CreateOutcome, Cursor, FeedPage, LongNotes};
pub use error::StoreError;
#[cfg(feature = "operator")]
pub use operator::{ClientPage, ClientRecord, ClockError, IMPORTED_WITH, Import, ImportOutcome};
pub use tables::{BY_ORG, BY_UPDATED_AT, Tables};
pub use write::{ExpectedVersions, WriteContext, WriteError};

/// The timeout of a call that creates a table or compares the clocks. No other call takes as long.
const OPERATOR_TIMEOUT: Duration = Duration::from_secs(20);

/// The tables and the connection to them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: aws_sdk_dynamodb::Client,
    connections: Connections,
    tables: Tables,
    tally: Tally,
}

impl Store {
    /// The store on these tables.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, tables: Tables) -> Self {
        let connections = Connections::new();
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .behavior_version(BehaviorVersion::v2026_01_12())
            // `call.rs` retries: it knows which calls may be repeated.
            .retry_config(RetryConfig::disabled())
            .http_client(connections.clone())
            // For the few calls that do not go through `call.rs`: those of operators.
            .timeout_config(TimeoutConfig::builder().operation_timeout(OPERATOR_TIMEOUT).build())
            .build();
        Self { db: aws_sdk_dynamodb::Client::from_conf(config), connections, tables, tally: Tally::default() }
    }

    /// The store on an SDK client with connections of its own, for a stand-in of DynamoDB.
    #[must_use]
    pub fn with_client(db: aws_sdk_dynamodb::Client, tables: Tables) -> Self {
        Self { db, connections: Connections::new(), tables, tally: Tally::default() }
    }

    /// The same store, whose calls are counted in `tally`.
    #[must_use]
    pub fn counting_in(&self, tally: &Tally) -> Self {
        Self { tally: tally.clone(), ..self.clone() }
    }

    /// The tally of this store's calls.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}
