//! The body of a batch: a list of operations.

use domain::{
    FieldError, Invalid, json_object,
    limits::{BATCH_OPERATIONS, OPERATION_FIELDS},
};
use serde_json::value::RawValue;
use shared::http::ApiError;

use crate::operation::Operation;

const OPERATIONS: &str = "operations";

/// The body of a batch, whose operations are not read yet.
#[derive(Debug)]
pub struct Batch<'body>(Vec<&'body RawValue>);

impl<'body> Batch<'body> {
    /// Reads the body as far as it concerns the batch as a whole.
    ///
    /// # Errors
    /// Fails if the body is anything but an object with `operations`, a list of 1 to 100 objects.
    pub fn parse(body: &'body [u8]) -> Result<Self, Invalid> {
        let fields = json_object::<&RawValue>(body, OPERATION_FIELDS)?;
        let mut operations = None;
        let mut errors = Vec::new();
        for (field, value) in fields {
            if field != OPERATIONS {
                errors.push(FieldError::unknown("field", &field, &[OPERATIONS]));
            } else if operations.replace(value).is_some() {
                errors.push(FieldError::new(OPERATIONS, "is given more than once"));
            }
        }
        match operations.map(list_of_objects) {
            Some(Some(operations)) if errors.is_empty() => return Ok(Self(operations)),
            Some(Some(_)) => {}
            Some(None) => {
                let message = format!("must be a list of 1 to {BATCH_OPERATIONS} objects");
                errors.push(FieldError::new(OPERATIONS, message));
            }
            None => errors.push(FieldError::new(OPERATIONS, "is required")),
        }
        Err(Invalid::unless_empty(errors).expect_err("there is an error"))
    }

    /// The number of operations.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The operations, each as far as it is legal.
    #[must_use]
    pub fn operations(&self) -> Vec<Result<Operation, ApiError>> {
        self.0.iter().map(|json| Operation::read(json)).collect()
    }

    /// The operations as canonical JSON: equal if they differ only in white space and the order of fields.
    pub(crate) fn canonical(&self) -> Vec<String> {
        let canonical = |json: &RawValue| match serde_json::from_str::<serde_json::Value>(json.get()) {
            Ok(value) => value.to_string(),
            // Nested too deeply, or with half of a surrogate pair: the operation is refused.
            Err(_) => json.get().to_owned(),
        };
        self.0.iter().map(|json| canonical(json)).collect()
    }
}

/// The elements of a list, if there are 1 to 100 and all are objects.
fn list_of_objects(json: &RawValue) -> Option<Vec<&RawValue>> {
    let elements: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
    let are_objects = elements.iter().all(|element| element.get().starts_with('{'));
    ((1..=BATCH_OPERATIONS).contains(&elements.len()) && are_objects).then_some(elements)
}
