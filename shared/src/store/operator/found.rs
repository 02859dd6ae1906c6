//! Finding the tables: whether they are there, and in which account.

use aws_sdk_dynamodb::operation::describe_table::DescribeTableInput;

use crate::store::{Obstacle, Store, StoreError, call::Retry};

/// A table that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTable {
    /// Its ARN, which names its region and its account. `None` if the engine gives tables none.
    pub arn: Option<String>,
}

impl Store {
    /// The table of clients. `None` if it is missing. It consumes no units.
    ///
    /// # Errors
    /// Fails if DynamoDB does.
    pub async fn find_clients_table(&self) -> Result<Option<FoundTable>, StoreError> {
        self.find_table("DescribeTable clients", &self.tables.clients).await
    }

    /// The table of API keys. `None` if it is missing. It consumes no units.
    ///
    /// # Errors
    /// Fails if DynamoDB does.
    pub async fn find_api_keys_table(&self) -> Result<Option<FoundTable>, StoreError> {
        self.find_table("DescribeTable api-keys", &self.tables.api_keys).await
    }

    async fn find_table(&self, operation: &'static str, name: &str) -> Result<Option<FoundTable>, StoreError> {
        let request = DescribeTableInput::builder().table_name(name);
        match self.call(operation, Retry::Always, request).await {
            Ok(output) => Ok(output.table.map(|table| FoundTable { arn: table.table_arn })),
            Err(error) if error.obstacle() == Some(Obstacle::NoTable) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
