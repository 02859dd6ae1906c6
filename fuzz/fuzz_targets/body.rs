//! Fuzzes the parser of request bodies. Accepted input is within the limits, and stays the same when it is
//! written out and read again. Errors are short.

#![no_main]

use domain::{ClientPatch, Invalid, NewClient, limits};
use libfuzzer_sys::fuzz_target;
use shared::http::ApiError;

fuzz_target!(|body: &[u8]| {
    let (new, patch) = (NewClient::parse(body), ClientPatch::parse(body));
    match &new {
        Ok(new) => {
            assert!((1..=limits::NAME_CHARS).contains(&new.name.as_str().chars().count()));
            assert!(new.phone.as_ref().is_none_or(|phone| phone.as_str().chars().count() <= limits::PHONE_CHARS));
            assert!(new.notes.as_ref().is_none_or(|notes| notes.as_str().chars().count() <= limits::NOTES_CHARS));
            let written = serde_json::to_vec(new).expect("a new client is plain texts");
            assert_eq!(NewClient::parse(&written).as_ref(), Ok(new));
            // A create is an update of nothing: the same fields, all of them legal.
            let patch = patch.as_ref().expect("what can be created can be changed to");
            assert_eq!(patch.name.as_ref(), Some(&new.name));
            assert_eq!(patch.phone.clone().flatten(), new.phone);
            assert_eq!(patch.status.unwrap_or_default(), new.status);
            assert_eq!(patch.notes.clone().flatten(), new.notes);
        }
        Err(invalid) => in_a_few_words(invalid),
    }
    match &patch {
        // Only a missing name makes the difference.
        Ok(patch) => assert_eq!(new.is_ok(), patch.name.is_some()),
        Err(invalid) => in_a_few_words(invalid),
    }
});

/// However large the body, the answer stays small, and repeats little of it.
fn in_a_few_words(invalid: &Invalid) {
    let errors = invalid.errors();
    assert!((1..=limits::BODY_FIELDS + 1).contains(&errors.len()));
    for error in errors {
        assert!(error.field.chars().count() <= 65 && error.message.chars().count() <= 200, "{error:?}");
    }
    assert_eq!(ApiError::Invalid(invalid.clone()).to_response("id").status(), 400);
}
