//! An idempotency key names the client that it made: its identifier is derived from the key, and
//! one conditional write decides which request came first. No table of its own, no expiry to run:
//! the key is kept as long as the client, and as long as its tombstone once it is deleted.

use lambda_http::http::HeaderName;
use sha2::{Digest, Sha256};
use shared::{ClientId, NewClient, OrgId, hex};

/// The header that marks an answer as the repetition of an earlier one.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The client that this key makes in this organization.
pub(crate) fn client_id(org: &OrgId, key: &str) -> ClientId {
    let mut hash = Sha256::new();
    // An organization's identifier holds no zero byte: no two pairs are written alike.
    for part in [org.as_str(), "\0", key] {
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let (bits, _) = digest.split_at(16);
    ClientId::from_bits(bits.try_into().expect("half of 32 bytes"))
}

/// What is the same for two requests that ask for the same client under one key. The key, which is
/// stored nowhere, keeps the hash in a tombstone from confirming a guess at the client.
pub(crate) fn request_hash(key: &str, new: &NewClient) -> String {
    let canonical = serde_json::to_vec(&(key, new)).expect("a key and a new client are plain texts");
    hex(&Sha256::digest(canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_one_client_in_each_organization() {
        let (a, b): (OrgId, OrgId) = ("a".parse().unwrap(), "b".parse().unwrap());
        assert_eq!(client_id(&a, "k"), client_id(&a, "k"));
        assert_ne!(client_id(&a, "k"), client_id(&b, "k"));
        assert_ne!(client_id(&a, "k"), client_id(&a, "l"));
    }

    #[test]
    fn the_hash_depends_on_what_is_asked_for_and_not_on_how_it_is_written() {
        let hash = |body: &str| request_hash("k", &NewClient::parse(body.as_bytes()).unwrap());
        assert_eq!(hash(r#"{"name":"A","phone":"1"}"#), hash(r#"{ "phone": "1", "name": "A", "status": "active" }"#));
        assert_ne!(hash(r#"{"name":"A","phone":"1"}"#), hash(r#"{"name":"A","phone":"2"}"#));
        assert_ne!(hash(r#"{"name":"A","phone":"1"}"#), hash(r#"{"name":"A","notes":"1"}"#));
    }
}
