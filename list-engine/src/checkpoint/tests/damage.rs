//! Damaged and exchanged objects are refused, and nothing panics.

use rand::{
    Rng, SeedableRng,
    seq::{IndexedMutRandom, IndexedRandom},
};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::{checkpoint::block::Kind, sort_keys::SortKey};

fn refusal(object: &[u8]) -> Refused {
    match restore(object, &key(), 300) {
        Ok(_) => panic!("it is restored"),
        Err(refused) => refused,
    }
}

#[test]
fn a_part_of_an_object_is_refused() {
    let object = write(&sample(40).1);
    for len in 0..object.len() {
        assert_eq!(refusal(&object[..len]), Refused::Truncated, "{len} bytes");
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    for count in [0, 40] {
        let mut object = write(&sample(count).1);
        object.push(0);
        assert_eq!(refusal(&object), Refused::TooLong);
    }
}

#[test]
fn an_object_with_a_flipped_bit_is_refused() {
    let object = write(&sample(40).1);
    for at in 0..object.len() * 8 {
        let mut object = object.clone();
        object[at / 8] ^= 1 << (at % 8);
        refusal(&object);
    }
}

#[test]
fn an_object_of_other_data_is_refused() {
    let object = write(&sample(40).1);
    let other_table = Key { table: "5c1f8f5e".to_owned(), ..key() };
    let other_organization = Key { organization: [8; 32], ..key() };
    assert_eq!(Header::parse(&object, &other_table), Err(Refused::OtherTable));
    assert_eq!(Header::parse(&object, &other_organization), Err(Refused::OtherOrganization));
    let mut other_format = object.clone();
    other_format[8] += 1;
    assert_eq!(refusal(&other_format), Refused::OtherFormat(FORMAT + 1));
    assert_eq!(refusal(b"<?xml version"), Refused::NotACheckpoint);
}

/// A reader may get the start of one object and the rest of the next, which replaced it meanwhile.
#[test]
fn blocks_of_two_objects_are_not_mixed() {
    let (clients, mut index) = sample(40);
    let old = write(&index);
    let mut changed = clients[20].clone();
    changed.client.version = u64::MAX;
    changed.client.name = Name::from_stored("!".repeat(changed.client.name.as_str().len()));
    assert!(index.apply(&Change::Upsert(changed)));
    let new = write(&index);
    let header = Header::parse(&old, &key()).unwrap();
    for at in header.first_block()..old.len().min(new.len()) {
        let mixed = [&old[..at], &new[at..]].concat();
        assert!(old[at..] == new[at..] || restore(&mixed, &key(), 300).is_err(), "from byte {at} on");
    }
}

#[test]
fn a_block_belongs_to_its_object_and_to_its_place() {
    let (_, index) = sample(40);
    let object = write(&index);
    let (header, _) = decompressed(&object);
    let other = Header { id: Uuid::from_u128(1), ..header.clone() }.write(&key());
    assert_eq!(refusal(&[&other, &object[header.first_block()..]].concat()), Refused::WrongChecksum);
    let mut moved = header.clone();
    moved.blocks.swap(0, 1);
    let (first, second) = (header.blocks[0].len as usize, header.blocks[1].len as usize);
    let (blocks, rest) = object[header.first_block()..].split_at(first + second);
    let (first, second) = blocks.split_at(first);
    assert_eq!(refusal(&[&moved.write(&key()), second, first, rest].concat()), Refused::WrongChecksum);
}

/// Changes some bytes: overwrites, inserts, removes or repeats them.
fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..4) {
        let at = rng.random_range(0..=bytes.len());
        let end = bytes.len().min(at + rng.random_range(1..9));
        let random: Vec<u8> =
            (at..end).map(|_| *[0, 1, 0x7f, 0x80, 0xff, rng.random()].choose(rng).expect("some")).collect();
        match rng.random_range(0..4) {
            0 => bytes.splice(at..end, random).count(),
            1 => bytes.splice(at..at, random).count(),
            2 => bytes.drain(at..end).count(),
            _ => bytes.splice(at..at, bytes[at..end].to_vec()).count(),
        };
    }
}

#[test]
fn mutated_objects_are_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let object = write(&sample(40).1);
    for _ in 0..5_000 {
        let mut mutated = object.clone();
        mutate(&mut mutated, &mut rng);
        assert!(mutated == object || restore(&mutated, &key(), 300).is_err());
    }
}

/// Even where the checksums are right, nothing panics, and what is restored can be listed.
#[test]
fn mutated_contents_with_right_checksums_do_not_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (header, blocks) = decompressed(&write(&sample(40).1));
    let mut restored = 0;
    for _ in 0..5_000 {
        let mut blocks = blocks.clone();
        mutate(blocks.choose_mut(&mut rng).expect("there are blocks"), &mut rng);
        if let Ok(mut index) = restore(&sealed(header.clone(), &blocks), &key(), 300) {
            restored += 1;
            let found = search(&index, "an");
            assert_eq!(lists(&index)[0].total, 40);
            while !index.rebuild_postings() {}
            assert_eq!(search(&index, "an"), found);
        }
    }
    assert!((100..4_000).contains(&restored), "{restored} of 5,000 are restored");
}

#[test]
fn mutated_headers_with_a_right_checksum_do_not_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let object = write(&sample(40).1);
    let header = Header::parse(&object, &key()).unwrap();
    for _ in 0..20_000 {
        let mut fields = object[..header.first_block() - 8].to_vec();
        mutate(&mut fields, &mut rng);
        if fields.len() > 16 {
            let len = fields.len() as u32 + 8;
            fields[12..16].copy_from_slice(&len.to_le_bytes());
        }
        fields.extend(twox_hash::XxHash3_64::oneshot(&fields).to_le_bytes());
        fields.extend_from_slice(&object[header.first_block()..]);
        if let Ok(index) = restore(&fields, &key(), 300) {
            assert_eq!(index.len(), 40);
        }
    }
}

#[test]
fn contents_that_no_writer_writes_are_malformed() {
    let (header, blocks) = decompressed(&write(&sample(40).1));
    let refused = |change: &dyn Fn(&mut Header, &mut Vec<Vec<u8>>)| {
        let (mut header, mut blocks) = (header.clone(), blocks.clone());
        change(&mut header, &mut blocks);
        refusal(&sealed(header, &blocks))
    };
    let of_kind = |kind: Kind| header.blocks.iter().position(|block| block.kind == kind).expect("there is one");
    let ids = of_kind(Kind::Positions(SortKey::Id));
    assert_eq!(
        refused(&|_, blocks| blocks[ids][0] = blocks[ids][1]),
        Refused::Malformed("a position is out of range or repeated")
    );
    assert_eq!(refused(&|_, blocks| blocks[ids][0] = 40), Refused::Malformed("a position is out of range or repeated"));
    assert_eq!(refused(&|_, blocks| blocks[ids][..32].reverse()), Refused::Malformed("an order is not sorted"));
    let swap = |header: &mut Header, blocks: &mut Vec<Vec<u8>>| {
        header.blocks.swap(0, 1);
        blocks.swap(0, 1);
    };
    assert_eq!(refused(&swap), Refused::Malformed("the records are not in order"));
    assert_eq!(
        refused(&|header, _| header.clients += 1),
        Refused::Malformed("the blocks have too many or too few entries")
    );
    assert_eq!(
        refused(&|header, _| header.blocks.swap(0, ids)),
        Refused::Malformed("the blocks have too many or too few entries")
    );
}
