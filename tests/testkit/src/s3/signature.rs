//! The check of a request's signature (version 4) by S3's rules. It shares no code with the signer: it is written from
//! "Authenticating Requests: Using the Authorization Header" in the Amazon S3 API Reference.

use std::time::SystemTime;

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use hyper::{HeaderMap, http::request};
use sha2::{Digest, Sha256};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The largest difference between the clocks of caller and service, in milliseconds.
const SKEW: i64 = 15 * 60 * 1000;

/// The key that requests are signed with.
#[derive(Clone, Copy)]
pub(super) struct Secret<'a> {
    pub(super) access_key: &'a str,
    pub(super) secret_key: &'a str,
    /// The token of the session; empty if there is none.
    pub(super) token: &'a str,
    pub(super) region: &'a str,
}

/// Checks the signature of a request. If it is wrong, gives the error's code.
pub(super) fn verify(
    head: &request::Parts,
    body: &[u8],
    secret: &Secret<'_>,
    now: SystemTime,
) -> Result<(), &'static str> {
    let authorization = header(&head.headers, "authorization");
    let fields = authorization.strip_prefix(ALGORITHM).ok_or("AccessDenied")?;
    let field = |name: &str| {
        fields.split(',').find_map(|field| field.trim().strip_prefix(name)).ok_or("AuthorizationHeaderMalformed")
    };
    let (credential, signed, signature) = (field("Credential=")?, field("SignedHeaders=")?, field("Signature=")?);

    let at = header(&head.headers, "x-amz-date");
    let day = at.get(..8).ok_or("AccessDenied")?;
    let scope = format!("{day}/{}/s3/aws4_request", secret.region);
    if credential != format!("{}/{scope}", secret.access_key) {
        return Err("AuthorizationHeaderMalformed");
    }
    if header(&head.headers, "x-amz-security-token") != secret.token {
        return Err("InvalidToken");
    }
    if millis(at)?.abs_diff(Timestamp::from(now).millis()) > SKEW.unsigned_abs() {
        return Err("RequestTimeTooSkewed");
    }
    let body_hash = header(&head.headers, "x-amz-content-sha256");
    if body_hash != hex(&Sha256::digest(body)) {
        return Err("XAmzContentSHA256Mismatch");
    }

    let is_signed = |name: &str| signed.split(';').any(|signed| signed == name);
    let must_be_signed = head.headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-amz-"));
    if !must_be_signed.chain(["host"]).all(is_signed) {
        return Err("AccessDenied");
    }
    let headers: String =
        signed.split(';').map(|name| format!("{name}:{}\n", header(&head.headers, name).trim())).collect();
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let request = format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{body_hash}", head.method);
    let text = format!("{ALGORITHM}\n{at}\n{scope}\n{}", hex(&Sha256::digest(request)));

    let start = format!("AWS4{}", secret.secret_key).into_bytes();
    let key = [day, secret.region, "s3", "aws4_request"].iter().fold(start, |key, part| mac(&key, part));
    if signature == hex(&mac(&key, &text)) { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The time `20130524T000000Z`.
fn millis(at: &str) -> Result<i64, &'static str> {
    let part = |range| at.get(range).ok_or("AccessDenied");
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(9..11)?, part(11..13)?, part(13..15)?);
    let at: Timestamp =
        format!("{year}-{month}-{day}T{hour}:{minute}:{second}.000Z").parse().map_err(|_| "AccessDenied")?;
    Ok(at.millis())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::Request;

    use super::*;

    const SECRET: Secret<'_> = Secret {
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        token: "",
        region: "us-east-1",
    };
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// The example "GET Object" of the API Reference.
    fn example(range: &str) -> request::Parts {
        let request = Request::get("/test.txt")
            .header("host", "examplebucket.s3.amazonaws.com")
            .header("range", range)
            .header("x-amz-content-sha256", EMPTY)
            .header("x-amz-date", "20130524T000000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
                 SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
                 Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            );
        request.body(()).unwrap().into_parts().0
    }

    fn seconds_after_the_example(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600 + seconds)
    }

    #[test]
    fn the_example_of_the_api_reference_is_right() {
        assert_eq!(verify(&example("bytes=0-9"), b"", &SECRET, seconds_after_the_example(60)), Ok(()));
    }

    #[test]
    fn a_request_that_was_changed_or_is_old_is_refused() {
        let now = seconds_after_the_example(60);
        assert_eq!(verify(&example("bytes=0-8"), b"", &SECRET, now), Err("SignatureDoesNotMatch"));
        assert_eq!(verify(&example("bytes=0-9"), b"x", &SECRET, now), Err("XAmzContentSHA256Mismatch"));
        let later = seconds_after_the_example(16 * 60);
        assert_eq!(verify(&example("bytes=0-9"), b"", &SECRET, later), Err("RequestTimeTooSkewed"));
        let mut unsigned = example("bytes=0-9");
        unsigned.headers.remove("authorization");
        assert_eq!(verify(&unsigned, b"", &SECRET, now), Err("AccessDenied"));
        let mut added = example("bytes=0-9");
        added.headers.insert("x-amz-acl", "public-read".parse().unwrap());
        assert_eq!(verify(&added, b"", &SECRET, now), Err("AccessDenied"));
    }
}
