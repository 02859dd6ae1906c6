//! From a query to the clients that match it: up to three bytes, its grams alone lead to them; of
//! longer ones the grams lead to candidates, whose texts decide.

use memchr::memmem::Finder;

use crate::{bits::Bits, fold::fold, grams, postings::Postings, records::Records};

/// To look at one client's texts costs about as much as to read so many postings.
const POSTINGS_PER_LOOK: usize = 32;

/// The clients that match.
pub(crate) enum Hits {
    /// Every client.
    All,
    /// These, ascending.
    Few(Vec<u32>),
    /// Enough of them that a bit for each client is the smaller set.
    Many(Bits),
}

/// Finds the clients whose name or phone contains the query. A client that is not `wanted` may be left
/// out: to look at its texts would be for nothing.
pub(crate) fn search(
    query: &str,
    records: &Records,
    postings: &Postings,
    slots: usize,
    wanted: impl Fn(u32) -> bool,
) -> Hits {
    let query = fold(query).into_bytes();
    match query.len() {
        0 => Hits::All,
        1..=3 => short(&query, postings, slots),
        _ => {
            let mut candidates = candidates(&query, postings);
            candidates.retain(|&slot| wanted(slot));
            Hits::Few(looked_at(&query, records, candidates))
        }
    }
}

/// The clients that some gram leads to which starts with the query.
fn short(query: &[u8], postings: &Postings, slots: usize) -> Hits {
    let grams = grams::starting_with(query);
    if postings.estimate(&grams) > slots / 16 {
        let mut bits = Bits::with_room(slots);
        postings.each(&grams, |slot| bits.set(slot, true));
        return Hits::Many(bits);
    }
    let mut list = vec![];
    postings.each(&grams, |slot| list.push(slot));
    list.sort_unstable();
    list.dedup();
    Hits::Few(list)
}

/// Clients that the query's grams lead to: all that match, and more.
fn candidates(query: &[u8], postings: &Postings) -> Vec<u32> {
    let mut lists: Vec<_> =
        grams::within(query).map(|gram| gram..gram + 1).map(|gram| (postings.estimate(&gram), gram)).collect();
    lists.sort_unstable_by_key(|(estimate, gram)| (*estimate, gram.start));
    lists.dedup();
    let mut lists = lists.into_iter();
    let mut found = vec![];
    if let Some((_, gram)) = lists.next() {
        postings.each(&gram, |slot| found.push(slot));
    }
    for (estimate, gram) in lists {
        if estimate > found.len() * POSTINGS_PER_LOOK {
            break;
        }
        let mut at = 0;
        let mut kept = 0;
        postings.each(&gram, |slot| {
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

/// The candidates whose texts contain the query.
fn looked_at(query: &[u8], records: &Records, mut candidates: Vec<u32>) -> Vec<u32> {
    let finder = Finder::new(query);
    let only_digits = query.iter().all(u8::is_ascii_digit);
    let mut text = vec![];
    candidates.retain(|&slot| {
        let record = records.get(slot);
        record.folded_name.write_to(&mut text);
        if finder.find(&text).is_some() {
            return true;
        }
        let Some(phone) = record.folded_phone else {
            return false;
        };
        phone.write_to(&mut text);
        if only_digits {
            // Digits that stand together in the phone do so without its punctuation too.
            text.retain(u8::is_ascii_digit);
        }
        finder.find(&text).is_some()
    });
    candidates
}
