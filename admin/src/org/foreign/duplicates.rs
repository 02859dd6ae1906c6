//! Clients with the name or the phone number of another one, in the file or in the organization. They are imported, and
//! reported.

use std::{collections::HashMap, hash::BuildHasher};

use domain::{Client, ClientId, Name, NewClient, Phone};

use super::headers::normalized;

/// A phone number with fewer digits is an extension, or not a number at all.
const LEAST_DIGITS: usize = 5;

/// The first client that had a name or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Line(u64),
    Client(ClientId),
}

/// The names and numbers so far, as hashes: some 80 MB for a million clients.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    hasher: std::hash::RandomState,
    names: HashMap<u64, First>,
    phones: HashMap<u64, First>,
}

impl Duplicates {
    /// Notes a client of the organization.
    pub(super) fn existing(&mut self, client: &Client) {
        let first = First::Client(client.id);
        self.note(first, &client.name, client.phone.as_ref());
    }

    /// Notes the client of a record, and says whose name and number it has, if they are another one's.
    pub(super) fn check(&mut self, line: u64, id: ClientId, client: &NewClient) -> Option<String> {
        let (name, phone) = self.note(First::Line(line), &client.name, client.phone.as_ref());
        // It was imported before.
        let other = |first: Option<First>| first.filter(|first| *first != First::Client(id));
        let (name, phone) = (other(name), other(phone));
        if name.is_none() && phone.is_none() {
            return None;
        }
        let of = |first| match first {
            First::Line(line) => format!("of line {line}"),
            First::Client(id) => format!("of the client {id}"),
        };
        Some(match (name, phone) {
            (Some(name), Some(phone)) if name == phone => {
                format!("line {line}: the name and the phone number {}", of(name))
            }
            (Some(name), Some(phone)) => {
                format!("line {line}: the name {} and the phone number {}", of(name), of(phone))
            }
            (Some(name), None) => format!("line {line}: the name {}", of(name)),
            (_, phone) => format!("line {line}: the phone number {}", phone.map(of).unwrap_or_default()),
        })
    }

    /// Notes a name and a number, and gives the clients that had them before.
    fn note(&mut self, first: First, name: &Name, phone: Option<&Phone>) -> (Option<First>, Option<First>) {
        let name = Some(normalized(name.as_str())).filter(|name| !name.is_empty());
        let name = name.map(|name| self.hasher.hash_one(name));
        let phone = phone.and_then(|phone| digits(phone.as_str())).map(|digits| self.hasher.hash_one(digits));
        (add(&mut self.names, name, first), add(&mut self.phones, phone, first))
    }
}

fn add(seen: &mut HashMap<u64, First>, hash: Option<u64>, first: First) -> Option<First> {
    match seen.entry(hash?) {
        std::collections::hash_map::Entry::Occupied(entry) => Some(*entry.get()),
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(first);
            None
        }
    }
}

/// The digits of a number, without the zeros and the plus sign before it.
fn digits(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).skip_while(|digit| *digit == '0').collect();
    (digits.len() >= LEAST_DIGITS).then_some(digits)
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    fn client(name: &str, phone: &str) -> NewClient {
        let phone = Some(phone.parse().unwrap()).filter(|_| !phone.is_empty());
        NewClient { phone, ..NewClient::named(name.parse().unwrap()) }
    }

    #[test]
    fn names_and_numbers_are_compared_as_people_compare_them() {
        let mut duplicates = Duplicates::default();
        let mut check = |line, name, phone| duplicates.check(line, ClientId::random(), &client(name, phone));
        assert_eq!(check(2, "José Lee", "+44 20 7946 0000"), None);
        assert_eq!(check(3, "JOSE  LEE", "").unwrap(), "line 3: the name of line 2");
        assert_eq!(check(4, "Ann", "0044-20-7946-0000").unwrap(), "line 4: the phone number of line 2");
        assert_eq!(check(5, "jose lee", "442079460000").unwrap(), "line 5: the name and the phone number of line 2");
        assert_eq!(
            check(6, "Ann", "442079460000").unwrap(),
            "line 6: the name of line 4 and the phone number of line 2"
        );
        assert_eq!(check(7, "Bob", "12"), None);
        assert_eq!(check(8, "Carl", "12"), None);
    }

    #[test]
    fn a_client_that_was_imported_before_is_not_its_own_duplicate() {
        let mut duplicates = Duplicates::default();
        let id = ClientId::random();
        duplicates.existing(&client("Ann", "").created(id, Timestamp::from_millis(0)));
        assert_eq!(duplicates.check(2, id, &client("Ann", "")), None);
        let other = duplicates.check(3, ClientId::random(), &client("Ann", "")).unwrap();
        assert_eq!(other, format!("line 3: the name of the client {id}"));
    }
}
