//! The meaning of a search text.
//!
//! A search text is a list of words, separated by white space and commas. A client matches if
//!
//! - each word is found in its name or in its phone number, in any order; or
//! - the whole text is a phone number that is found in its phone number.
//!
//! To be found is to be a substring. In names, folded forms are compared ([`fold`](mod@crate::fold)).
//! In phone numbers, bare forms are compared ([`phone`]): without separators, with ASCII digits. A
//! leading `00` is also read as `+`, in the search text, in each of its words and in the client's
//! phone number, and one reading found in another is enough. The whole text is a phone number if its
//! bare form is digits, with or without a `+` before them.
//!
//! A word of separators alone, such as `-`, has no bare form. It is found in a phone number that has these
//! separators in a row.
//!
//! A text of nothing but white space and commas has no words and matches every client. Any other text
//! that has no words left after folding, such as one of marks alone, matches none.

use crate::{
    fold::{fold, is_word_break},
    phone,
};

/// A search text, parsed. A client matches if all words of one of the alternatives are found.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) alternatives: Vec<Vec<Word>>,
}

/// A word is found if one of its patterns is.
pub(crate) type Word = Vec<Pattern>;

/// A text to find in a field of a client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pattern {
    pub(crate) field: Field,
    /// Not empty.
    pub(crate) text: Vec<u8>,
}

/// A field that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    /// The folded name.
    Name,
    /// The bare phone number, in both readings, and the separators in it.
    Phone,
}

impl Query {
    /// Parses a search text; returns `None` if it matches every client.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.chars().all(is_word_break) {
            return None;
        }
        let folded = fold(text);
        let mut words: Vec<Word> = folded.split(is_word_break).filter(|word| !word.is_empty()).map(word).collect();
        let mut alternatives = vec![];
        if words.len() == 1 {
            // The patterns of a single word are alternatives by themselves. This is faster.
            alternatives.extend(words.remove(0).into_iter().map(alone));
        } else if !words.is_empty() {
            alternatives.push(words);
            let bare = phone::bare(text);
            if phone::is_number(&bare) {
                alternatives.extend(in_phone(bare).map(alone));
            }
        }
        Some(Self { alternatives })
    }
}

fn alone(pattern: Pattern) -> Vec<Word> {
    vec![vec![pattern]]
}

fn word(folded: &str) -> Word {
    let bare = phone::bare(folded);
    let bare = if bare.is_empty() { folded.to_owned() } else { bare };
    let name = Pattern { field: Field::Name, text: folded.as_bytes().to_vec() };
    [name].into_iter().chain(in_phone(bare)).collect()
}

fn in_phone(bare: String) -> impl Iterator<Item = Pattern> {
    let bare = bare.into_bytes();
    let readings = [phone::with_plus(&bare), Some(bare)];
    readings.into_iter().flatten().map(|text| Pattern { field: Field::Phone, text })
}
