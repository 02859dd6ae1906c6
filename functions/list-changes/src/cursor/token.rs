//! The cursor as a text: its bytes and their signature, in base64url.
//!
//! The signature binds a cursor to its organization without a read. It is no defence: the organization comes from the
//! API key alone, so a forged cursor could only confuse its own reader.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{ClientId, OrgId, Timestamp, limits::CURSOR_CHARS};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use shared::store::FeedPosition;
use uuid::Uuid;

use super::{Cursor, MOST_SENT, Place, Sent};

/// The format, a cursor's first byte. The signature is the last bytes of every format.
const FORMAT: u8 = 1;
const SIGNATURE: usize = 16;
const TABLE: usize = 8;

// Format, table, two times, a tag, a position, another time, a number, and what was sent.
const LONGEST: usize = 1 + TABLE + 2 * 8 + 1 + (8 + 16) + 8 + 2 + 8 * MOST_SENT + SIGNATURE;
const _: () = assert!(LONGEST.div_ceil(3) * 4 <= CURSOR_CHARS);

/// For whom and where a cursor is good.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The secret that signs it.
    pub secret: &'a str,
    /// The reader's organization.
    pub org: &'a OrgId,
    /// The name of the table of clients. A restored table has another one, and another history.
    pub table: &'a str,
}

/// The reason why a text is not a cursor that can be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was not given to this organization, or not like this.
    Invalid,
    /// It is of another format or another table.
    Expired,
}

impl Scope<'_> {
    fn signature(&self, bytes: &[u8]) -> Hmac<Sha256> {
        let hmac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("a secret may have any length");
        // An organization's identifier has no zero byte, so two different pairs never give the same bytes.
        hmac.chain_update(self.org.as_str()).chain_update([0]).chain_update(bytes)
    }

    fn table(&self) -> [u8; TABLE] {
        *Sha256::digest(self.table).first_chunk().expect("a hash has 32 bytes")
    }
}

impl Cursor {
    /// The cursor as a text.
    #[must_use]
    pub fn encode(&self, scope: &Scope<'_>) -> String {
        let mut bytes = vec![FORMAT];
        bytes.extend(scope.table());
        bytes.extend(written(self.origin));
        bytes.extend(written(self.settled));
        match self.place {
            Place::Beginning => bytes.push(0),
            Place::Settled => bytes.push(1),
            Place::Within { position: FeedPosition { at, id }, settles } => {
                bytes.push(if settles.is_some() { 3 } else { 2 });
                bytes.extend(written(at));
                bytes.extend(id.uuid().as_bytes());
                bytes.extend(settles.into_iter().flat_map(written));
            }
        }
        let ahead = u16::try_from(self.ahead.len()).expect("a cursor names fewer changes");
        bytes.extend(ahead.to_be_bytes());
        bytes.extend(self.ahead.iter().chain(&self.sent).flat_map(|Sent(hash)| hash.to_be_bytes()));
        let signature = scope.signature(&bytes).finalize().into_bytes();
        bytes.extend(&signature[..SIGNATURE]);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text of a cursor.
    ///
    /// # Errors
    /// Fails if the text is not a cursor that can be continued in this scope.
    pub fn decode(text: &str, scope: &Scope<'_>) -> Result<Self, Refused> {
        if text.len() > CURSOR_CHARS {
            return Err(Refused::Invalid);
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Refused::Invalid)?;
        let (bytes, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(Refused::Invalid)?;
        scope.signature(bytes).verify_truncated_left(signature).map_err(|_| Refused::Invalid)?;
        match bytes.split_first() {
            Some((&FORMAT, _)) => {}
            _ => return Err(Refused::Expired),
        }
        let mut reader = Reader(&bytes[1..]);
        if reader.take() != Some(scope.table()) {
            return Err(Refused::Expired);
        }
        // Whoever wrote it knew the secret. A text that we would not write is refused all the same.
        reader.cursor().filter(|cursor| cursor.encode(scope) == text).ok_or(Refused::Invalid)
    }
}

fn written(time: Timestamp) -> [u8; 8] {
    time.millis().to_be_bytes()
}

/// The bytes that are still to be read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn cursor(&mut self) -> Option<Cursor> {
        let (origin, settled) = (self.time()?, self.time()?);
        let place = match self.take()? {
            [0] => Place::Beginning,
            [1] => Place::Settled,
            [2] => Place::Within { position: self.position()?, settles: None },
            [3] => Place::Within { position: self.position()?, settles: Some(self.time()?) },
            _ => return None,
        };
        let ahead = u16::from_be_bytes(self.take()?).into();
        let mut named = Vec::new();
        while let Some(hash) = self.take() {
            named.push(Sent(u64::from_be_bytes(hash)));
        }
        if ahead > named.len() {
            return None;
        }
        let sent = named.split_off(ahead);
        Some(Cursor { origin, settled, place, ahead: named, sent })
    }

    fn position(&mut self) -> Option<FeedPosition> {
        Some(FeedPosition { at: self.time()?, id: ClientId::from(Uuid::from_bytes(self.take()?)) })
    }

    fn time(&mut self) -> Option<Timestamp> {
        Some(Timestamp::from_millis(i64::from_be_bytes(self.take()?)))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_format_asks_to_start_over() {
        let org = "acme".parse().unwrap();
        let scope = Scope { secret: "secret", org: &org, table: "clients" };
        for format in [0, FORMAT + 1] {
            let mut bytes = vec![format, 1, 2, 3];
            let signature = scope.signature(&bytes).finalize().into_bytes();
            bytes.extend(&signature[..SIGNATURE]);
            assert_eq!(Cursor::decode(&BASE64_URL_SAFE_NO_PAD.encode(bytes), &scope), Err(Refused::Expired));
        }
    }
}
