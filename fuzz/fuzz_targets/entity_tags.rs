//! The parser of `If-Match` and `If-None-Match`. A version that the caller names is one that the tags
//! include, and the list of them reads back as itself.

#![no_main]

use lambda_http::http::{HeaderMap, HeaderValue, header::IF_MATCH};
use libfuzzer_sys::fuzz_target;
use shared::{Invalid, etag, etag::Tags, limits};

// Each line is a header of its own.
fuzz_target!(|lines: &[u8]| {
    let lines = lines.split(|byte| *byte == b'\n');
    let values: Vec<HeaderValue> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let Ok(read) = read(values.clone()) else { return };
    assert_eq!(read.is_none(), values.is_empty());
    let Some(tags) = read else { return };
    let Some(versions) = tags.versions() else {
        assert!(tags.include(&etag::of_version(u64::MAX)), "`*` means any version");
        return;
    };
    assert!(versions.len() <= limits::ENTITY_TAGS);
    for version in &versions {
        assert!(tags.include(&etag::of_version(*version)));
    }
    if !versions.is_empty() {
        let written: Vec<String> = versions.iter().map(|version| etag::of_version(*version)).collect();
        let value = HeaderValue::from_str(&written.join(", ")).expect("quoted numbers");
        let again = read_one(value).expect("entity tags").expect("a header");
        assert_eq!(again.versions(), Some(versions));
    }
});

fn read(values: Vec<HeaderValue>) -> Result<Option<Tags>, Invalid> {
    let headers: HeaderMap = values.into_iter().fold(HeaderMap::new(), |mut headers, value| {
        headers.append(IF_MATCH, value);
        headers
    });
    Tags::from_headers(&headers, "If-Match")
}

fn read_one(value: HeaderValue) -> Result<Option<Tags>, Invalid> {
    read(vec![value])
}
