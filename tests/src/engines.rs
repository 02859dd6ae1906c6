//! The engines that the store's contract is held against, and tables of a test's own on them.
//!
//! The embedded engine is always there. DynamoDB Local is used where `DYNAMODB_LOCAL_URL` says where
//! it is; without it, its tests are skipped on a developer's machine and fail in CI.

use std::{collections::HashMap, env, future::Future, panic};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Clock, Timestamp};
use futures_util::FutureExt;
use local::engine::{self, Engine};
use shared::store::{Store, Tables};

/// The variable that says where DynamoDB Local answers.
const DYNAMODB_LOCAL_URL: &str = "DYNAMODB_LOCAL_URL";

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one inside this process, new for every test.
    Embedded,
    /// Amazon's own, shared by all tests.
    DynamoDbLocal,
}

/// What a test works with: two empty tables of its own.
#[derive(Clone, Debug)]
pub struct Lab {
    /// The engine that they are on.
    pub kind: Kind,
    /// The store on them.
    pub store: Store,
    /// Their names.
    pub tables: Tables,
    /// When the test began. Its stamps are near the present, as the engines delete what has expired.
    pub start: Timestamp,
    config: SdkConfig,
}

impl Lab {
    /// An instant this many seconds after the test's beginning.
    #[must_use]
    pub fn at(&self, seconds: u64) -> Timestamp {
        self.start.after(std::time::Duration::from_secs(seconds))
    }

    /// A store on the same engine, on tables that do not exist.
    #[must_use]
    pub fn without_tables(&self) -> Store {
        Store::new(&self.config, random_tables())
    }

    /// Every item of a table as it is stored, past all of our own code.
    pub async fn dump(&self, table: &str) -> Vec<HashMap<String, AttributeValue>> {
        let client = aws_sdk_dynamodb::Client::new(&self.config);
        let items = client.scan().table_name(table).consistent_read(true).into_paginator().items().send();
        items.try_collect().await.expect("the table can be read")
    }
}

/// Runs a test on tables of its own, and deletes them however it ends. Says so and does nothing
/// where the engine is not there and need not be.
///
/// # Panics
/// When the test does, when the engine fails, and in CI when the engine is not there.
#[allow(clippy::panic, reason = "for tests, which fail by it")]
pub async fn with_tables<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(Lab) -> F) {
    let (config, _engine) = match kind {
        Kind::Embedded => {
            let engine = Engine::in_memory().await.expect("the embedded engine starts");
            (engine.config().clone(), Some(engine))
        }
        Kind::DynamoDbLocal => match env::var(DYNAMODB_LOCAL_URL) {
            Ok(url) => (engine::config_for(&url), None),
            Err(_) if env::var("CI").is_ok_and(|ci| ci == "true") => {
                panic!("{DYNAMODB_LOCAL_URL} is not set: a missing engine in CI is a failure, not a skip")
            }
            Err(_) => {
                eprintln!("skipped: {DYNAMODB_LOCAL_URL} is not set (scripts/dynamodb-local starts the engine)");
                return;
            }
        },
    };
    let tables = random_tables();
    let store = Store::new(&config, tables.clone());
    store.create_tables().await.expect("the tables can be created");
    let lab = Lab { kind, store: store.clone(), tables, start: Clock::system().now(), config };
    let outcome = panic::AssertUnwindSafe(test(lab)).catch_unwind().await;
    let cleaned_up = store.delete_tables().await;
    if let Err(failure) = outcome {
        panic::resume_unwind(failure);
    }
    cleaned_up.expect("the tables can be deleted");
}

/// Names that no other test and no earlier run has.
fn random_tables() -> Tables {
    let tag = domain::KeyId::random();
    Tables { clients: format!("test-clients-{tag}"), api_keys: format!("test-api-keys-{tag}") }
}

/// Makes a test of each statement on each engine. A statement is an `async fn(Lab)`.
#[macro_export]
macro_rules! on_every_engine {
    ($($statement:ident,)*) => {
        mod embedded {
            $(#[tokio::test] async fn $statement() {
                $crate::engines::with_tables($crate::engines::Kind::Embedded, super::$statement).await;
            })*
        }
        mod dynamodb_local {
            $(#[tokio::test] async fn $statement() {
                $crate::engines::with_tables($crate::engines::Kind::DynamoDbLocal, super::$statement).await;
            })*
        }
    };
}
