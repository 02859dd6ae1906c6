//! The bytes of the format are fixed: a version of this program reads what an earlier one wrote.
//!
//! If a test fails here after a change or an update, the change makes a new format: raise [`FORMAT`], write its golden
//! file (`cargo test -p list-engine write_the_golden_file -- --ignored`), and set its hash below. Compressed bytes
//! are not fixed, because a new version of zstd may compress better; all others are.

use std::{fs, path::PathBuf};

use twox_hash::XxHash3_64;

use super::*;
use crate::{fold::fold, phone};

/// The format's version, and the hash of the stored forms of all characters. An update of Unicode's data changes
/// the hash.
const FORMS: (u32, u64) = (1, 1_161_207_212_203_524_934);

fn file() -> PathBuf {
    let name = format!("src/checkpoint/tests/format-{FORMAT}.checkpoint");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn golden() -> Vec<u8> {
    fs::read(file()).expect("the format has a golden file")
}

fn written_today() -> Vec<u8> {
    Encoder::with_id(&sample(70).1, &key(), lineage(), Uuid::from_u128(0x0123_4567_89ab_cdef)).finish()
}

#[test]
#[ignore = "writes the golden file of a new format"]
fn write_the_golden_file() {
    fs::write(file(), written_today()).expect("the folder is writable");
}

#[test]
fn the_golden_file_is_read() {
    let (clients, index) = sample(70);
    let restored = restore(&golden(), &key(), 500).unwrap();
    assert_eq!(lists(&restored), lists(&index));
    let params = ListParams { limit: 100, query: Some("jose".to_owned()), ..ListParams::default() };
    assert_eq!(search(&restored, "jose"), oracle::rows(&clients, &params));
}

#[test]
fn the_golden_file_is_written() {
    let ((golden, golden_blocks), (today, blocks)) = (decompressed(&golden()), decompressed(&written_today()));
    assert_eq!(blocks, golden_blocks);
    assert_eq!((&today.id, &today.lineage, today.clients), (&golden.id, &golden.lineage, golden.clients));
    // The header's bytes, without what depends on the compression.
    let bytes = |header: Header| sealed(header, &blocks);
    assert_eq!(bytes(today), bytes(golden));
}

#[test]
fn the_stored_forms_of_all_characters_are_those_of_the_format() {
    let mut forms = String::new();
    for c in '\0'..=char::MAX {
        // After a letter that loses its marks, and after one that keeps them.
        forms += &fold(&format!("a{c} र{c}"));
        forms += &phone::bare(&format!("1{c}"));
        forms.push('\n');
    }
    assert_eq!((FORMAT, XxHash3_64::oneshot(forms.as_bytes())), FORMS);
}
