//! One call to DynamoDB: its metering, timeouts and retries, and the item on which a condition failed.
//!
//! Every call of the store goes through here. The SDK's own retries are off: only the caller knows
//! whether a call that may have taken effect can be repeated.

use std::{ops::Add, time::Duration};

use aws_sdk_dynamodb::{
    config::http::HttpResponse,
    error::{BoxError, ProvideErrorMetadata, SdkError},
    types::{ConsumedCapacity, ReturnConsumedCapacity},
};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    Store, StoreError,
    item::Item,
    transport::{self, Written},
};
use crate::telemetry::{self, Units};

/// The most attempts at one call.
pub(super) const ATTEMPTS: u32 = 3;
/// The most items of a page that is read as promptly as a single item.
const FEW: i32 = 500;
/// The mean pause before the second attempt. It is doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pause after an attempt, whose number is counted from 1: half to one and a half times the mean, so
/// that instances that failed together do not retry together.
pub(super) fn pause(attempt: u32) -> Duration {
    let mean = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(LONGEST_PAUSE);
    mean.mul_f64(0.5 + fastrand::f64())
}

/// The timeouts of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// That of one attempt.
    attempt: Duration,
    /// That of all attempts together.
    all: Duration,
}

impl Timeouts {
    /// Those of a call about a few items.
    const SHORT: Self = Self { attempt: Duration::from_millis(1500), all: Duration::from_secs(4) };
    /// Those of a page of up to 1 MB. DynamoDB Local, which searches its index from the start, takes some seconds for
    /// it in a large organization; lists have the time.
    const PAGE: Self = Self { attempt: Duration::from_secs(6), all: Duration::from_secs(13) };
}

/// Which failures of a call are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// None.
    Never,
    /// Those that certainly had no effect.
    IfWithoutEffect,
    /// Those that may have had an effect too: a second effect would do no harm, or the caller
    /// recognizes it.
    Always,
}

/// The outcome of a call with a condition.
pub(super) enum Conditional<T> {
    /// The condition held.
    Done(T),
    /// The condition failed.
    Failed {
        /// The item on which it failed; empty if there is none.
        item: Item,
        /// Whether an earlier attempt at the same call may have taken effect.
        repeated: bool,
    },
}

impl Store {
    /// Makes a call. `operation` names it in errors.
    ///
    /// # Errors
    /// Fails if the call does, after the retries that `retry` allows.
    pub(super) async fn call<R: Request>(
        &self,
        operation: &'static str,
        retry: Retry,
        request: R,
    ) -> Result<R::Output, StoreError> {
        match self.call_if(operation, retry, request).await? {
            Conditional::Done(output) => Ok(output),
            Conditional::Failed { .. } => Err(StoreError::condition_failed(operation)),
        }
    }

    /// Makes a call whose condition may fail.
    ///
    /// # Errors
    /// Fails if the call does for another reason, after the retries that `retry` allows.
    pub(super) async fn call_if<R: Request>(
        &self,
        operation: &'static str,
        retry: Retry,
        request: R,
    ) -> Result<Conditional<R::Output>, StoreError> {
        let timeouts = request.timeouts();
        let request = request.write().map_err(|error| StoreError::unwritable(operation, &*error))?;
        self.attempts::<R>(operation, retry, timeouts, &request).instrument(telemetry::of_call(R::NAME)).await
    }

    async fn attempts<R: Request>(
        &self,
        operation: &'static str,
        retry: Retry,
        timeouts: Timeouts,
        request: &Written,
    ) -> Result<Conditional<R::Output>, StoreError> {
        let until = Instant::now() + timeouts.all;
        let mut repeated = false;
        let mut attempt = 1;
        loop {
            let error = match self.attempt::<R>(operation, request, until.min(Instant::now() + timeouts.attempt)).await
            {
                Attempt::Done(output) => return Ok(Conditional::Done(output)),
                Attempt::ConditionFailed(item) => return Ok(Conditional::Failed { item, repeated }),
                Attempt::Failed(error) => error,
            };
            let again = match retry {
                Retry::Never => false,
                Retry::IfWithoutEffect => error.is_throttled(),
                Retry::Always => error.is_throttled() || error.may_have_taken_effect(),
            };
            repeated |= error.may_have_taken_effect();
            if !again || attempt == ATTEMPTS {
                // The failure of the last attempt says nothing about the ones before.
                let known = !repeated || error.may_have_taken_effect();
                return Err(if known { error } else { StoreError::outcome_unknown(operation) });
            }
            let pause = pause(attempt);
            if Instant::now() + pause >= until {
                return Err(StoreError::timed_out(operation));
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// Makes one attempt, which must end by `until`.
    async fn attempt<R: Request>(
        &self,
        operation: &'static str,
        request: &Written,
        until: Instant,
    ) -> Attempt<R::Output> {
        self.tally.count_call();
        let generation = self.transport.generation();
        let sent = tokio::time::timeout_at(until, self.transport.send::<R::Output, R::Error>(request)).await;
        let outcome = match sent {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(SdkError::timeout_error(elapsed)),
        };
        match outcome {
            Ok(output) => match R::units(&output) {
                Some(units) => {
                    self.tally.add_units(units);
                    Attempt::Done(output)
                }
                // DynamoDB always reports the capacity that was asked for. An answer without it comes
                // from something else, and nothing says that the call took effect.
                None => Attempt::Failed(StoreError::not_from_dynamodb(operation)),
            },
            Err(error) => {
                if let Some(item) = error.as_service_error().and_then(R::failed_condition) {
                    return Attempt::ConditionFailed(item);
                }
                if is_without_answer(&error) {
                    self.transport.replace(generation);
                }
                Attempt::Failed(StoreError::from_sdk(operation, &error))
            }
        }
    }
}

/// Whether the connection broke or went silent. The others in its pool may be no better.
fn is_without_answer<E>(error: &SdkError<E, HttpResponse>) -> bool {
    matches!(error, SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_))
}

/// The outcome of one attempt.
enum Attempt<T> {
    Done(T),
    ConditionFailed(Item),
    Failed(StoreError),
}

/// The builder of a request of the SDK, with all that it needs.
pub(super) trait Request: Send {
    /// The operation's name.
    const NAME: &str;
    /// Its answer.
    type Output: std::fmt::Debug + Send + Sync + 'static;
    /// The SDK's error for it.
    type Error: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static;
    /// The timeouts of the call.
    fn timeouts(&self) -> Timeouts {
        Timeouts::SHORT
    }

    /// Writes the request, once for all attempts.
    fn write(self) -> Result<Written, BoxError>;

    /// The capacity that the answer says was consumed.
    fn units(output: &Self::Output) -> Option<Units>;

    /// The item on which the request's condition failed, empty if there is none; `None` if the error
    /// is another one.
    fn failed_condition(_error: &Self::Error) -> Option<Item> {
        None
    }
}

fn read(capacity: &ConsumedCapacity) -> Units {
    Units { read: capacity.capacity_units().unwrap_or_default(), write: 0.0 }
}

fn written(capacity: &ConsumedCapacity) -> Units {
    Units { read: 0.0, write: capacity.capacity_units().unwrap_or_default() }
}

/// Implements [`Request`] for operations of the SDK. Each is given as its module, itself, its builder, its
/// answer, its error, the kind of units it consumes, and `pages` or `condition` if that applies.
macro_rules! requests {
    ($($module:ident $operation:ident $builder:ident $output:ident $error:ident $units:ident $($trait:ident)?;)*) => {$(
        impl Request for aws_sdk_dynamodb::operation::$module::builders::$builder {
            const NAME: &str = stringify!($operation);
            type Output = aws_sdk_dynamodb::operation::$module::$output;
            type Error = aws_sdk_dynamodb::operation::$module::$error;
            $(requests!(@$trait);)?

            fn write(self) -> Result<Written, BoxError> {
                let request = self.return_consumed_capacity(ReturnConsumedCapacity::Total).build()?;
                transport::write(&aws_sdk_dynamodb::operation::$module::$operation::default(), request)
            }

            fn units(output: &Self::Output) -> Option<Units> {
                output.consumed_capacity().iter().map(|capacity| $units(capacity)).reduce(Add::add)
            }
        }
    )*};
    (@pages) => {
        fn timeouts(&self) -> Timeouts {
            if self.get_limit().is_some_and(|most| most <= FEW) { Timeouts::SHORT } else { Timeouts::PAGE }
        }
    };
    (@condition) => {
        fn failed_condition(error: &Self::Error) -> Option<Item> {
            match error {
                Self::Error::ConditionalCheckFailedException(failed) => Some(failed.item().cloned().unwrap_or_default()),
                _ => None,
            }
        }
    };
}

requests! {
    get_item GetItem GetItemInputBuilder GetItemOutput GetItemError read;
    batch_get_item BatchGetItem BatchGetItemInputBuilder BatchGetItemOutput BatchGetItemError read;
    query Query QueryInputBuilder QueryOutput QueryError read pages;
    put_item PutItem PutItemInputBuilder PutItemOutput PutItemError written condition;
    update_item UpdateItem UpdateItemInputBuilder UpdateItemOutput UpdateItemError written condition;
}

#[cfg(feature = "operator")]
requests! {
    scan Scan ScanInputBuilder ScanOutput ScanError read pages;
    delete_item DeleteItem DeleteItemInputBuilder DeleteItemOutput DeleteItemError written;
    batch_write_item BatchWriteItem BatchWriteItemInputBuilder BatchWriteItemOutput BatchWriteItemError written;
}
