//! The index against the plain oracle, on random organizations, write sequences and parameters.

use std::collections::HashMap;

use domain::{Change, Client, ClientId, ListedClient, Name, Notes, Phone, Status, Timestamp};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::{Index, Loader, oracle};
use crate::params::{ListParams, SortBy, SortOrder};

/// Pieces of names. Tiny alphabets make substrings, names and whole clients collide.
const ALPHABETS: &[&[&str]] = &[
    &["a", "b", " "],
    &["a", "A", "ab", "1", "12", "-"],
    &["ann", "Anna", "José", "jose", "Müller", " ", "son", "De", "O'", "Smith & Co", "Łódź"],
    &[
        "ß",
        "ss",
        "SS",
        "ẞ",
        "İ",
        "i",
        "I",
        "ı",
        "i\u{307}",
        "ﬁ",
        "fi",
        "ﬃ",
        "ŉ",
        "ǰ",
        "ΐ",
        "ς",
        "σ",
        "Σ",
        "ᾳ",
        "ﷺ",
        "５",
        "5",
        "Ａ",
        "a\u{301}",
        "á",
        "\u{301}",
        "\u{345}",
        "한",
        "한글",
        "ㅎ",
        "각",
        "😀",
        "👩‍👩‍👧",
        "中",
        "文",
        "中文",
        "ñ",
        "n",
        "Дми",
        "дми",
        "й",
        "é",
        " ",
        "²",
        "①",
        "㎏",
        "\u{fb03}",
        "\u{200d}",
        "\u{1e9e}",
        "𝒜",
        "ཱི",
    ],
    &["\0", "a", "\u{1}", "\u{7f}", "é"],
];
const PHONE_PIECES: &[&str] = &["1", "2", "12", "555", "0", "+", "-", " ", "(", ") ", ".", "x", "ext ", "５", "é", "٣"];

struct World {
    rng: ChaCha8Rng,
    alphabet: &'static [&'static str],
    ids: u128,
    pieces: usize,
}

impl World {
    fn new(seed: u64, ids: u128) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let alphabet = ALPHABETS.choose(&mut rng).expect("there are alphabets");
        let pieces = rng.random_range(1..7);
        Self { rng, alphabet, ids, pieces }
    }

    fn text(&mut self, from: &[&str], pieces: usize) -> String {
        let pieces = self.rng.random_range(1..=pieces);
        (0..pieces).map(|_| *from.choose(&mut self.rng).expect("there are pieces")).collect()
    }

    fn id(&mut self) -> ClientId {
        // Spread over all bytes, so that ids differ in the first and in the last.
        ClientId::from(Uuid::from_u128(self.rng.random_range(0..self.ids).wrapping_mul(u128::MAX / 251)))
    }

    fn client(&mut self) -> ListedClient {
        let created_at = self.rng.random_range(-3..8);
        let notes = self.rng.random_range(0..4);
        let client = Client {
            id: self.id(),
            name: Name::from_stored(self.text(self.alphabet, self.pieces)),
            phone: self.rng.random_bool(0.7).then(|| Phone::from_stored(self.text(PHONE_PIECES, 8))),
            status: *Status::ALL.choose(&mut self.rng).expect("there are two"),
            notes: (notes == 0).then(|| Notes::from_stored(self.text(self.alphabet, 9))),
            created_at: Timestamp::from_millis(created_at * 1_000_000_007),
            updated_at: Timestamp::from_millis(self.rng.random_range(-9..2_000_000_000_000)),
            version: self.rng.random_range(1..6),
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
            0 | 1 => return Change::Remove { id, version },
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

    fn query(&mut self, clients: &[ListedClient]) -> String {
        let phone =
            |feed: &ListedClient| feed.client.phone.as_ref().map(|phone| phone.as_str().to_owned()).unwrap_or_default();
        let text = match (clients.choose(&mut self.rng), self.rng.random_range(0..6)) {
            (_, 0) | (None, _) => self.text(self.alphabet, 3),
            (_, 1) => self.text(PHONE_PIECES, 4),
            (Some(feed), 2) => phone(feed),
            (Some(feed), 3) => phone(feed).chars().filter(char::is_ascii_digit).collect(),
            (Some(feed), _) => feed.client.name.as_str().to_owned(),
        };
        let chars: Vec<char> = text.chars().collect();
        let start = self.rng.random_range(0..=chars.len() / 2);
        let len = self.rng.random_range(1..=chars.len() + 1);
        let cut: String = chars.into_iter().skip(start).take(len).collect();
        let query = if self.rng.random_bool(0.3) { cut.to_uppercase() } else { cut };
        if query.is_empty() { "a".into() } else { query }
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
            sort_by: *[SortBy::Name, SortBy::Phone, SortBy::Status, SortBy::CreatedAt]
                .choose(&mut self.rng)
                .expect("there are four"),
            sort_order: *[SortOrder::Asc, SortOrder::Desc].choose(&mut self.rng).expect("there are two"),
            status: *[None, None, Some(Status::Active), Some(Status::Inactive)]
                .choose(&mut self.rng)
                .expect("there are four"),
        }
    }

    /// A write sequence, with as many lists in each of its pauses; returns how many were not empty.
    fn compare(&mut self, loaded: usize, rounds: usize, writes: usize, lists: usize) -> usize {
        let first: Vec<ListedClient> = (0..loaded).map(|_| self.client()).collect();
        let mut present = HashMap::new();
        let mut loader = Loader::default();
        for client in first {
            let change = Change::Upsert(client);
            oracle::apply(&mut present, &change);
            loader.push(change);
        }
        // As when clients are deleted while their feed is read.
        for _ in 0..self.rng.random_range(0..3) {
            let removal = Change::Remove { id: self.id(), version: self.rng.random_range(1..9) };
            oracle::apply(&mut present, &removal);
            loader.push(removal);
        }
        let mut index = loader.finish();
        let mut answers = 0;
        for _ in 0..rounds {
            let clients: Vec<ListedClient> = present.values().cloned().collect();
            assert_eq!(index.len(), clients.len());
            for _ in 0..lists {
                let params = self.params(&clients);
                let rows = index.rows(&params);
                assert_eq!(rows, oracle::rows(&clients, &params), "{params:?} of {clients:?}");
                answers += usize::from(!rows.clients.is_empty());
            }
            for _ in 0..writes {
                let change = self.change(&present);
                let before = present.get(&id_of(&change)).cloned();
                oracle::apply(&mut present, &change);
                let changed = index.apply(&change);
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

#[test]
fn a_hundred_thousand_lists_equal_the_oracles() {
    let answers: usize = (0..1_000)
        .map(|seed| {
            let size = [0, 1, 5, 30, 60, 120][seed as usize % 6];
            World::new(seed, 3 + 2 * size as u128).compare(size, 10, size / 2 + 3, 12)
        })
        .sum();
    assert!(answers > 50_000, "of 120,000 pages only {answers} had rows");
}

#[test]
fn lists_of_many_chunks_equal_the_oracles() {
    for seed in 0..10 {
        let size = [0, 3_000, 6_000][seed as usize % 3];
        World::new(seed, 20_000).compare(size, 5, 4_000, 60);
    }
}

fn client(id: u128, name: &str, phone: Option<&str>) -> ListedClient {
    let client = Client {
        id: ClientId::from(Uuid::from_u128(id)),
        name: Name::from_stored(name.to_owned()),
        phone: phone.map(|phone| Phone::from_stored(phone.to_owned())),
        status: Status::Active,
        notes: None,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
        version: 1,
    };
    ListedClient { client, has_long_notes: false }
}

fn names(index: &Index, query: &str) -> Vec<String> {
    let params = ListParams {
        limit: 100,
        offset: 0,
        query: Some(query.into()),
        sort_by: SortBy::Name,
        sort_order: SortOrder::Asc,
        status: None,
    };
    index.rows(&params).clients.into_iter().map(|feed| feed.client.name.as_str().to_owned()).collect()
}

#[test]
fn what_a_query_finds() {
    let clients = [
        client(1, "José Straße", Some("+1 555-1234")),
        client(2, "Zoë", Some("(030) 12 ext. 9")),
        client(3, "5551", Some("234")),
        client(4, "Ｗｉｄｅ", Some("５５５-９")),
    ];
    let mut loader = Loader::default();
    clients.into_iter().for_each(|client| loader.push(Change::Upsert(client)));
    let index = loader.finish();
    // In the order of folded names: 5551, jose, wide, zoe.
    for (query, found) in [
        ("jose", vec!["José Straße"]),
        ("STRASSE", vec!["José Straße"]),
        ("5551234", vec!["José Straße"]),
        ("555-1234", vec!["José Straße"]),
        ("5-1", vec!["José Straße"]),
        ("+1", vec!["José Straße"]),
        ("555 1234", vec![]),
        ("e\u{308}", vec!["José Straße", "Ｗｉｄｅ", "Zoë"]),
        ("5559", vec!["Ｗｉｄｅ"]),
        ("EXT. 9", vec!["Zoë"]),
        (") ", vec!["Zoë"]),
        ("t", vec!["José Straße", "Zoë"]),
        ("129", vec!["Zoë"]),
        ("51234", vec!["José Straße"]),
        ("551234", vec!["José Straße"]),
        ("5551", vec!["5551", "José Straße"]),
        ("nobody", vec![]),
    ] {
        assert_eq!(names(&index, query), found, "{query}");
    }
    assert_eq!(names(&index, "\u{301}\u{308}").len(), 4);
}
