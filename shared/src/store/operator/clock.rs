//! Comparing this machine's clock with DynamoDB's, which every answer tells.
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
    primitives::{DateTime, DateTimeFormat},
};

use domain::{ClientId, Clock, OrgId, Timestamp};

use crate::store::{Store, StoreError, clients::attributes as client, item::s};

/// The resolution of the date in an answer's headers.
const RESOLUTION: Duration = Duration::from_secs(1);

/// The least error of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockError {
    /// The clock is ahead of DynamoDB's.
    Ahead(Duration),
    /// The clock is behind DynamoDB's.
    Behind(Duration),
}

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

/// Compares the clocks. DynamoDB's was somewhere within the second that begins at `date` while ours
/// went from `before` to `after`.
fn compare(before: Timestamp, date: Timestamp, after: Timestamp, allowed: Duration) -> Option<ClockError> {
    let apart = |late: Timestamp, early: Timestamp| {
        Duration::from_millis(u64::try_from(late.millis() - early.millis()).unwrap_or_default())
    };
    let (ahead, behind) = (apart(before, date.after(RESOLUTION)), apart(date, after));
    if ahead > allowed {
        Some(ClockError::Ahead(ahead))
    } else if behind > allowed {
        Some(ClockError::Behind(behind))
    } else {
        None
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
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let millis = date.and_then(|date| date.to_millis().ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = millis.map(Timestamp::from_millis);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(before: &str, date: &str, after: &str) -> Option<ClockError> {
        let at = |text: &str| format!("2026-01-31T09:30:{text}Z").parse::<Timestamp>().unwrap();
        compare(at(before), at(date), at(after), Duration::from_secs(2))
    }

    #[test]
    fn only_a_certain_error_is_reported() {
        assert_eq!(error("10.900", "10.000", "10.950"), None);
        assert_eq!(error("13.000", "10.000", "13.100"), None);
        assert_eq!(error("13.001", "10.000", "13.100"), Some(ClockError::Ahead(Duration::from_millis(2001))));
        assert_eq!(error("07.000", "10.000", "08.000"), None);
        assert_eq!(error("07.000", "10.000", "07.999"), Some(ClockError::Behind(Duration::from_millis(2001))));
        // A slow answer says less about the clock, but nothing wrong.
        assert_eq!(error("05.000", "10.000", "25.000"), None);
    }
}
