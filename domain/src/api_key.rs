//! API keys: their form, their checksum, and the hash that the table stores.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

/// The start of every key, by which secret scanners find a leaked one.
pub const KEY_PREFIX: &str = "ba_";
const RANDOM_DIGITS: usize = 32;
const CHECKSUM_DIGITS: usize = 8;
/// The number of characters that a key's hint shows.
const HINT_CHARS: usize = 9;

/// An API key: `ba_`, 32 hexadecimal digits of 128 random bits, and 8 digits of the CRC-32 (ISO-HDLC,
/// as in zlib) of the 35 characters before them, all in lower case.
///
/// A mistyped or made-up key fails its checksum and is refused without a read. The key itself is
/// never stored. Only [`ApiKey::reveal`] shows it; `Debug` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A new key, from 128 bits of the operating system's randomness.
    ///
    /// # Errors
    /// Fails if the operating system gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bits = [0; RANDOM_DIGITS / 2];
        getrandom::fill(&mut bits)?;
        let body = format!("{KEY_PREFIX}{}", hex(&bits));
        let checksum = crc32fast::hash(body.as_bytes());
        Ok(Self(format!("{body}{checksum:08x}")))
    }

    /// The whole key, for the one time that its owner is shown it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The key's first characters, by which people tell their keys apart.
    #[must_use]
    pub fn hint(&self) -> String {
        format!("{}…", &self.0[..HINT_CHARS])
    }

    /// The SHA-256 of the key, which the table stores instead of the key. 128 random bits need no slow
    /// hash.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(hex(&Sha256::digest(self.0.as_bytes())))
    }
}

impl FromStr for ApiKey {
    type Err = InvalidApiKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(KEY_PREFIX).ok_or(InvalidApiKey)?;
        let lower_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != RANDOM_DIGITS + CHECKSUM_DIGITS || !digits.bytes().all(lower_hex) {
            return Err(InvalidApiKey);
        }
        let (body, checksum) = text.split_at(KEY_PREFIX.len() + RANDOM_DIGITS);
        if u32::from_str_radix(checksum, 16) != Ok(crc32fast::hash(body.as_bytes())) {
            return Err(InvalidApiKey);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The SHA-256 of a key, in hexadecimal. It identifies the key, so it does not belong in logs either.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyHash(String);

impl KeyHash {
    /// The 64 hexadecimal digits of the digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A hash that was read from the table.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// The error for a text that is not an API key: its form or its checksum is wrong.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not an API key: `ba_` and 40 lower-case hexadecimal digits, the last 8 a checksum")]
pub struct InvalidApiKey;

/// Whether a text contains an API key, or something that may be most of one: mistyped, cut short, in
/// capitals, or without its prefix. Such a text is neither stored nor repeated.
#[must_use]
pub fn contains_key(text: &str) -> bool {
    // One digit more than a key's hint shows. After a letter or a digit, `ba_` may end an ordinary word.
    const DIGITS: usize = HINT_CHARS - KEY_PREFIX.len() + 1;
    const DIGITS_IN_A_WORD: usize = RANDOM_DIGITS / 2;
    let lower = text.to_ascii_lowercase();
    let prefixed = lower.match_indices(KEY_PREFIX).any(|(at, prefix)| {
        let word = lower[at + prefix.len()..].bytes().take_while(u8::is_ascii_alphanumeric);
        let (digits, others): (Vec<u8>, Vec<u8>) = word.partition(u8::is_ascii_hexdigit);
        let in_a_word = lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        // A wrong character or two are typing errors; more of them make an ordinary word.
        digits.len() >= if in_a_word { DIGITS_IN_A_WORD } else { DIGITS } && digits.len() > 3 * others.len()
    });
    let mut words = lower.split(|c: char| !c.is_ascii_hexdigit());
    prefixed || words.any(|digits| format!("{KEY_PREFIX}{digits}").parse::<ApiKey>().is_ok())
}

/// The bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_a_key() {
        let key = ApiKey::generate().unwrap();
        assert_eq!(key.reveal().len(), 43);
        assert_eq!(key.reveal().parse::<ApiKey>().unwrap(), key);
        assert_eq!(key.hash().as_str().len(), 64);
    }

    #[test]
    fn any_single_changed_character_is_refused() {
        let key = ApiKey::generate().unwrap();
        for at in 0..key.reveal().len() {
            for replacement in ['0', '1', 'a', 'f', 'A', 'g', ' '] {
                let mut changed: Vec<char> = key.reveal().chars().collect();
                if changed[at] == replacement {
                    continue;
                }
                changed[at] = replacement;
                let changed: String = changed.into_iter().collect();
                assert!(changed.parse::<ApiKey>().is_err(), "position {at}, {replacement:?}");
            }
        }
    }

    #[test]
    fn the_checksum_is_zlibs_crc32() {
        // python3 -c 'import zlib; print("%08x" % zlib.crc32(b"ba_00000000000000000000000000000000"))'
        assert!("ba_00000000000000000000000000000000922a5064".parse::<ApiKey>().is_ok());
    }

    #[test]
    fn a_text_that_contains_a_key_or_most_of_one_is_recognized() {
        let key = "ba_00000000000000000000000000000000922a5064";
        for text in [
            key,
            &key.to_uppercase(),
            &format!("the key is '{key}'."),
            &format!("--name={key}"),
            &format!("x{key}x"),
            &key[..10],
            &key[1..],
            &key[3..],
            &key.replace("92", "g2"),
        ] {
            assert!(contains_key(text), "{text}");
        }
        for text in [
            "",
            "ba_",
            "ba_000000…",
            "ba_000000",
            "Alba_Decade",
            "Toshiba_Electronics",
            "Alba_Dachdecker",
            "key_00000000000000000000000000000000",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "00000000-0000-4000-8000-000000000000",
            "José",
        ] {
            assert!(!contains_key(text), "{text}");
        }
    }

    #[test]
    fn debug_output_shows_no_key_and_no_hash() {
        let key = ApiKey::generate().unwrap();
        let shown = format!("{key:?} {:?}", key.hash());
        assert_eq!(shown, "ApiKey(…) KeyHash(…)");
    }
}
