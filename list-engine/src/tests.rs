//! Compares the index with the oracle, on random organizations, write sequences and parameters.

mod search;

use std::{
    collections::HashMap,
    iter::repeat_with,
    sync::atomic::{AtomicU64, Ordering},
};

use domain::{Change, Client, ClientId, ListedClient, Name, NewClient, Notes, Phone, Status, Timestamp};
use rand::{
    Rng, SeedableRng,
    seq::{IndexedRandom, IteratorRandom},
};
use rand_chacha::ChaCha8Rng;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::{
    Index, ListParams, Loader, SortBy, SortOrder, checkpoint,
    oracle::{self, Oracle},
};

/// The pieces of names, separated by `|`. Tiny alphabets make substrings, names and whole clients collide.
const ALPHABETS: &[&str] = &[
    "a|b| ",
    "a|A|ab|1|12|-|,",
    "ann|Anna|José|jose|Müller| |son|De|O'|O’|Smith & Co|Łódź|, ",
    // Latin letters, with and without decompositions, ligatures, apostrophes and dashes.
    "ß|ss|SS|ẞ|İ|i|I|ı|i\u{307}|ﬁ|fi|ﬃ|\u{fb03}|ŉ|n|ñ|ǰ|Đ|đ|d|ð|Þ|th|ø|Ø|o|ỗ|ơ|æ|ae|Œ|ł|L|ħ|ŋ|ə|a\u{301}|á|\
     \u{301}|\u{345}|´|`|'|’|‘|ʼ|′|＇|ʻ|-|–|\u{2011}|−| ",
    // Greek and Cyrillic.
    "ΐ|ς|σ|Σ|ᾳ|α|Ἀ|Α\u{313}|ι|\u{345}|\u{301}|\u{308}|Дми|дми|й|и|Й|и\u{306}|и\u{301}\u{306}|ё|е|Ё|ї|і|\
     і\u{308}|ў|у\u{306}|у|ж\u{306}|ѝ| ",
    // Hebrew and Arabic.
    "ש|ש\u{5c1}|\u{fb2a}|\u{5b8}|ל|ו\u{5b9}|ם|\u{5be}|׳|م|ح|\u{64e}|\u{651}|\u{640}|ا|أ|ا\u{654}|آ|إ|\u{654}|\
     \u{670}|\u{200c}|ﷺ|ﻣ|ی|a|\u{301}| |،",
    // Scripts of South and South-East Asia, with marks that are letters.
    "र|ी|ा|म|क|\u{93c}|क़|\u{94d}|\u{200d}|\u{200c}|त|\u{9a4}|\u{9c7}|\u{9be}|\u{9cb}|ว|ิ|ท|ย|ุ|ี|ำ|\u{e4d}|\
     \u{e49}|ཱི|ཀ|a|\u{301}| ",
    // East Asia: full and half width, kana, Hangul, ideographs.
    "ハ|パ|バ|ﾊ|ﾊﾟ|\u{309a}|\u{3099}|ﾞ|カ|ガ|ー|ｰ|は|ば|이|임|ㅎ|각|한|한글|\u{110b}|\u{1175}|\u{11b7}|\u{3164}|\u{115f}|中|\
     文|中文|Ａ|a|５|5|、|，|・|\u{3000}| ",
    // Emoji, symbols and invisible characters.
    "😀|👩‍👩‍👧|👩|❤|\u{fe0f}|\u{200d}|\u{200b}|\u{ad}|\u{34f}|\u{2800}|²|2|①|1|㎏|k|g|𝒜|a|\u{e0061}|\u{202e}|\
     \u{feff}|\u{301}|\u{20e3}| |\u{a0}",
    "\0|a|\u{1}|\u{7f}|é|\t",
];
/// The pieces of phone numbers.
const PHONE_PIECES: &str = "1|2|12|555|0|00|+|-| |(|) |.|x|ext |５|é|\u{663}|५|𝟓|\u{a0}|\u{2009}|–|\u{2011}|−|\
     \u{200e}|\u{202b}|/|[|・|ー|（|,|---|＋";
/// The separators between the words of a query.
const BREAKS: &str = " | |,|, |\u{a0}|\u{3000}|、|\t";

/// Makes random clients, changes and parameters, the same for the same seed.
struct Generator {
    rng: ChaCha8Rng,
    name_pieces: Vec<&'static str>,
    phone_pieces: Vec<&'static str>,
    ids: u128,
    pieces: usize,
}

impl Generator {
    fn new(seed: u64, ids: u128) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let alphabet = ALPHABETS.choose(&mut rng).expect("there are alphabets");
        let (name_pieces, phone_pieces) = (alphabet.split('|').collect(), PHONE_PIECES.split('|').collect());
        let pieces = rng.random_range(1..7);
        Self { rng, name_pieces, phone_pieces, ids, pieces }
    }

    /// A text of name pieces, at most this many.
    fn name(&mut self, most: usize) -> String {
        let count = self.rng.random_range(1..=most);
        (0..count).filter_map(|_| self.name_pieces.choose(&mut self.rng)).copied().collect()
    }

    /// A text of phone pieces, at most this many.
    fn phone(&mut self, most: usize) -> String {
        let count = self.rng.random_range(1..=most);
        (0..count).filter_map(|_| self.phone_pieces.choose(&mut self.rng)).copied().collect()
    }

    fn id(&mut self) -> ClientId {
        // Spread over all bytes, so that identifiers differ in the first and in the last.
        ClientId::from(Uuid::from_u128(self.rng.random_range(0..self.ids).wrapping_mul(u128::MAX / 251)))
    }

    fn client(&mut self) -> ListedClient {
        let created_at = self.rng.random_range(-3..8);
        let notes = self.rng.random_range(0..4);
        let name = Name::from_stored(self.name(self.pieces));
        let created_at = Timestamp::from_millis(created_at * 1_000_000_007);
        let client = Client {
            phone: self.rng.random_bool(0.7).then(|| Phone::from_stored(self.phone(8))),
            status: *Status::ALL.choose(&mut self.rng).expect("there are two"),
            notes: (notes == 0).then(|| Notes::from_stored(self.name(9))),
            updated_at: Timestamp::from_millis(self.rng.random_range(-9..2_000_000_000_000)),
            version: self.rng.random_range(1..6),
            ..NewClient::named(name).created(self.id(), created_at)
        };
        ListedClient { client, has_long_notes: notes == 1 }
    }

    fn change(&mut self, present: &HashMap<ClientId, ListedClient>) -> Change {
        let new = self.client();
        let id = new.client.id;
        let old = present.get(&id);
        let version = old.map_or(1, |old| old.client.version.saturating_add_signed(self.rng.random_range(-1..4)));
        let mut changed = old.unwrap_or(&new).clone();
        match self.rng.random_range(0..8) {
            0 | 1 => return Change::Remove { id, version, deleted_at: new.client.updated_at },
            2 => changed.client.status = new.client.status,
            3 => {
                changed.client.notes = new.client.notes;
                changed.has_long_notes = new.has_long_notes;
            }
            4 => changed.client.phone = new.client.phone,
            _ => changed = new,
        }
        changed.client.version = version;
        Change::Upsert(changed)
    }

    /// One to three words or phone numbers, in any order.
    fn query(&mut self, clients: &[ListedClient]) -> String {
        let parts = [1, 1, 1, 2, 2, 3].choose(&mut self.rng).copied().unwrap_or(1);
        let client = clients.choose(&mut self.rng);
        let mut query = String::new();
        for part in 0..parts {
            if part > 0 {
                query += BREAKS.split('|').choose(&mut self.rng).expect("there are separators");
            }
            query += &self.part_of_query(client);
        }
        query
    }

    fn part_of_query(&mut self, client: Option<&ListedClient>) -> String {
        let phone = client.and_then(|feed| feed.client.phone.as_ref()).map(Phone::as_str).unwrap_or_default();
        let text = match (client, self.rng.random_range(0..8)) {
            (_, 0) | (None, _) => self.name(3),
            (_, 1) => self.phone(4),
            (_, 2) => phone.to_owned(),
            (_, 3) => phone.chars().filter(char::is_ascii_digit).collect(),
            (_, 4) => phone.replacen('+', "00", 1),
            (Some(feed), 5) => {
                let mut words: Vec<&str> = feed.client.name.as_str().split_whitespace().collect();
                words.reverse();
                words.join(" ")
            }
            (Some(feed), _) => feed.client.name.as_str().to_owned(),
        };
        let chars: Vec<char> = text.chars().collect();
        let start = self.rng.random_range(0..=chars.len() / 2);
        let len = self.rng.random_range(1..=chars.len() + 1);
        let cut: String = chars.into_iter().skip(start).take(len).collect();
        match self.rng.random_range(0..10) {
            0..3 => cut.to_uppercase(),
            3 => cut.nfd().collect(),
            4 => cut.nfkc().collect(),
            5 => {
                let separator = self.phone(1);
                cut.chars().flat_map(|c| [c.to_string(), separator.clone()]).collect()
            }
            _ => cut,
        }
    }

    fn params(&mut self, clients: &[ListedClient]) -> ListParams {
        let offset = match self.rng.random_range(0..8) {
            0..3 => 0,
            3..6 => self.rng.random_range(0..=clients.len() + 2),
            6 => self.rng.random_range(0..=clients.len() / 10 + 1),
            _ => u32::MAX as usize,
        };
        ListParams {
            limit: if self.rng.random_bool(0.5) { self.rng.random_range(1..6) } else { self.rng.random_range(1..=100) },
            offset,
            query: self.rng.random_bool(0.75).then(|| self.query(clients)),
            sort_by: *SortBy::ALL.choose(&mut self.rng).expect("there are fields"),
            sort_order: *[SortOrder::Asc, SortOrder::Desc].choose(&mut self.rng).expect("there are two"),
            status: *[None, None, Some(Status::Active), Some(Status::Inactive)]
                .choose(&mut self.rng)
                .expect("there are four"),
        }
    }

    /// An index whose postings may be complete or not.
    fn finish(&mut self, loader: Loader) -> Index {
        if self.rng.random_bool(0.4) {
            return loader.finish();
        }
        let mut finish = loader.finish_in_steps();
        repeat_with(|| finish.step()).flatten().next().expect("the last step returns the index")
    }

    /// The index as another process restores it, with or without postings.
    fn restored(&mut self, index: &Index) -> Index {
        let mut restored = checkpoint::tests::through_object_storage(index);
        while self.rng.random_bool(0.9) && !restored.rebuild_postings() {}
        restored
    }

    /// Compares a number of lists in each round, and applies a number of writes after it. Returns the number
    /// of lists that had rows.
    fn compare(&mut self, loaded: usize, rounds: usize, writes: usize, lists: usize) -> usize {
        let first: Vec<ListedClient> = (0..loaded).map(|_| self.client()).collect();
        let mut present = HashMap::new();
        let mut loader = Loader::default();
        for client in first {
            let change = Change::Upsert(client);
            oracle::apply(&mut present, &change);
            loader.push(change);
        }
        // Clients may be deleted while their feed is read.
        for _ in 0..self.rng.random_range(0..3) {
            let (id, version) = (self.id(), self.rng.random_range(1..9));
            let removal = Change::Remove { id, version, deleted_at: Timestamp::from_millis(0) };
            oracle::apply(&mut present, &removal);
            loader.push(removal);
        }
        let mut index = self.finish(loader);
        let mut answers = 0;
        for _ in 0..rounds {
            if self.rng.random_bool(0.2) {
                index = self.restored(&index);
            }
            let clients: Vec<ListedClient> = present.values().cloned().collect();
            assert_eq!(index.len(), clients.len());
            let oracle = Oracle::new(&clients);
            for _ in 0..lists {
                let params = self.params(&clients);
                let rows = index.rows(&params);
                assert_eq!(rows, oracle.rows(&params), "{params:?} of {clients:?}");
                answers += usize::from(!rows.clients.is_empty());
            }
            for _ in 0..writes {
                let change = self.change(&present);
                let before = present.get(&id_of(&change)).cloned();
                oracle::apply(&mut present, &change);
                let changed = index.apply(&change);
                if self.rng.random_bool(0.2) {
                    index.rebuild_postings();
                }
                assert_eq!(changed, before.as_ref() != present.get(&id_of(&change)));
            }
        }
        answers
    }
}

fn id_of(change: &Change) -> ClientId {
    match change {
        Change::Upsert(feed) => feed.client.id,
        Change::Remove { id, .. } => *id,
    }
}

/// Runs `work` for each seed, on all cores, and adds up what it returns.
fn for_seeds(seeds: u64, work: impl Fn(u64) -> usize + Sync) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Each thread takes the next seed, because some seeds are far more work than others.
    let next = AtomicU64::new(0);
    let share = || {
        let taken = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds));
        taken.map(&work).sum::<usize>()
    };
    std::thread::scope(|scope| {
        let shares: Vec<_> = (0..threads).map(|_| scope.spawn(share)).collect();
        shares.into_iter().map(|share| share.join().expect("the lists are equal")).sum()
    })
}

#[test]
fn a_hundred_thousand_lists_equal_the_oracles() {
    let answers = for_seeds(1_000, |seed| {
        let size = [0, 1, 5, 30, 60, 120][seed as usize % 6];
        Generator::new(seed, 3 + 2 * size as u128).compare(size, 10, size / 2 + 3, 12)
    });
    assert!(answers > 50_000, "of 120,000 pages only {answers} had rows");
}

#[test]
fn lists_of_many_chunks_equal_the_oracles() {
    for_seeds(10, |seed| {
        let size = [0, 3_000, 6_000][seed as usize % 3];
        Generator::new(seed, 20_000).compare(size, 5, 4_000, 60)
    });
}
