//! Creating the tables on local engines. `template.yaml` says the same to CloudFormation, and a test
//! compares the two.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::store::{
    Store, StoreError,
    api_keys::attributes as api_key,
    clients::attributes as client,
    tables::{BY_ORG, BY_UPDATED_AT},
};

impl Store {
    /// Creates the tables that are missing, and completes a creation that was interrupted. For local
    /// engines: on AWS the template owns the tables.
    ///
    /// # Errors
    /// Fails if the engine does.
    pub async fn create_tables(&self) -> Result<(), StoreError> {
        let feed = LocalSecondaryIndex::builder()
            .index_name(BY_UPDATED_AT)
            .set_key_schema(Some(key_schema(client::ORG, Some(client::UPDATED_AT))))
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
            .set_key_schema(Some(key_schema(client::ORG, Some(client::ID))))
            .local_secondary_indexes(feed);
        match clients.send().await {
            Err(error) if !error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => {
                return Err(StoreError::from_sdk("CreateTable clients", &error));
            }
            Ok(_) => {}
            Err(_) => self.check_layout().await?,
        }
        self.enable_time_to_live().await?;
        let by_org = GlobalSecondaryIndex::builder()
            .index_name(BY_ORG)
            .set_key_schema(Some(key_schema(api_key::ORG, Some(api_key::KEY_ID))))
            .projection(
                Projection::builder()
                    .projection_type(ProjectionType::Include)
                    .set_non_key_attributes(Some(api_key::INDEXED.map(str::to_owned).to_vec()))
                    .build(),
            )
            .build()
            .expect("the index is complete");
        let api_keys = self
            .db
            .create_table()
            .table_name(&self.tables.api_keys)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some([api_key::HASH, api_key::ORG, api_key::KEY_ID].map(text).to_vec()))
            .set_key_schema(Some(key_schema(api_key::HASH, None)))
            .global_secondary_indexes(by_org);
        match api_keys.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => Ok(()),
            Err(error) => Err(StoreError::from_sdk("CreateTable api-keys", &error)),
        }
    }

    /// Succeeds if the change feed of the existing table projects what this version reads. A database from
    /// before a change of the layout would take writes, and show empty lists.
    async fn check_layout(&self) -> Result<(), StoreError> {
        let described = self.db.describe_table().table_name(&self.tables.clients).send().await;
        let described = described.map_err(|error| StoreError::from_sdk("DescribeTable clients", &error))?;
        let indexes = described.table().map(|table| table.local_secondary_indexes()).unwrap_or_default();
        let projected = indexes.iter().filter_map(|index| index.projection()).flat_map(Projection::non_key_attributes);
        if projected.into_iter().any(|attribute| attribute == client::LISTED) {
            return Ok(());
        }
        Err(StoreError::other_layout("DescribeTable clients"))
    }

    /// Enables the time to live of tombstones, unless it is enabled: an earlier start may have ended
    /// between creating the table and this.
    async fn enable_time_to_live(&self) -> Result<(), StoreError> {
        let table = &self.tables.clients;
        let described = self.db.describe_time_to_live().table_name(table).send().await;
        let described = described.map_err(|error| StoreError::from_sdk("DescribeTimeToLive", &error))?;
        if described.time_to_live_description().is_some_and(|ttl| ttl.attribute_name().is_some()) {
            return Ok(());
        }
        let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(client::EXPIRES_AT).build();
        let enabled = self
            .db
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(ttl.expect("the specification is complete"))
            .send()
            .await;
        enabled.map(drop).map_err(|error| StoreError::from_sdk("UpdateTimeToLive", &error))
    }

    /// Deletes both tables with everything in them, for the clean-up of tests.
    ///
    /// # Errors
    /// Fails if the engine does.
    pub async fn delete_tables(&self) -> Result<(), StoreError> {
        for table in [&self.tables.clients, &self.tables.api_keys] {
            let deleted = self.db.delete_table().table_name(table).send().await;
            deleted.map_err(|error| StoreError::from_sdk("DeleteTable", &error))?;
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

fn key_schema(partition_key: &str, sort_key: Option<&str>) -> Vec<KeySchemaElement> {
    let element = |name: &str, key_type| {
        KeySchemaElement::builder().attribute_name(name).key_type(key_type).build().expect("the key is complete")
    };
    let mut schema = vec![element(partition_key, KeyType::Hash)];
    schema.extend(sort_key.map(|name| element(name, KeyType::Range)));
    schema
}
