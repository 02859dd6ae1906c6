//! Fuzzes the restoring of checkpoints. Hardly any random bytes have right checksums, so the input is also made the
//! fields of a header and the contents of a block of records, with right checksums around it. Such an object is
//! refused, or its clients are listed and found, with postings and without.

#![no_main]

use libfuzzer_sys::fuzz_target;
use list_engine::{
    Index, ListParams, SortBy,
    checkpoint::{FORMAT, Header, Key, Refused, Restore},
};
use twox_hash::XxHash3_64;

const TABLE: &str = "table";
const ORGANIZATION: [u8; 32] = [1; 32];

fuzz_target!(|data: &[u8]| {
    list(restore(data));
    list(restore(&header(data)));
    let (&clients, contents) = data.split_first().unwrap_or((&1, &[]));
    list(restore(&object(clients.max(1), contents)));
});

fn restore(object: &[u8]) -> Result<Index, Refused> {
    let header = Header::parse(object, &Key { table: TABLE.to_owned(), organization: ORGANIZATION })?;
    let mut rest = &object[header.first_block()..];
    let mut restore = Restore::new(header);
    while !rest.is_empty() {
        let taken = restore.push(rest)?;
        assert!(taken > 0);
        rest = &rest[taken..];
    }
    restore.finish()
}

fn list(restored: Result<Index, Refused>) {
    let Ok(mut index) = restored else { return };
    for sort_by in SortBy::ALL {
        let rows = index.rows(&ListParams { limit: usize::MAX, sort_by, ..ListParams::default() });
        assert_eq!((rows.clients.len(), rows.total), (index.len(), index.len()));
    }
    let search = |index: &Index, query: &str| {
        index.rows(&ListParams { limit: usize::MAX, query: Some(query.to_owned()), ..ListParams::default() })
    };
    let scanned = ["a", "55", "-", "a 5"].map(|query| search(&index, query));
    while !index.rebuild_postings() {}
    assert_eq!(["a", "55", "-", "a 5"].map(|query| search(&index, query)), scanned);
}

/// An object that is a header with these fields after the table and the organization.
fn header(fields: &[u8]) -> Vec<u8> {
    let mut header = b"CLIENTS\0".to_vec();
    header.extend(FORMAT.to_le_bytes());
    let len = 16 + 1 + TABLE.len() + 32 + fields.len() + 8;
    header.extend((len as u32).to_le_bytes());
    header.push(TABLE.len() as u8);
    header.extend(TABLE.as_bytes());
    header.extend(ORGANIZATION);
    header.extend(fields);
    header.extend(XxHash3_64::oneshot(&header).to_le_bytes());
    header
}

/// An object with a block of records. The positions in all orders are those of the records.
fn object(clients: u8, records: &[u8]) -> Vec<u8> {
    let positions: Vec<u8> = (0..clients).chain(std::iter::repeat_n(0, 3 * usize::from(clients))).collect();
    // The identifier, the lineage without a newest entry, and the number of clients.
    let mut fields = vec![0; 16 + 4 * 8 + 1];
    fields.extend(u32::from(clients).to_le_bytes());
    let mut blocks = vec![];
    for (kind, raw) in [records, &positions, &positions, &positions].into_iter().enumerate() {
        let block = zstd::bulk::compress(raw, 1).expect("there is memory");
        fields.push(kind as u8);
        for n in [u32::from(clients), raw.len() as u32, block.len() as u32] {
            fields.extend(n.to_le_bytes());
        }
        // The seed is made of the identifier, which is 0, and the position among the blocks.
        fields.extend(XxHash3_64::oneshot_with_seed(kind as u64, &block).to_le_bytes());
        blocks.extend(block);
    }
    [header(&fields), blocks].concat()
}
