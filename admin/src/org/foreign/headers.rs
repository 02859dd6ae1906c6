//! The headers that people's files have, and the parts of a client that they name: in English and the larger European
//! languages, and as Google, Outlook, HubSpot, Salesforce and Apple write them. Headers are compared by their letters
//! and digits alone, without case and accents. `words.rs` has the table.

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::words::WORDS;

/// A kind of phone number, in the order in which one is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum PhoneKind {
    Mobile,
    Main,
    Work,
    Home,
    Other,
}

/// The part of a client that a column or a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Part {
    /// The identifier of the record in its source.
    Id,
    /// The full name.
    Name,
    /// The full name, or the given name if another column has the family name, or the other way round: `Name` beside
    /// `Vorname`, `Nombre` beside `Apellidos`.
    BareName,
    Given,
    Middle,
    Family,
    /// The family name, in a language that puts it first.
    FamilyFirst,
    Suffix,
    Company,
    Phone(PhoneKind),
    /// The kind of the phone number that has the same number (Google).
    PhoneLabel(u8),
    /// A phone number whose kind is in another column.
    PhoneValue(u8),
    /// A number that is not the client's own telephone.
    NoPhone,
    Status,
    Notes,
}

/// The part that a header names.
pub(super) fn part(header: &str) -> Option<Part> {
    let name = normalized(header);
    if let Some(part) = HEADERS.get(&name) {
        return Some(*part);
    }
    if let Some((number, rest)) = name.strip_prefix("phone").and_then(number) {
        match rest {
            "value" => return Some(Part::PhoneValue(number)),
            "label" | "type" => return Some(Part::PhoneLabel(number)),
            _ => {}
        }
    }
    // `Home Phone 2`
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    HEADERS.get(base).copied().filter(|part| matches!(part, Part::Phone(_) | Part::NoPhone | Part::Notes))
}

/// The kind of a phone number that a label names; `None` if it is not the client's telephone.
pub(super) fn phone_kind(label: &str) -> Option<PhoneKind> {
    let label = normalized(label);
    if label.is_empty() {
        return Some(PhoneKind::Main);
    }
    let names = |(_, words): &&(Option<PhoneKind>, Vec<String>)| words.iter().any(|word| label.contains(word));
    WORDS.phone_labels.iter().find(names).map_or(Some(PhoneKind::Other), |(kind, _)| *kind)
}

/// The letters and digits of a header, without case and accents.
pub(super) fn normalized(header: &str) -> String {
    let letters = header.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    letters.filter(|c| c.is_alphanumeric()).collect::<String>().replace('ß', "ss").replace('ł', "l").replace('ø', "o")
}

fn number(text: &str) -> Option<(u8, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    Some((number.parse().ok()?, rest))
}

static HEADERS: LazyLock<HashMap<String, Part>> = LazyLock::new(|| {
    let of_part = |(part, headers): &(Part, Vec<String>)| -> Vec<_> {
        headers.iter().map(|header| (normalized(header), *part)).collect()
    };
    WORDS.headers.iter().flat_map(of_part).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_compared_by_letters_and_digits() {
        for header in
            ["Phone Number", "phone_number", "PHONE-NUMBER", "phoneNumber", " Phone  number:", "＊Phone Number"]
        {
            assert_eq!(part(header), Some(Part::Phone(PhoneKind::Main)), "{header}");
        }
        assert_eq!(part("Prenom"), part("Prénom"));
        assert_eq!(part("Prénom".nfd().collect::<String>().as_str()), Some(Part::Given));
        assert_eq!(part("Imię i nazwisko"), Some(Part::Name));
        assert_eq!(part("Telefon geschaftlich"), Some(Part::Phone(PhoneKind::Work)));
    }

    #[test]
    fn numbered_phones_are_phones() {
        assert_eq!(part("Home Phone 2"), Some(Part::Phone(PhoneKind::Home)));
        assert_eq!(part("Phone 1 - Value"), Some(Part::PhoneValue(1)));
        assert_eq!(part("Phone 12 - Label"), Some(Part::PhoneLabel(12)));
        assert_eq!(part("Phone 1 - Type"), Some(Part::PhoneLabel(1)));
        assert_eq!(part("Name 2"), None);
    }

    #[test]
    fn other_columns_are_nobodys() {
        for header in [
            "",
            "Email",
            "Title",
            "Job Title",
            "Address",
            "State",
            "Estado",
            "Lead Status",
            "Email Status",
            "Order status",
            "Marital Status",
            "Company Phone Number of Parent",
            "First Name Phonetic",
            "Postcode",
            "Salutation",
            "Anrede",
        ] {
            assert_eq!(part(header), None, "{header}");
        }
        assert_eq!(part("Assistant's Phone"), Some(Part::NoPhone));
        assert_eq!(part("Business Fax"), Some(Part::NoPhone));
    }

    #[test]
    fn no_header_names_two_parts() {
        let mut seen: HashMap<String, Part> = HashMap::new();
        for (part, headers) in &WORDS.headers {
            for header in headers {
                let other = seen.insert(normalized(header), *part);
                assert!(other.is_none_or(|other| other == *part), "{header} is {part:?} and {other:?}");
            }
        }
    }

    #[test]
    fn labels_have_kinds() {
        for (label, kind) in [
            ("* Mobile", Some(PhoneKind::Mobile)),
            ("Work Fax", None),
            ("CELL", Some(PhoneKind::Mobile)),
            ("Main", Some(PhoneKind::Main)),
            ("Work", Some(PhoneKind::Work)),
            ("Home", Some(PhoneKind::Home)),
            ("Pager", None),
            ("Assistant", None),
            ("", Some(PhoneKind::Main)),
            ("Holiday house", Some(PhoneKind::Other)),
        ] {
            assert_eq!(phone_kind(label), kind, "{label}");
        }
    }
}
