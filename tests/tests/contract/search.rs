//! The examples of a search in the document's prose hold.

use domain::{Change, ListedClient, Name, NewClient, Phone};
use list_engine::{ListParams, Loader};

use crate::document::Document;

/// Whether the query finds a client with this text for a name or for a phone number.
fn finds(query: &str, text: &str) -> bool {
    let is_phone = text.chars().all(|c| c.is_ascii_digit() || "+- ".contains(c));
    let (name, phone) = if is_phone { ("A", Some(Phone::from_stored(text.to_owned()))) } else { (text, None) };
    let new = NewClient { phone, ..NewClient::named(Name::from_stored(name.to_owned())) };
    let client = new
        .created("fa1696f5-ce78-8ff9-bc92-9003e1d6803a".parse().unwrap(), "2026-01-31T09:30:00.000Z".parse().unwrap());
    let mut loader = Loader::default();
    loader.push(Change::Upsert(ListedClient { client, has_long_notes: false }));
    let params = ListParams { query: Some(query.to_owned()), ..ListParams::default() };
    loader.finish().rows(&params).total == 1
}

#[test]
fn the_examples_of_a_search_hold() {
    let document = Document::read();
    let prose = document.at("/info/description").as_str().unwrap();
    for (queries, text, found) in [
        (&["doe john", "Doe, John"][..], "John Doe", true),
        (&["555-1234", "(555) 1234", "5551234", "+15551234", "+1"], "+1 555-1234", true),
        (&["0049 151", "0049"], "+49 151 2345", true),
        (&["0049"], "555-0049", true),
        (&["+1", "0049 151"], "555-0049", false),
        (&["jose"], "José", true),
        (&["елкин"], "Ёлкин", true),
        (&["и"], "й", false),
        (&["राम"], "रीमा", false),
        (&["lukasz"], "Łukasz", true),
        (&["soren"], "Søren", true),
    ] {
        assert!(prose.contains(&format!("`{text}`")), "{text}");
        for query in queries {
            assert!(prose.contains(&format!("`{query}`")), "{query}");
            assert_eq!(finds(query, text), found, "{query} in {text}");
        }
    }
}
