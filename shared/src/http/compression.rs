//! Compression of answers with gzip (RFC 9110, sections 8.4 and 12.5.3). API Gateway's HTTP APIs do not
//! compress, and most of a page's bytes repeat.
//!
//! Only pages and the results of batches are compressed. A single resource is too small, and its strong entity tag,
//! which writes rely on, must not be shared by two encodings.

use std::io::Write;

use domain::limits::COMPRESSED_BYTES;
use flate2::{Compression, write::GzEncoder};
use lambda_http::{
    Body, Response,
    http::{HeaderMap, HeaderValue, header},
};

/// The level at which data out and Lambda's time together cost least on pages without long notes: see
/// `docs/scale.md`.
const LEVEL: Compression = Compression::new(5);

/// Declares that the answer depends on `Accept-Encoding`: caches keep its encodings apart, and [`compress`]
/// may compress it.
pub(super) fn vary(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

/// Compresses the body if the answer depends on `Accept-Encoding` and is large enough.
pub(super) fn compress(mut response: Response<Body>) -> Response<Body> {
    let body = response.body();
    if !response.headers().contains_key(header::VARY) || body.len() < COMPRESSED_BYTES {
        return response;
    }
    let compressed = gzip(body);
    if compressed.len() < body.len() {
        // `lambda_http` encodes a binary body as base64, as the platform requires.
        *response.body_mut() = Body::Binary(compressed);
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Compresses bytes as answers are compressed.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), LEVEL);
    encoder.write_all(bytes).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

/// Whether the caller accepts gzip, and likes it no less than the plain body. A caller without
/// `Accept-Encoding` may be unable to decode anything. A malformed element is skipped.
#[must_use]
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None::<f32>, None, None);
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for (coding, weight) in values.flat_map(|value| value.split(',')).filter_map(weighted) {
        let is = |name: &str| coding.eq_ignore_ascii_case(name);
        let weights = if is("gzip") || is("x-gzip") {
            &mut gzip
        } else if is("identity") {
            &mut identity
        } else if is("*") {
            &mut any
        } else {
            continue;
        };
        *weights = Some(weights.map_or(weight, |other| other.max(weight)));
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.or(any).unwrap_or(0.0)
}

/// Reads a coding and its weight: `gzip;q=0.5`.
fn weighted(element: &str) -> Option<(&str, f32)> {
    let Some((coding, parameter)) = element.split_once(';') else { return Some((element.trim(), 1.0)) };
    let (name, weight) = parameter.split_once('=')?;
    let weight = weight.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    name.trim().eq_ignore_ascii_case("q").then_some((coding.trim(), weight))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use domain::limits::{MAX_PAGE, NOTES_CHARS};
    use flate2::read::GzDecoder;

    use super::*;

    /// The largest answer of a function, in bytes: AWS documents 6 MB.
    const LARGEST_ANSWER: usize = 6 * 1024 * 1024;

    fn accepts(values: &[&str]) -> bool {
        accepts_gzip(&values.iter().map(|value| (header::ACCEPT_ENCODING, value.parse().unwrap())).collect())
    }

    fn page(body: &str) -> Response<Body> {
        vary(Response::new(Body::from(body)))
    }

    #[test]
    fn gzip_is_accepted_if_it_is_named_and_not_refused() {
        for value in [
            "gzip",
            "GZip",
            "x-gzip",
            "gzip, deflate, br, zstd",
            "br;q=1.0, gzip;q=0.8, *;q=0.1",
            "deflate , gzip ; q=0.001",
            "gzip;Q=1.000",
            "*",
            "*;q=0.5",
            "*;q=0, gzip",
            "identity;q=0.5, gzip",
            "identity;q=0, gzip;q=0.1",
            "identity, gzip",
            ", ,gzip,",
        ] {
            assert!(accepts(&[value]), "{value}");
        }
        assert!(accepts(&["br", "gzip"]), "two headers");
    }

    #[test]
    fn another_caller_gets_the_plain_body() {
        for value in [
            "",
            "identity",
            "br, deflate, zstd",
            "gzip;q=0",
            "gzip;q=0.000",
            "x-gzip;q=0",
            "gzip;q=0, *",
            "*;q=0",
            "identity, gzip;q=0.5",
            "*;q=0.8, gzip;q=0.5",
            "gzipped",
            "gzip;q=2",
            "gzip;q=-1",
            "gzip;q=NaN",
            "gzip;q=",
            "gzip;q",
            "gzip;level=1",
            "gzip;q=0.5;q=1",
        ] {
            assert!(!accepts(&[value]), "{value}");
        }
        assert!(!accepts(&[]), "no header");
        assert!(!accepts(&["gzip;q=0", "br"]), "two headers");
        let not_text = HeaderValue::from_bytes(b"gzip\xff").unwrap();
        assert!(!accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, not_text)])));
    }

    #[test]
    fn a_compressed_body_decodes_to_the_plain_one() {
        let plain = "client ".repeat(100);
        let response = compress(page(&plain));
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(matches!(response.body(), Body::Binary(bytes) if bytes.len() < plain.len() / 2));
        let mut decoded = String::new();
        GzDecoder::new(&response.body()[..]).read_to_string(&mut decoded).unwrap();
        assert_eq!(decoded, plain);
    }

    #[test]
    fn other_bodies_stay_plain() {
        let random: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(2 * COMPRESSED_BYTES).collect();
        for (reason, response) in [
            ("small", page(&"x".repeat(COMPRESSED_BYTES - 1))),
            ("no page", Response::new(Body::from("x".repeat(COMPRESSED_BYTES)))),
            ("compression makes it larger", vary(Response::new(Body::from(random)))),
        ] {
            let body = response.body().clone();
            let response = compress(response);
            assert_eq!(response.body(), &body, "{reason}");
            assert!(!response.headers().contains_key(header::CONTENT_ENCODING), "{reason}");
        }
    }

    #[test]
    fn the_largest_page_fits_the_platforms_answer_as_base64() {
        // Emoji and rare ideographs chosen at random: each character takes four bytes, and little repeats.
        let notes: String = std::iter::repeat_with(|| fastrand::char('\u{10000}'..='\u{10ffff}'))
            .take(NOTES_CHARS * MAX_PAGE)
            .collect();
        let response = compress(page(&notes));
        let in_answer = BASE64_STANDARD.encode(&response.body()[..]).len();
        // The rest of a client takes less than 2 KB.
        assert!(in_answer + 2048 * MAX_PAGE < LARGEST_ANSWER, "{in_answer}");
    }
}
