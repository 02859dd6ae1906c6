//! Comparing an operator's clock with DynamoDB's.
//!
//! AWS keeps the functions' clocks. An operator's machine may be minutes off, and warm replicas would
//! miss a write with such a timestamp, or show a last change in the future.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::{
    config::{
        Builder, ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeDeserializationInterceptorContextRef,
        retry::RetryConfig,
    },
    error::BoxError,
};

use domain::{ClientId, Clock, OrgId, Timestamp};

use crate::store::{
    Store, StoreError,
    clients::attributes as client,
    clock::{ClockError, compare, http_date},
    item::s,
};

impl Store {
    /// The error of `clock`, if it is more than `allowed`. Reads a client that does not exist.
    ///
    /// # Errors
    /// Fails if the table does.
    pub async fn clock_error(
        &self,
        org: &OrgId,
        clock: &Clock,
        allowed: Duration,
    ) -> Result<Option<ClockError>, StoreError> {
        let date = DateHeader::default();
        let before = clock.now();
        self.db
            .get_item()
            .table_name(&self.tables.clients)
            .key(client::ORG, s(org))
            .key(client::ID, s(ClientId::random()))
            .projection_expression("#id")
            .expression_attribute_names("#id", client::ID)
            .customize()
            .interceptor(date.clone())
            .config_override(Builder::new().retry_config(RetryConfig::standard()))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk("GetItem clients", &error))?;
        let after = clock.now();
        Ok(date.read().and_then(|date| compare(before, date, after, allowed)))
    }
}

/// Keeps the date in the headers of the last answer.
#[derive(Clone, Debug, Default)]
struct DateHeader(Arc<Mutex<Option<Timestamp>>>);

impl DateHeader {
    fn read(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for DateHeader {
    fn name(&self) -> &'static str {
        "DateHeader"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date.and_then(http_date);
        Ok(())
    }
}
