//! Fuzzes the parser of `If-Match`. Accepted versions stay the same when they are written out and read again.

#![no_main]

use domain::{Invalid, limits};
use lambda_http::http::{HeaderMap, HeaderValue, header::IF_MATCH};
use libfuzzer_sys::fuzz_target;
use shared::http::{EntityTag, Preconditions};

fuzz_target!(|lines: &[u8]| {
    let lines = lines.split(|byte| *byte == b'\n');
    let values: Vec<HeaderValue> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let Ok(preconditions) = read(values.clone()) else { return };
    let expected = preconditions.expected_versions();
    let Some(versions) = expected.any_of else {
        assert!(preconditions.is_not_modified(&EntityTag::of_version(u64::MAX)).is_ok(), "every version is allowed");
        return;
    };
    assert!(!values.is_empty() && versions.len() <= limits::ENTITY_TAGS);
    for version in &versions {
        assert!(preconditions.is_not_modified(&EntityTag::of_version(*version)).is_ok());
    }
    if !versions.is_empty() {
        let written: Vec<String> = versions.iter().map(|version| EntityTag::of_version(*version).to_string()).collect();
        let value = HeaderValue::from_str(&written.join(", ,")).expect("quoted numbers");
        let again = read(vec![value]).expect("entity tags");
        assert_eq!(again.expected_versions().any_of, Some(versions));
    }
});

fn read(values: Vec<HeaderValue>) -> Result<Preconditions, Invalid> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(IF_MATCH, value);
    }
    Preconditions::read(&headers)
}
