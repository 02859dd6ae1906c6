//! The identifier of the table of clients: another table of the same name has another one.

use aws_sdk_dynamodb::{
    error::BoxError,
    operation::describe_table::{
        DescribeTable, DescribeTableError, DescribeTableInput, DescribeTableOutput, builders::DescribeTableInputBuilder,
    },
};

use super::{
    Store, StoreError,
    call::{Request, Retry},
    transport::{self, Written},
};
use crate::telemetry::Units;

impl Store {
    /// The identifier of the table of clients. `None` if the engine gives tables none.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn clients_table_id(&self) -> Result<Option<String>, StoreError> {
        let request = DescribeTableInput::builder().table_name(&self.tables.clients);
        let output = self.call("DescribeTable clients", Retry::Always, request).await?;
        Ok(output.table.and_then(|table| table.table_id))
    }
}

impl Request for DescribeTableInputBuilder {
    const NAME: &str = "DescribeTable";
    type Output = DescribeTableOutput;
    type Error = DescribeTableError;

    fn write(self) -> Result<Written, BoxError> {
        transport::write(&DescribeTable::default(), self.build()?)
    }

    /// The operation consumes none. An answer without a table is not DynamoDB's.
    fn units(output: &DescribeTableOutput) -> Option<Units> {
        output.table.as_ref().map(|_| Units::default())
    }
}
