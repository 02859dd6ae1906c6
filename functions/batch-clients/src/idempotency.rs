//! Idempotency keys of batches. The key is claimed for the batch's operations, and each operation has an identifier
//! that is derived from it: a create makes the client with that identifier, and a change leaves it in the client's
//! item.

use domain::{ClientId, OrgId, hex};
use sha2::{Digest, Sha256};

use crate::Batch;

/// The idempotency key of a batch, together with the batch that it is for.
pub(crate) struct BatchKey {
    /// The SHA-256 of organization and key.
    key: [u8; 32],
    request_hash: String,
}

impl BatchKey {
    pub(crate) fn new(org: &OrgId, key: &str, batch: &Batch<'_>) -> Self {
        // The key is stored nowhere, so nobody can confirm a guess at the operations with the hash.
        let request = serde_json::to_vec(&(key, batch.canonical())).expect("texts are JSON");
        // Neither an organization's identifier nor a key has a zero byte.
        Self { key: sha256(&["batch", org.as_str(), key]), request_hash: hex(&Sha256::digest(request)) }
    }

    /// The name of the claim.
    pub(crate) fn claim(&self) -> String {
        hex(&self.key)
    }

    /// The hash of the operations: equal if the same is asked for, however it is written.
    pub(crate) fn request_hash(&self) -> &str {
        &self.request_hash
    }

    /// The identifier of the client that the create at this position makes.
    pub(crate) fn client_id(&self, at: usize) -> ClientId {
        let digest = self.operation(at);
        let (bits, _) = digest.split_at(16);
        ClientId::from_bits(bits.try_into().expect("half of 32 bytes"))
    }

    /// The identifier of the operation at this position. The hash is part of it: after the claim has expired, another
    /// batch under the same key has other operations.
    pub(crate) fn operation(&self, at: usize) -> [u8; 32] {
        sha256(&["operation", &self.claim(), &self.request_hash, &at.to_string()])
    }
}

fn sha256(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().into()
}
