//! DynamoDB behind typed operations and typed errors.
//!
//! | file | purpose |
//! |---|---|
//! | `call.rs` | one call: metering, timeouts, retries, failed conditions |
//! | `transport.rs` | one exchange: writing, signing and sending a request, reading the response |
//! | `error.rs` | why a call failed, and whether it may have taken effect |
//! | `reads.rs` | reading single items, several in one call |
//! | `write.rs` | the author, the expected versions and the errors of a write |
//! | `item.rs` | reading and writing the attributes of an item |
//! | `clock.rs` | comparing clocks with DynamoDB's |
//! | `table_id.rs` | the identifier of the table of clients |
//! | `tables.rs` | the names of the tables and their indexes |
//! | `clients/` | the table of clients, and the change feed on it |
//! | `api_keys/` | the table of API keys |
//! | `operator/` | what only operators do: find and create tables; export, import and purge an organization (feature `operator`) |

mod api_keys;
mod call;
mod clients;
mod clock;
mod error;
mod item;
#[cfg(feature = "operator")]
mod operator;
mod reads;
mod table_id;
mod tables;
mod transport;
mod write;

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use domain::RestoreWindow;

use crate::telemetry::Tally;
use reads::Reads;
use transport::Transport;

pub use api_keys::{ApiKeyRecord, ApiKeyState, LastUse};
#[cfg(feature = "operator")]
pub use api_keys::{ExpireOutcome, NewApiKey};
pub use clients::{CreateOutcome, Cursor, FeedPage, FeedPosition, FeedStart, LongNotes, PutOutcome};
pub use clock::ClockError;
pub use error::{Obstacle, StoreError};
#[cfg(feature = "operator")]
pub use operator::{
    ClientPage, ClientRecord, FoundTable, IMPORTED_WITH, Import, ImportOutcome, sdk_client, sdk_connector,
    sdk_http_client,
};
pub use tables::{BY_ORG, BY_UPDATED_AT, Tables};
pub use write::{ExpectedVersions, WriteContext, WriteError, WriteToken};

/// The tables and the way to them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    transport: Transport,
    /// The SDK's client, for what `call.rs` does not do.
    #[cfg(feature = "operator")]
    db: aws_sdk_dynamodb::Client,
    tables: Tables,
    restore_window: RestoreWindow,
    tally: Tally,
    reads: Reads,
}

impl Store {
    /// The store on these tables, over connections of its own.
    ///
    /// # Panics
    /// Panics if the configuration lacks a region or credentials, or if the environment names a file of roots
    /// that cannot be read.
    #[must_use]
    pub fn new(config: &SdkConfig, tables: Tables) -> Self {
        Self::of(config, tables, None)
    }

    /// The store on these tables, over an HTTP connector of the SDK.
    ///
    /// # Panics
    /// Panics if the configuration lacks a region or credentials.
    #[must_use]
    pub fn over(connector: SharedHttpConnector, config: &SdkConfig, tables: Tables) -> Self {
        Self::of(config, tables, Some(connector))
    }

    fn of(config: &SdkConfig, tables: Tables, connector: Option<SharedHttpConnector>) -> Self {
        Self {
            transport: Transport::new(config, connector),
            #[cfg(feature = "operator")]
            db: operator::sdk_client(config),
            tables,
            restore_window: RestoreWindow::default(),
            tally: Tally::default(),
            reads: Reads::default(),
        }
    }

    /// The same store, where deleted clients can be restored for this time.
    #[must_use]
    pub fn with_restore_window(self, restore_window: RestoreWindow) -> Self {
        Self { restore_window, ..self }
    }

    /// The name of the table of clients.
    #[must_use]
    pub fn clients_table(&self) -> &str {
        &self.tables.clients
    }

    /// Opens a connection to DynamoDB, so that the first call finds it open. If that fails, nothing happens: the
    /// first call tries again.
    pub async fn connect(&self) {
        self.transport.connect().await;
    }

    /// The same store for one request, whose calls are counted in `tally`.
    #[must_use]
    pub fn counting_in(&self, tally: &Tally) -> Self {
        Self { tally: tally.clone(), reads: Reads::default(), ..self.clone() }
    }

    /// The tally of this store's calls.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}
