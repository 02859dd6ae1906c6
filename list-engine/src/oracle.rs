//! The plain way to answer a list: take all clients, filter, sort, cut. The tests compare the index with it.
//!
//! It shares no code with the index. It defines the comparison of texts a second time, independently: it
//! splits a text into letters with their marks, and looks each of these up in its own tables.

use std::{cmp::Ordering, collections::HashMap};

use any_ascii::any_ascii_char;
use domain::{Change, Client, ClientId, ListedClient, Phone};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};
use unicode_normalization::{UnicodeNormalization, char::compose};

use crate::{
    Rows,
    params::{ListParams, SortBy, SortOrder},
};

/// One page of these clients.
#[must_use]
pub fn rows(clients: &[ListedClient], params: &ListParams) -> Rows {
    Oracle::new(clients).rows(params)
}

/// Clients with the texts that lists compare.
pub struct Oracle<'a> {
    clients: Vec<Compared<'a>>,
}

struct Compared<'a> {
    feed: &'a ListedClient,
    name: String,
    /// Empty without a phone number.
    phone: String,
    /// The phone number without separators, in each of its readings.
    numbers: Vec<String>,
}

impl<'a> Oracle<'a> {
    /// Prepares for lists of these clients.
    #[must_use]
    pub fn new(clients: &'a [ListedClient]) -> Self {
        let compared = |feed: &'a ListedClient| {
            let phone = feed.client.phone.as_ref().map(Phone::as_str).map(plain).unwrap_or_default();
            let numbers = readings(&without_separators(&phone));
            Compared { feed, name: plain(feed.client.name.as_str()), phone, numbers }
        };
        Self { clients: clients.iter().map(compared).collect() }
    }

    /// One page of the clients.
    #[must_use]
    pub fn rows(&self, params: &ListParams) -> Rows {
        let mut found: Vec<_> = self.clients.iter().collect();
        found.retain(|compared| params.status.is_none_or(|status| compared.feed.client.status == status));
        if let Some(query) = &params.query {
            let query = Query::new(query);
            found.retain(|compared| query.matches(compared));
        }
        found.sort_by(|a, b| {
            let by_key = a.compare(b, params.sort_by);
            by_key.then(a.feed.client.id.cmp(&b.feed.client.id))
        });
        if params.sort_order == SortOrder::Desc {
            found.reverse();
        }
        let page = found.iter().skip(params.offset).take(params.limit);
        Rows { total: found.len(), clients: page.map(|compared| compared.feed.clone()).collect() }
    }
}

impl Compared<'_> {
    fn compare(&self, other: &Self, sort_by: SortBy) -> Ordering {
        let (a, b): (&Client, &Client) = (&self.feed.client, &other.feed.client);
        match sort_by {
            SortBy::Name => self.name.cmp(&other.name),
            SortBy::Phone => match (&a.phone, &b.phone) {
                (Some(a), Some(b)) => a.as_str().cmp(b.as_str()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            },
            SortBy::Status => a.status.cmp(&b.status),
            SortBy::CreatedAt => a.created_at.cmp(&b.created_at),
        }
    }

    fn has_word(&self, word: &str) -> bool {
        let number = without_separators(word);
        self.name.contains(word) || if number.is_empty() { self.phone.contains(word) } else { self.has_number(&number) }
    }

    fn has_number(&self, number: &str) -> bool {
        readings(number).iter().any(|wanted| self.numbers.iter().any(|number| number.contains(wanted)))
    }
}

/// A search text, taken apart.
pub struct Query {
    /// Whether it has no characters but word separators. It then matches every client.
    pub is_blank: bool,
    /// Its words, as plain text.
    pub words: Vec<String>,
    /// The whole text without separators, if it is a phone number.
    pub number: Option<String>,
}

impl Query {
    /// Takes a search text apart.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let with_spaces =
            |text: &str| text.nfkc().map(|c| if COMMAS.contains(c) { ' ' } else { c }).collect::<String>();
        let words = with_spaces(&plain(text)).split_whitespace().map(str::to_owned).collect();
        let number = without_separators(&plain(text));
        let is_digit_or_plus = |(at, c): (usize, char)| c.is_ascii_digit() || at == 0 && c == '+';
        let is_number = !["", "+"].contains(&number.as_str()) && number.char_indices().all(is_digit_or_plus);
        let is_blank = with_spaces(text).split_whitespace().next().is_none();
        Self { is_blank, words, number: is_number.then_some(number) }
    }

    fn matches(&self, client: &Compared) -> bool {
        let has_words = !self.words.is_empty() && self.words.iter().all(|word| client.has_word(word));
        self.is_blank || has_words || self.number.as_ref().is_some_and(|number| client.has_number(number))
    }
}

/// The text that is compared for a name.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_shown = |c: &char| !CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(*c);
    let text: String = text.chars().filter(is_shown).nfd().map(punctuation).nfkd().map(punctuation).collect();
    let text = text.replace('\u{640}', "");
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut marks = vec![];
        while let Some(mark) = letters.next_if(|&c| is_mark(c)) {
            marks.push(mark);
        }
        let alphabet = Alphabet::of(letter);
        if alphabet != Alphabet::Mark {
            push_in_lower_case(letter, &mut plain);
        }
        let kept = marks.into_iter().filter(|&mark| match alphabet {
            Alphabet::Mark | Alphabet::Space | Alphabet::Latin | Alphabet::Greek => false,
            Alphabet::Cyrillic => compose(letter, mark).is_some_and(|c| "йЙїЇўЎ".contains(c)),
            Alphabet::Other => !is_point(mark),
        });
        kept.for_each(|mark| push_in_lower_case(mark, &mut plain));
    }
    plain.nfc().collect()
}

/// The text that is compared for a phone number, given its plain text.
#[must_use]
pub fn without_separators(plain: &str) -> String {
    use GeneralCategory::{
        ClosePunctuation, DashPunctuation, DecimalNumber, FinalPunctuation, InitialPunctuation, OpenPunctuation,
        SpaceSeparator,
    };
    let mut number = String::new();
    for c in plain.chars().filter(|&c| !c.is_whitespace() && !"./\\<>~·•‧∙⋅・。۔⸱٫⁄∕⧸ー─━～".contains(c))
    {
        match category(c) {
            SpaceSeparator | DashPunctuation | OpenPunctuation | ClosePunctuation | InitialPunctuation
            | FinalPunctuation => {}
            DecimalNumber => number.push_str(any_ascii_char(c)),
            _ => number.push(c),
        }
    }
    number
}

/// The readings of a number without separators: as it is and, if it starts with 00, with a plus instead.
#[must_use]
pub fn readings(number: &str) -> Vec<String> {
    let mut readings = vec![number.to_owned()];
    if number.starts_with("00") {
        readings.push(number.replacen("00", "+", 1));
    }
    readings
}

fn push_in_lower_case(letter: char, text: &mut String) {
    for c in letter.to_uppercase().flat_map(char::to_lowercase) {
        match WITHOUT_MARKS.iter().find(|(letters, _)| letters.contains(c)) {
            Some((_, typed)) => text.push_str(typed),
            None => text.push(c),
        }
    }
}

/// The Latin letters of living languages that are not made of others and marks.
const WITHOUT_MARKS: &[(&str, &str)] = &[
    ("ß", "ss"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("ø", "o"),
    ("ł", "l"),
    ("đðɖɗ", "d"),
    ("þ", "th"),
    ("ı", "i"),
    ("ħ", "h"),
    ("ŋ", "ng"),
    ("ŧ", "t"),
    ("əɛǝ", "e"),
    ("ɔ", "o"),
    ("ɓ", "b"),
    ("ƙ", "k"),
    ("ƒ", "f"),
    ("ɣ", "g"),
    ("ȷ", "j"),
    ("ĸ", "q"),
];

const COMMAS: &str = ",\u{60c}\u{3001}";

fn punctuation(c: char) -> char {
    const APOSTROPHES: &str =
        "'`´ʹʻʼʽʾʿˈˊˋ\u{55a}\u{5f3}\u{7f4}\u{7f5}‘’‛′‵Ꞌꞌ＇｀\u{374}\u{384}\u{1fbd}\u{1fbf}\u{1fef}\u{1ffd}\u{1ffe}";
    let is_dash = category(c) == GeneralCategory::DashPunctuation || "\u{2053}\u{207b}\u{208b}\u{2212}˗⁃➖".contains(c);
    match c {
        c if APOSTROPHES.contains(c) => '\'',
        '\u{2800}' => ' ',
        _ if is_dash => '-',
        _ => c,
    }
}

/// The alphabets whose marks are dropped, by their blocks.
#[derive(Clone, Copy, PartialEq)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
    /// A mark without a letter.
    Mark,
    /// White space or a comma.
    Space,
    Other,
}

impl Alphabet {
    fn of(decomposed: char) -> Self {
        match decomposed {
            c if is_mark(c) => Self::Mark,
            c if c.is_whitespace() || COMMAS.contains(c) => Self::Space,
            c if !c.is_alphabetic() => Self::Other,
            'A'..='\u{2af}'
            | '\u{1d00}'..='\u{1eff}'
            | '\u{2c60}'..='\u{2c7f}'
            | '\u{a722}'..='\u{a7ff}'
            | '\u{ab30}'..='\u{ab64}' => Self::Latin,
            '\u{3e2}'..='\u{3ef}' => Self::Other,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => Self::Cyrillic,
            _ => Self::Other,
        }
    }
}

fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    matches!(category(c), EnclosingMark | NonspacingMark | SpacingMark)
}

/// Whether the mark is a Hebrew point or an Arabic vowel sign: any but a hamza or a madda.
fn is_point(mark: char) -> bool {
    match mark {
        '\u{653}'..='\u{655}' | '\u{65f}' => false,
        '\u{590}'..='\u{6ff}' | '\u{870}'..='\u{8ff}' | '\u{fb1e}' => true,
        _ => false,
    }
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Applies a change to a map of clients.
pub fn apply(clients: &mut HashMap<ClientId, ListedClient>, change: &Change) {
    match change {
        Change::Upsert(new) => match clients.get(&new.client.id) {
            Some(present) if present.client.version >= new.client.version => {}
            _ => {
                clients.insert(new.client.id, new.clone());
            }
        },
        Change::Remove { id, version, .. } => {
            if clients.get(id).is_some_and(|present| present.client.version < *version) {
                clients.remove(id);
            }
        }
    }
}
