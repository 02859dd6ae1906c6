//! The measured lists.

use domain::{ListedClient, Status};
use list_engine::{
    ListParams,
    SortBy::{self, CreatedAt, Name, Phone},
    SortOrder::{self, Asc, Desc},
    oracle::{Oracle, plain},
};

/// A list with a name.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) params: ListParams,
}

/// The position of the page in the list.
enum Position {
    First,
    Middle,
    Last,
}

use Position::{First, Last, Middle};

/// All cases. Some search for names and phones of `clients`.
pub(crate) fn all(clients: &[ListedClient]) -> Vec<Case> {
    let oracle = Oracle::new(clients);
    let mut cases = vec![];
    let mut case = |name: &str,
                    sort_by: SortBy,
                    sort_order: SortOrder,
                    status: Option<Status>,
                    query: Option<&str>,
                    position: Position| {
        let mut params = ListParams { limit: 50, offset: 0, query: query.map(Into::into), sort_by, sort_order, status };
        let quoted = query.map(|query| format!(" “{query}”")).unwrap_or_default();
        if !matches!(position, First) {
            let total = oracle.rows(&params).total;
            params.offset = if matches!(position, Middle) { total / 2 } else { total.saturating_sub(50) };
        }
        cases.push(Case { name: format!("{name}{quoted}"), params });
    };
    let inactive = Some(Status::Inactive);
    let active = Some(Status::Active);

    case("by name, first page", Name, Asc, None, None, First);
    case("by name, middle", Name, Asc, None, None, Middle);
    case("by name, last", Name, Asc, None, None, Last);
    case("by createdAt desc, first page", CreatedAt, Desc, None, None, First);
    case("by createdAt desc, middle", CreatedAt, Desc, None, None, Middle);
    case("by createdAt desc, last", CreatedAt, Desc, None, None, Last);
    case("by phone, middle", Phone, Asc, None, None, Middle);
    case("by status, middle", SortBy::Status, Asc, None, None, Middle);
    case("inactive, by createdAt, first page", CreatedAt, Asc, inactive, None, First);
    case("inactive, by name, middle", Name, Asc, inactive, None, Middle);

    let typical = &clients[clients.len() / 3];
    let full_name = plain(typical.client.name.as_str());
    case("selective, full name", Name, Asc, None, Some(&full_name), First);
    let rare = plain(clients[clients.len() / 7].client.name.as_str());
    let rare = rare.split(' ').max_by_key(|word| word.len()).unwrap_or(&rare);
    case("selective, one word", CreatedAt, Desc, None, Some(rare), First);
    case("selective, active", Name, Asc, active, Some("Kowalczyk"), First);
    case("selective, three letters", Name, Asc, None, Some("vlz"), First);
    case("selective, no match", Name, Asc, None, Some("qqxzqqxz"), First);
    case("first and last name", Phone, Asc, None, Some("maria s"), First);
    case("two words, one of them a number", Name, Asc, None, Some("ander son 12"), First);
    case("two letters, each a word", Name, Asc, None, Some("a e"), First);
    case("broad", Name, Asc, None, Some("son"), First);
    case("broad, deep", CreatedAt, Desc, None, Some("mar"), Middle);
    case("broad, inactive, deep", Phone, Asc, inactive, Some("ander"), Middle);
    case("two letters, deep", Name, Desc, None, Some("an"), Middle);
    case("one letter", Name, Asc, None, Some("a"), First);
    case("one letter, deep", CreatedAt, Desc, None, Some("e"), Middle);
    case("one letter, by phone, inactive, deep", Phone, Asc, inactive, Some("o"), Middle);
    case("one letter, rare", Name, Asc, None, Some("李"), First);

    let phone = clients
        .iter()
        .skip(clients.len() / 2)
        .find_map(|listed| listed.client.phone.as_ref())
        .map(domain::Phone::as_str)
        .unwrap_or("555-1234");
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    case("phone, seven digits", CreatedAt, Desc, None, Some(&digits[digits.len() - 7..]), First);
    case("phone, four digits", Name, Asc, None, Some(&digits[digits.len() - 4..]), First);
    case("phone, as typed", Name, Asc, None, Some(&phone[..phone.len() - 2]), First);
    case("phone, its beginning", CreatedAt, Asc, None, Some("+4"), Middle);
    cases
}
