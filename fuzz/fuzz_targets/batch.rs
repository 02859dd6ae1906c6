//! Fuzzes the parser of batches. A client is read from an operation as from a body of its own, and the errors of all
//! operations together fit an answer.

#![no_main]

use batch_clients::{Batch, Change, Operation};
use domain::{Invalid, NewClient, limits};
use libfuzzer_sys::fuzz_target;
use serde_json::json;
use shared::http::ApiError;

/// The largest answer of a function: AWS documents 6 MB. An answer is a text in JSON, whose quotes are escaped.
const LARGEST_ANSWER: usize = 6 * 1024 * 1024 / 2;

fuzz_target!(|body: &[u8]| {
    let batch = match Batch::parse(body) {
        Ok(batch) => batch,
        Err(invalid) => return in_a_few_words(&invalid),
    };
    let operations = batch.operations();
    assert!((1..=limits::BATCH_OPERATIONS).contains(&operations.len()));
    let mut bytes = 0;
    for operation in &operations {
        match operation {
            Ok(Operation::Create(new)) => is_read_again(new),
            Ok(Operation::Change { change: Change::Put(new), .. }) => is_read_again(new),
            Ok(Operation::Change { .. }) => {}
            Err(error) => {
                assert!(matches!(error, ApiError::Invalid(_) | ApiError::NotFound), "{error}");
                if let ApiError::Invalid(invalid) = error {
                    in_a_few_words(invalid);
                }
                bytes += error.to_response("id").body().len();
            }
        }
    }
    assert!(bytes < LARGEST_ANSWER, "{bytes}");
});

fn is_read_again(new: &NewClient) {
    let body = json!({ "operations": [{ "operation": "create", "client": new }] }).to_string();
    let again = Batch::parse(body.as_bytes()).map(|batch| batch.operations()).expect("a batch");
    assert!(matches!(&again[..], [Ok(Operation::Create(again))] if again == new));
}

fn in_a_few_words(invalid: &Invalid) {
    let errors = invalid.errors();
    assert!((1..=limits::BODY_FIELDS + limits::OPERATION_FIELDS + 2).contains(&errors.len()));
    for error in errors {
        assert!(error.field.chars().count() <= 65 && error.message.chars().count() <= 200, "{error:?}");
    }
}
