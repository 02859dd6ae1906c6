//! Three-byte pieces of texts, called grams, by which the index finds clients.
//!
//! A gram starts at every byte of a text and belongs to the text's field. At the end of the text, grams are
//! filled up. So the grams that start with a pattern of one, two or three bytes are in exactly the texts that
//! contain it, and a text contains a longer pattern only if it has all of the pattern's grams.

use std::ops::Range;

use crate::{
    query::{Field, Pattern},
    records::Record,
};

/// The longest pattern that grams alone answer.
pub(crate) const LEN: usize = 3;

/// The field and three bytes, the first one highest.
pub(crate) type Gram = u32;

/// No byte of UTF-8, so that no pattern contains it.
const FILL: u8 = 0xff;

fn gram(field: Field, text: &[u8]) -> Gram {
    let byte = |at| text.get(at).copied().unwrap_or(FILL);
    Gram::from_be_bytes([field as u8, byte(0), byte(1), byte(2)])
}

/// The grams of a client, ascending.
pub(crate) fn of_client(record: &Record) -> Vec<Gram> {
    let mut grams = Vec::new();
    record.each_text(|field, text| grams.extend((0..text.len()).map(|at| gram(field, &text[at..]))));
    grams.sort_unstable();
    grams.dedup();
    grams
}

/// The grams that start with a pattern of at most [`LEN`] bytes.
pub(crate) fn starting_with(pattern: &Pattern) -> Range<Gram> {
    let rest = 8 * (LEN - pattern.text.len());
    let first = gram(pattern.field, &pattern.text) >> rest << rest;
    first..first + (1 << rest)
}

/// The grams of every text that contains a pattern of at least [`LEN`] bytes.
pub(crate) fn within(pattern: &Pattern) -> impl Iterator<Item = Gram> {
    pattern.text.windows(LEN).map(|text| gram(pattern.field, text))
}
