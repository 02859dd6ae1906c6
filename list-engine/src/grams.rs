//! Which three-byte pieces, grams, lead to a client.
//!
//! A gram starts at every byte of a text; where the text ends, it is filled up. So the grams that start
//! with a query of one, two or three bytes lead to exactly the texts that contain it, and a longer
//! query is contained only in texts that have all of its grams.
//!
//! The texts of a client are its folded name, its folded phone, and the digits of that phone.

use std::ops::Range;

use crate::{fold::digits, records::Record};

/// Three bytes, the first one highest.
pub(crate) type Gram = u32;

/// No byte of UTF-8, so that no query asks for it.
const FILL: u8 = 0xff;

fn gram(text: &[u8]) -> Gram {
    let byte = |at| text.get(at).copied().unwrap_or(FILL);
    Gram::from_be_bytes([0, byte(0), byte(1), byte(2)])
}

/// The grams that lead to a client, ascending.
pub(crate) fn of_client(record: &Record) -> Vec<Gram> {
    let mut grams = Vec::new();
    let mut add = |text: &[u8]| grams.extend((0..text.len()).map(|at| gram(&text[at..])));
    add(&record.folded_name.to_vec());
    if let Some(phone) = record.folded_phone {
        let phone = phone.to_vec();
        add(&phone);
        add(&digits(&phone));
    }
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// The grams that start with a query of at most three bytes.
pub(crate) fn starting_with(query: &[u8]) -> Range<Gram> {
    let rest = 24 - 8 * query.len();
    let first = gram(query) >> rest << rest;
    first..first + (1 << rest)
}

/// The grams that every text with this query of at least three bytes has.
pub(crate) fn within(query: &[u8]) -> impl Iterator<Item = Gram> {
    query.windows(3).map(gram)
}
