//! Finds the clients that match a query.
//!
//! The postings of a word's grams yield its candidates: the clients that have the word, and a few more
//! unless all its patterns are short. The candidates of all words are intersected, the rarest word's
//! first. Once few are left, a look at the clients' texts decides.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::{
    bits::Bits,
    grams::{self, Gram},
    hits::Hits,
    phone,
    postings::Postings,
    query::{Field, Pattern, Query, Word},
    records::{Record, Records},
};

/// A look at one client's texts costs about as much as reading this many postings.
const POSTINGS_PER_LOOK: usize = 32;

/// The data that is searched.
pub(crate) struct Searcher<'a> {
    pub(crate) records: &'a Records,
    pub(crate) postings: &'a Postings,
    /// The number of slots.
    pub(crate) slots: usize,
}

impl Searcher<'_> {
    /// The clients that match a query. Clients that are not `wanted` may be left out, which saves a look at
    /// their texts.
    pub(crate) fn search(&self, query: &Query, wanted: impl Fn(u32) -> bool) -> Hits {
        let alternatives = query.alternatives.iter().map(|words| self.having_all(words, &wanted));
        alternatives.reduce(Hits::union).unwrap_or(Hits::List(vec![]))
    }

    /// The clients that have all of these words.
    fn having_all(&self, words: &[Word], wanted: impl Fn(u32) -> bool) -> Hits {
        let mut words: Vec<_> = words.iter().map(|word| (self.estimate(word), word)).collect();
        words.sort_unstable();
        words.dedup();
        let (&(estimate, rarest), others) = words.split_first().expect("an alternative has a word");
        let mut hits = self.candidates(rarest, estimate);
        let mut undecided = vec![];
        if !is_short(rarest) {
            undecided.push(rarest);
        }
        for &(estimate, word) in others {
            let look = matches!(&hits, Hits::List(list) if list.len() * POSTINGS_PER_LOOK < estimate);
            if !look {
                hits = match &hits {
                    Hits::List(list) if is_long(word) => self.candidates_among(word, list),
                    _ => hits.intersection(self.candidates(word, estimate), self.slots),
                };
            }
            if look || !is_short(word) {
                undecided.push(word);
            }
        }
        if undecided.is_empty() {
            return hits;
        }
        let mut look = Look::for_words(undecided);
        let mut list = hits.into_list();
        list.retain(|&slot| wanted(slot) && look.finds_all(&self.records.get(slot)));
        Hits::List(list)
    }

    /// Estimates the number of postings to read for a word's candidates. The estimate is rarely too low.
    fn estimate(&self, word: &Word) -> usize {
        let rarest = |pattern: &Pattern| lookups(pattern).iter().map(|grams| self.postings.estimate(grams)).min();
        word.iter().filter_map(rarest).sum()
    }

    /// The clients that have the grams of one of a word's patterns.
    fn candidates(&self, word: &Word, estimate: usize) -> Hits {
        if is_short(word) && Hits::are_many(estimate, self.slots) {
            let mut bits = Bits::with_room(self.slots);
            for grams in word.iter().flat_map(lookups) {
                self.postings.each(&grams, |slot| bits.set(slot, true));
            }
            return Hits::Bits(bits);
        }
        Hits::from_unsorted(word.iter().flat_map(|pattern| self.having_grams(pattern, None)).collect())
    }

    /// The clients in a list that have the grams of one of a long word's patterns.
    fn candidates_among(&self, word: &Word, list: &[u32]) -> Hits {
        Hits::from_unsorted(word.iter().flat_map(|pattern| self.having_grams(pattern, Some(list))).collect())
    }

    /// The clients, of those in a list if there is one, that have the grams of a pattern, except for grams so
    /// frequent that a look is cheaper. With a list, the pattern must be longer than a gram.
    fn having_grams(&self, pattern: &Pattern, list: Option<&[u32]>) -> Vec<u32> {
        let mut lookups: Vec<_> =
            lookups(pattern).into_iter().map(|grams| (self.postings.estimate(&grams), grams)).collect();
        lookups.sort_unstable_by_key(|(estimate, grams)| (*estimate, grams.start));
        lookups.dedup();
        let mut lookups = lookups.into_iter();
        let mut found = vec![];
        if let Some(list) = list {
            found.extend_from_slice(list);
        } else if let Some((_, grams)) = lookups.next() {
            self.postings.each(&grams, |slot| found.push(slot));
        }
        for (estimate, grams) in lookups {
            if found.len() * POSTINGS_PER_LOOK < estimate {
                break;
            }
            let mut at = 0;
            let mut kept = 0;
            self.postings.each(&grams, |slot| {
                while found.get(at).is_some_and(|&candidate| candidate < slot) {
                    at += 1;
                }
                if found.get(at) == Some(&slot) {
                    found[kept] = slot;
                    kept += 1;
                }
            });
            found.truncate(kept);
        }
        found
    }
}

/// The wanted clients that match a query, found without postings, by a look at every client's texts.
pub(crate) fn scan(records: &Records, query: &Query, wanted: impl Fn(u32) -> bool) -> Hits {
    let mut looks: Vec<_> = query.alternatives.iter().map(Look::for_words).collect();
    let mut found = |record: &Record| looks.iter_mut().any(|look| look.finds_all(record));
    let hits = records.iter().filter(|(slot, record)| wanted(*slot) && found(record));
    Hits::List(hits.map(|(slot, _)| slot).collect())
}

/// Whether the candidates of a word are exactly the clients that have it.
fn is_short(word: &Word) -> bool {
    word.iter().all(|pattern| pattern.text.len() <= grams::LEN)
}

/// Whether each of a word's patterns is longer than a gram, so that its lookups are single grams, whose
/// postings ascend.
fn is_long(word: &Word) -> bool {
    word.iter().all(|pattern| pattern.text.len() > grams::LEN)
}

/// The ranges of grams that a text with the pattern has. One range is enough for a short pattern.
fn lookups(pattern: &Pattern) -> Vec<Range<Gram>> {
    if pattern.text.len() <= grams::LEN {
        return vec![grams::starting_with(pattern)];
    }
    grams::within(pattern).map(|gram| gram..gram + 1).collect()
}

/// Looks for words in the texts of one client after another.
struct Look<'q> {
    words: Vec<Vec<Needle<'q>>>,
    name: Vec<u8>,
    phone: Vec<u8>,
}

/// A pattern, prepared for many looks.
struct Needle<'q> {
    field: Field,
    finder: Finder<'q>,
    is_of_separators: bool,
}

impl<'q> Look<'q> {
    fn for_words(words: impl IntoIterator<Item = &'q Word>) -> Self {
        let needle = |pattern: &'q Pattern| Needle {
            field: pattern.field,
            finder: Finder::new(&pattern.text),
            is_of_separators: str::from_utf8(&pattern.text).is_ok_and(|text| phone::bare(text).is_empty()),
        };
        let words = words.into_iter().map(|word| word.iter().map(needle).collect()).collect();
        Self { words, name: vec![], phone: vec![] }
    }

    fn finds_all(&mut self, record: &Record) -> bool {
        record.folded_name.write_to(&mut self.name);
        self.words.iter().all(|word| {
            word.iter().any(|needle| match (needle.field, record.bare_phone) {
                (Field::Name, _) => needle.finder.find(&self.name).is_some(),
                (Field::Phone, None) => false,
                (Field::Phone, Some(_)) if needle.is_of_separators => {
                    record.separators().iter().any(|run| needle.finder.find(run.as_bytes()).is_some())
                }
                (Field::Phone, Some(bare)) => {
                    bare.write_to(&mut self.phone);
                    let is_in = |phone: &[u8]| needle.finder.find(phone).is_some();
                    is_in(&self.phone) || phone::with_plus(&self.phone).is_some_and(|phone| is_in(&phone))
                }
            })
        })
    }
}
