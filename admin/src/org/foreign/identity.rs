//! The identifiers of clients from foreign files. They depend on the organization and on the record alone, so that an
//! import that is repeated finds the clients that it has made: on the record's identifier in its source if it has one,
//! else on all that is imported of it. Records that are alike in this are told apart by their order.

use std::collections::HashMap;

use domain::{ClientId, NewClient, OrgId};
use sha2::{Digest, Sha256};

/// Gives identifiers to the records of one file.
#[derive(Debug)]
pub(super) struct Identities {
    org: OrgId,
    /// How often each record was there, by the start of its hash.
    seen: HashMap<u64, u32>,
}

impl Identities {
    pub(super) fn new(org: OrgId) -> Self {
        Self { org, seen: HashMap::new() }
    }

    /// The identifier of the next record, whose identifier in its source is `source_id` if that is not empty.
    pub(super) fn next(&mut self, source_id: &str, client: &NewClient) -> ClientId {
        let mut hash = Sha256::new();
        // An organization's identifier has no zero byte.
        for part in ["import\0", self.org.as_str(), "\0"] {
            hash.update(part);
        }
        if source_id.is_empty() {
            hash.update(serde_json::to_vec(client).expect("a new client is plain texts"));
        } else {
            // JSON begins with a brace.
            hash.update("id\0");
            hash.update(source_id);
        }
        let record: [u8; 32] = hash.finalize().into();
        let (start, _) = record.split_at(8);
        let count = self.seen.entry(u64::from_le_bytes(start.try_into().expect("8 of 32 bytes"))).or_default();
        *count += 1;
        let mut hash = Sha256::new();
        hash.update(record);
        hash.update(count.to_le_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let (bits, _) = digest.split_at(16);
        ClientId::from_bits(bits.try_into().expect("half of 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(org: &str, records: &[(&str, &str)]) -> Vec<ClientId> {
        let mut identities = Identities::new(org.parse().unwrap());
        let id =
            |(source_id, name): &(&str, &str)| identities.next(source_id, &NewClient::named(name.parse().unwrap()));
        records.iter().map(id).collect()
    }

    #[test]
    fn a_record_has_the_same_identifier_each_time_and_another_in_another_organization() {
        assert_eq!(ids("a", &[("", "Ann")]), ids("a", &[("", "Ann")]));
        assert_ne!(ids("a", &[("", "Ann")]), ids("b", &[("", "Ann")]));
        assert_ne!(ids("a", &[("", "Ann")]), ids("a", &[("", "Bob")]));
        // Its place in the file does not matter.
        assert_eq!(ids("a", &[("", "Ann"), ("", "Bob")])[1], ids("a", &[("", "Bob")])[0]);
    }

    #[test]
    fn a_record_that_changes_keeps_the_identifier_of_its_source() {
        assert_eq!(ids("a", &[("7", "Ann")]), ids("a", &[("7", "Ann Lee")]));
        assert_ne!(ids("a", &[("7", "Ann")]), ids("a", &[("8", "Ann")]));
    }

    #[test]
    fn records_that_are_alike_are_told_apart_by_their_order() {
        for records in [[("", "Ann"), ("", "Ann")], [("7", "Ann"), ("7", "Bob")]] {
            let both = ids("a", &records);
            assert_ne!(both[0], both[1]);
            assert_eq!(both, ids("a", &records));
        }
    }
}
