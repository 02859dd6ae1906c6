//! Fuzzes the parser of API keys, against a checksum that is computed bit by bit. A key reveals the text it
//! was parsed from, does not show in `Debug` output, and is refused if one character is changed.

#![no_main]

use domain::{ApiKey, KEY_PREFIX};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let accepted = text.parse::<ApiKey>();
    assert_eq!(accepted.is_ok(), is_key(text));
    if let Ok(key) = accepted {
        keeps_its_word(&key, text);
    }

    // Hardly any random text has a right checksum: make one that has, of the same bytes.
    let mut bytes = text.bytes().chain(std::iter::repeat(0));
    let digits: String = bytes.by_ref().take(16).map(|byte| format!("{byte:02x}")).collect();
    let body = format!("{KEY_PREFIX}{digits}");
    let made = format!("{body}{:08x}", crc32(body.as_bytes()));
    keeps_its_word(&made.parse().expect("a key with a right checksum"), &made);

    let mut changed = made.clone().into_bytes();
    let position = text.len() % changed.len();
    changed[position] = bytes.next().unwrap_or_default() & 0x7f;
    let changed = String::from_utf8(changed).expect("ASCII");
    assert_eq!(changed.parse::<ApiKey>().is_ok(), changed == made);
});

fn keeps_its_word(key: &ApiKey, text: &str) {
    assert_eq!(key.reveal(), text);
    assert_eq!(key.hash().as_str().len(), 64);
    assert!(key.hint().chars().count() < 12 && text.starts_with(key.hint().trim_end_matches('…')));
    assert_eq!(format!("{key:?}{:?}", key.hash()), "ApiKey(…)KeyHash(…)");
}

/// `ba_`, 40 lower-case hexadecimal digits, the last 8 of which are right.
fn is_key(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(KEY_PREFIX) else { return false };
    let lower_hex = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    lower_hex && digits.len() == 40 && text[35..] == format!("{:08x}", crc32(&text.as_bytes()[..35]))
}

/// CRC-32/ISO-HDLC, bit by bit as in its definition.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
