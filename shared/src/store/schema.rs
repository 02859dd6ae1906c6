//! The tables: their names, keys and attributes. `template.yaml` says the same to CloudFormation,
//! and a test holds the two together.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use super::{Store, StoreError};

/// The local secondary index that is an organization's change feed. Local, because only those can
/// be read strongly consistently.
pub const BY_UPDATED_AT: &str = "byUpdatedAt";
/// The global secondary index on which the operator's tool lists an organization's keys.
pub const BY_ORG: &str = "byOrg";

/// Attribute names of the `clients` table.
pub(super) mod client {
    pub(crate) const ORG: &str = "orgId";
    pub(crate) const ID: &str = "id";
    pub(crate) const NAME: &str = "name";
    pub(crate) const PHONE: &str = "phone";
    pub(crate) const STATUS: &str = "status";
    /// Notes of at most [`SHORT_NOTES_BYTES`].
    pub(crate) const NOTES: &str = "notes";
    /// Longer notes: not in the change feed, so that a refresh stays small.
    pub(crate) const LONG_NOTES: &str = "longNotes";
    /// `true` beside [`LONG_NOTES`], for the change feed.
    pub(crate) const HAS_LONG_NOTES: &str = "hasLongNotes";
    pub(crate) const CREATED_AT: &str = "createdAt";
    pub(crate) const UPDATED_AT: &str = "updatedAt";
    pub(crate) const VERSION: &str = "version";
    /// On a tombstone: when the client was deleted.
    pub(crate) const DELETED_AT: &str = "deletedAt";
    /// On a tombstone: when it goes, in seconds since the Unix epoch (the table's time-to-live).
    pub(crate) const EXPIRES_AT: &str = "expiresAt";
    pub(crate) const CREATED_BY: &str = "createdBy";
    pub(crate) const CREATED_WITH: &str = "createdWith";
    pub(crate) const UPDATED_BY: &str = "updatedBy";
    pub(crate) const UPDATED_WITH: &str = "updatedWith";
    /// What the last write did: `create`, `update name,phone`, `delete`.
    pub(crate) const LAST_CHANGE: &str = "lastChange";
    /// Names the last write, so that a repeated one recognizes its own effect.
    pub(crate) const WRITE_ID: &str = "writeId";
    /// What an `Idempotency-Key` came with.
    pub(crate) const REQUEST_HASH: &str = "requestHash";

    /// What the change feed carries besides the keys.
    pub(crate) const PROJECTED: [&str; 8] =
        [NAME, PHONE, STATUS, NOTES, HAS_LONG_NOTES, CREATED_AT, VERSION, DELETED_AT];
    /// Longest notes, in bytes of UTF-8, that the change feed and the replicas carry.
    pub(crate) const SHORT_NOTES_BYTES: usize = 256;
}

/// Attribute names of the `api-keys` table.
pub(super) mod key {
    pub(crate) const HASH: &str = "keyHash";
    pub(crate) const ID: &str = "keyId";
    pub(crate) const NAME: &str = "name";
    pub(crate) const HINT: &str = "hint";
    pub(crate) const ORG: &str = "orgId";
    pub(crate) const USER: &str = "userId";
    pub(crate) const CREATED_AT: &str = "createdAt";
    pub(crate) const EXPIRES_AT: &str = "expiresAt";
    pub(crate) const REVOKED_AT: &str = "revokedAt";
    pub(crate) const LAST_USED_AT: &str = "lastUsedAt";
}

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Clients, tombstones included.
    pub clients: String,
    /// API keys by their hash.
    pub api_keys: String,
}

impl Default for Tables {
    fn default() -> Self {
        Self { clients: "clients".to_owned(), api_keys: "api-keys".to_owned() }
    }
}

impl Tables {
    /// As `CLIENTS_TABLE` and `API_KEYS_TABLE` say, else `clients` and `api-keys`.
    #[must_use]
    pub fn from_env() -> Self {
        let default = Self::default();
        let named = |variable, name| std::env::var(variable).ok().filter(|name| !name.is_empty()).unwrap_or(name);
        Self { clients: named("CLIENTS_TABLE", default.clients), api_keys: named("API_KEYS_TABLE", default.api_keys) }
    }
}

impl Store {
    /// Creates the tables where they are missing. For local engines: on AWS the template owns them.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn create_tables(&self) -> Result<(), StoreError> {
        let feed = LocalSecondaryIndex::builder()
            .index_name(BY_UPDATED_AT)
            .set_key_schema(Some(keys(client::ORG, Some(client::UPDATED_AT))))
            .projection(
                Projection::builder()
                    .projection_type(ProjectionType::Include)
                    .set_non_key_attributes(Some(client::PROJECTED.map(str::to_owned).to_vec()))
                    .build(),
            )
            .build()
            .expect("the index is complete");
        let clients = self
            .db
            .create_table()
            .table_name(&self.tables.clients)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some([client::ORG, client::ID, client::UPDATED_AT].map(text).to_vec()))
            .set_key_schema(Some(keys(client::ORG, Some(client::ID))))
            .local_secondary_indexes(feed)
            .send()
            .await;
        let created = match clients {
            Ok(_) => true,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => false,
            Err(error) => return Err(StoreError::from_sdk("CreateTable", &error)),
        };
        if created {
            let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(client::EXPIRES_AT).build();
            self.db
                .update_time_to_live()
                .table_name(&self.tables.clients)
                .time_to_live_specification(ttl.expect("the specification is complete"))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("UpdateTimeToLive", &error))?;
        }
        let by_org = GlobalSecondaryIndex::builder()
            .index_name(BY_ORG)
            .set_key_schema(Some(keys(key::ORG, Some(key::ID))))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .expect("the index is complete");
        let api_keys = self
            .db
            .create_table()
            .table_name(&self.tables.api_keys)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some([key::HASH, key::ORG, key::ID].map(text).to_vec()))
            .set_key_schema(Some(keys(key::HASH, None)))
            .global_secondary_indexes(by_org)
            .send()
            .await;
        match api_keys {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => Ok(()),
            Err(error) => Err(StoreError::from_sdk("CreateTable", &error)),
        }
    }

    /// Deletes both tables with everything in them. For the clean-up of tests.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn delete_tables(&self) -> Result<(), StoreError> {
        for table in [&self.tables.clients, &self.tables.api_keys] {
            self.db
                .delete_table()
                .table_name(table)
                .send()
                .await
                .map_err(|error| StoreError::from_sdk("DeleteTable", &error))?;
        }
        Ok(())
    }
}

fn text(attribute: &str) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(attribute)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .expect("the definition is complete")
}

fn keys(partition: &str, sort: Option<&str>) -> Vec<KeySchemaElement> {
    let element = |name: &str, key_type| {
        KeySchemaElement::builder().attribute_name(name).key_type(key_type).build().expect("the key is complete")
    };
    let mut keys = vec![element(partition, KeyType::Hash)];
    keys.extend(sort.map(|sort| element(sort, KeyType::Range)));
    keys
}
