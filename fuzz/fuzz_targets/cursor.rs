//! Fuzzes the reading of cursors. A text that is read as a cursor, signed by the fuzzer or by this target, is written as
//! the same text again; nothing else is accepted, and nothing panics.

#![no_main]

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use list_changes::{Cursor, Refused, Scope};
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    let org = "acme".parse().expect("an identifier");
    let scope = Scope { secret: "secret", org: &org, table: "clients" };
    // The fuzzer sees how signatures are compared, and can learn a right one.
    if let Ok(text) = str::from_utf8(bytes)
        && let Ok(cursor) = Cursor::decode(text, &scope)
    {
        assert_eq!(cursor.encode(&scope), text);
    }

    // What stands behind the format and the table is the fuzzer's.
    let table = Sha256::digest(scope.table);
    let mut cursor = [&[1], &table[..8], bytes].concat();
    let hmac = Hmac::<Sha256>::new_from_slice(scope.secret.as_bytes()).expect("a secret may have any length");
    let signature = hmac.chain_update("acme\0").chain_update(&cursor).finalize().into_bytes();
    cursor.extend(&signature[..16]);
    let text = BASE64_URL_SAFE_NO_PAD.encode(&cursor);
    match Cursor::decode(&text, &scope) {
        Ok(cursor) => assert_eq!(cursor.encode(&scope), text),
        Err(refused) => assert_eq!(refused, Refused::Invalid),
    }
    // Every flipped bit is noticed.
    let at = usize::from(bytes.first().copied().unwrap_or_default()) % cursor.len();
    cursor[at] ^= 1 << (bytes.len() % 8);
    assert_eq!(Cursor::decode(&BASE64_URL_SAFE_NO_PAD.encode(&cursor), &scope), Err(Refused::Invalid));
});
