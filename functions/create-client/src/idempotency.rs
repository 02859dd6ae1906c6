//! Idempotency keys: the identifier of the created client is derived from the key, so one conditional
//! write decides which request came first. There is no table of keys and no expiry to run: the key lives
//! as long as the client, and then as long as its tombstone.

use domain::{ClientId, NewClient, OrgId, hex};
use lambda_http::http::HeaderName;
use sha2::{Digest, Sha256};

/// The header that marks an answer as the replay of an earlier request's.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The identifier of the client that this key creates in this organization.
pub(crate) fn client_id(org: &OrgId, key: &str) -> ClientId {
    let mut hash = Sha256::new();
    // An organization's identifier has no zero byte, so two different pairs never give the same bytes.
    for part in [org.as_str(), "\0", key] {
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let (bits, _) = digest.split_at(16);
    ClientId::from_bits(bits.try_into().expect("half of 32 bytes"))
}

/// The hash of a request: two requests for the same client under one key have the same hash. The key
/// is stored nowhere, so nobody can confirm a guess at the client with the hash in its tombstone.
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

    /// An optional field that is added to clients later must not change the hashes in the table: a retry
    /// of yesterday's request would be refused.
    #[test]
    fn the_hash_of_a_request_stays_the_same_for_ever() {
        let hash = |body: &str| request_hash("order-1842", &NewClient::parse(body.as_bytes()).unwrap());
        assert_eq!(hash(r#"{"name":"Ann"}"#), "09945169301a8f56d3abf8c5e790f43cbbb6a70c998470d49fc26f7bae5e0acd");
        let full = r#"{"name":"Ann","phone":"+1 555-1234","status":"inactive","notes":"prefers afternoons"}"#;
        assert_eq!(hash(full), "d928188aed93a72770c95b642d3fe0dda1464584485e08324a2927acbffd0f6a");
    }

    #[test]
    fn the_hash_depends_on_what_is_asked_for_and_not_on_how_it_is_written() {
        let hash = |body: &str| request_hash("k", &NewClient::parse(body.as_bytes()).unwrap());
        assert_eq!(hash(r#"{"name":"A","phone":"1"}"#), hash(r#"{ "phone": "1", "name": "A", "status": "active" }"#));
        assert_ne!(hash(r#"{"name":"A","phone":"1"}"#), hash(r#"{"name":"A","phone":"2"}"#));
        assert_ne!(hash(r#"{"name":"A","phone":"1"}"#), hash(r#"{"name":"A","notes":"1"}"#));
    }
}
