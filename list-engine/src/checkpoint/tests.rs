//! What is restored is what was written, or nothing.

mod damage;
mod golden;

use std::time::Duration;

use domain::{Change, Client, ClientId, ListedClient, Name, NewClient, Notes, Phone, Status, Timestamp};
use uuid::Uuid;
use zstd::bulk::{Compressor, Decompressor};

use super::{Encoder, Entry, FORMAT, Header, Key, Lineage, Refused, Restore, block::Block};
use crate::{Index, ListParams, Loader, Rows, SortBy, oracle};

fn key() -> Key {
    Key { table: "5c1f8f5e-3d7b-4d6c-9a55-0d3cb4fb4a10".to_owned(), organization: [7; 32] }
}

fn lineage() -> Lineage {
    Lineage {
        epoch: 3,
        watermark: Timestamp::from_millis(1_700_000_000_123),
        overlap: Duration::from_secs(8),
        read_in_full: Timestamp::from_millis(1_699_999_000_000),
        newest: Some(Entry {
            id: Uuid::from_u128(1 << 90).into(),
            updated_at: Timestamp::from_millis(1_699_999_999_999),
        }),
    }
}

/// Some clients, with every kind of field that a record has, and their index.
fn sample(count: u128) -> (Vec<ListedClient>, Index) {
    let names = ["Ann", "José Müller", "STRASSE", "Łódź 中文", "ﷺ", "O’Neill", ""];
    let phones = [Some("+1 555-0100"), None, Some("٠٠٤٩ ١٥١"), Some("ｅxt. ９"), Some("")];
    let client = |n: u128| {
        let at = n as usize;
        let created_at = Timestamp::from_millis(1_600_000_000_000 + (n as i64 * 7_919 % 40) * 86_400_000);
        let client = Client {
            phone: phones[at % 5].map(|phone| Phone::from_stored(phone.to_owned())),
            status: Status::ALL[at / 2 % 2],
            notes: (at.is_multiple_of(3)).then(|| Notes::from_stored(format!("Note {n}\n"))),
            updated_at: Timestamp::from_millis(1_650_000_000_000 - n as i64),
            version: 1 << (at % 63),
            ..NewClient::named(Name::from_stored(format!("{} {}", names[at % 7], n % 10)))
                .created(ClientId::from(Uuid::from_u128(n.wrapping_mul(u128::MAX / 89))), created_at)
        };
        ListedClient { client, has_long_notes: at.is_multiple_of(11) }
    };
    let clients: Vec<_> = (1..=count).map(client).collect();
    let mut loader = Loader::default();
    clients.iter().for_each(|client| loader.push(Change::Upsert(client.clone())));
    (clients, loader.finish())
}

fn write(index: &Index) -> Vec<u8> {
    Encoder::new(index, &key(), lineage()).finish()
}

/// Restores an index from an object that arrives in pieces of this size.
fn restore(object: &[u8], key: &Key, piece: usize) -> Result<Index, Refused> {
    let header = Header::parse(object, key)?;
    let rest = &object[header.first_block()..];
    let mut restore = Restore::new(header);
    for mut piece in rest.chunks(piece) {
        while !piece.is_empty() {
            piece = &piece[restore.push(piece)?..];
        }
    }
    restore.finish()
}

/// The index as another process restores it, without postings.
pub(crate) fn through_object_storage(index: &Index) -> Index {
    restore(&write(index), &key(), 100).expect("it was just written")
}

/// All clients in each order.
fn lists(index: &Index) -> Vec<Rows> {
    SortBy::ALL.map(|sort_by| index.rows(&ListParams { limit: usize::MAX, sort_by, ..ListParams::default() })).to_vec()
}

fn search(index: &Index, query: &str) -> Rows {
    index.rows(&ListParams { limit: usize::MAX, query: Some(query.to_owned()), ..ListParams::default() })
}

/// The blocks of an object, decompressed.
fn decompressed(object: &[u8]) -> (Header, Vec<Vec<u8>>) {
    let header = Header::parse(object, &key()).expect("it is whole");
    let mut rest = &object[header.first_block()..];
    let mut decompressor = Decompressor::new().expect("there is memory");
    let blocks = header.blocks.iter().enumerate().map(|(at, block)| {
        let (compressed, after) = rest.split_at(block.len as usize);
        rest = after;
        let mut raw = vec![];
        block.decompress(header.id(), at, compressed, &mut decompressor, &mut raw).expect("it is whole");
        raw
    });
    let blocks = blocks.collect();
    (header, blocks)
}

/// An object of these blocks, whose checksums are right.
fn sealed(mut header: Header, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut compressor = Compressor::new(1).expect("the level exists");
    let mut body = vec![];
    for (at, raw) in blocks.iter().enumerate() {
        let Block { kind, entries, .. } = header.blocks[at];
        header.blocks[at] = Block::compress(header.id(), at, (kind, entries), raw, &mut compressor, &mut body);
    }
    [header.write(&key()), body].concat()
}

#[test]
fn an_index_is_restored_from_pieces_of_any_size() {
    let (clients, index) = sample(90);
    let object = write(&index);
    for piece in [1, 2, 7, 100, 1_000, usize::MAX] {
        let restored = restore(&object, &key(), piece).unwrap();
        assert!(!restored.has_postings());
        assert_eq!(lists(&restored), lists(&index));
    }
    let rows = oracle::rows(&clients, &ListParams { limit: 90, ..ListParams::default() });
    assert_eq!(lists(&index)[3], rows);
}

#[test]
fn a_push_takes_at_most_one_block() {
    let (_, index) = sample(90);
    let object = write(&index);
    let header = Header::parse(&object, &key()).unwrap();
    assert_eq!(header.object_len(), object.len() as u64);
    let lens: Vec<usize> = header.blocks.iter().map(|block| block.len as usize).collect();
    assert!(lens.len() > 12, "there are many blocks of each kind");
    let mut rest = &object[header.first_block()..];
    let mut restore = Restore::new(header);
    for len in lens {
        assert_eq!(restore.push(rest), Ok(len));
        rest = &rest[len..];
    }
    assert_eq!(restore.push(&[]), Ok(0));
    let bytes = restore.bytes();
    let index = restore.finish().unwrap();
    assert_eq!(index.len(), 90);
    assert!((index.bytes()..index.bytes() + 4_000).contains(&bytes), "besides the index, it holds a block");
}

#[test]
fn the_header_says_what_it_was_told() {
    let (_, index) = sample(30);
    let object = write(&index);
    let header = Header::parse(&object, &key()).unwrap();
    assert_eq!((header.lineage(), header.clients()), (&lineage(), 30));
    let another = write(&index);
    assert_ne!(Header::parse(&another, &key()).unwrap().id(), header.id(), "identifiers are random");
    let lineage = Lineage { newest: None, ..lineage() };
    let object = Encoder::new(&index, &key(), lineage.clone()).finish();
    assert_eq!(Header::parse(&object, &key()).unwrap().lineage(), &lineage);
}

#[test]
fn an_objects_key_names_the_format_and_the_data() {
    let organization = "07".repeat(32);
    assert_eq!(key().object_key(), format!("{FORMAT}/5c1f8f5e-3d7b-4d6c-9a55-0d3cb4fb4a10/{organization}"));
}

#[test]
fn no_clients_are_restored_as_none() {
    let index = Index::default();
    let object = write(&index);
    assert!(restore(&object, &key(), 9).unwrap().is_empty());
    assert_eq!(Header::parse(&object, &key()).unwrap().first_block(), object.len());
}

#[test]
fn the_header_tells_how_much_memory_the_index_takes() {
    let (_, index) = sample(2_000);
    let header = Header::parse(&write(&index), &key()).unwrap();
    let restored = through_object_storage(&index).bytes() as f64;
    let ratio = header.index_bytes() as f64 / restored;
    assert!((0.5..1.1).contains(&ratio), "{ratio}");
}
