//! The lists that are measured.

use list_clients::{
    index::{fold::fold, oracle},
    params::{
        ListParams,
        SortBy::{self, CreatedAt, Name, Phone},
        SortOrder::{self, Asc, Desc},
    },
};
use shared::{FeedClient, Status};

/// One list, with what to call it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) params: ListParams,
}

/// Where in a list its page is.
enum At {
    First,
    Middle,
    Last,
}

/// All cases for these clients.
pub(crate) fn all(clients: &[FeedClient]) -> Vec<Case> {
    let mut cases = vec![];
    let mut case =
        |name: &str, sort_by: SortBy, sort_order: SortOrder, status: Option<Status>, query: Option<&str>, at: At| {
            let mut params =
                ListParams { limit: 50, offset: 0, query: query.map(Into::into), sort_by, sort_order, status };
            let quoted = query.map(|query| format!(" “{query}”")).unwrap_or_default();
            if !matches!(at, At::First) {
                let total = oracle::rows(clients, &params).total;
                params.offset = if matches!(at, At::Middle) { total / 2 } else { total.saturating_sub(50) };
            }
            cases.push(Case { name: format!("{name}{quoted}"), params });
        };
    let inactive = Some(Status::Inactive);
    let active = Some(Status::Active);

    case("by name, first page", Name, Asc, None, None, At::First);
    case("by name, middle", Name, Asc, None, None, At::Middle);
    case("by name, last", Name, Asc, None, None, At::Last);
    case("by createdAt desc, first page", CreatedAt, Desc, None, None, At::First);
    case("by createdAt desc, middle", CreatedAt, Desc, None, None, At::Middle);
    case("by createdAt desc, last", CreatedAt, Desc, None, None, At::Last);
    case("by phone, middle", Phone, Asc, None, None, At::Middle);
    case("by status, middle", SortBy::Status, Asc, None, None, At::Middle);
    case("inactive, by createdAt, first page", CreatedAt, Asc, inactive, None, At::First);
    case("inactive, by name, middle", Name, Asc, inactive, None, At::Middle);

    let typical = &clients[clients.len() / 3];
    let full_name = fold(typical.client.name.as_str());
    case("selective, full name", Name, Asc, None, Some(&full_name), At::First);
    let rare = fold(clients[clients.len() / 7].client.name.as_str());
    let rare = rare.split(' ').max_by_key(|word| word.len()).unwrap_or(&rare);
    case("selective, one word", CreatedAt, Desc, None, Some(rare), At::First);
    case("selective, active", Name, Asc, active, Some("Kowalczyk"), At::First);
    case("selective, three letters", Name, Asc, None, Some("vlz"), At::First);
    case("selective, no match", Name, Asc, None, Some("qqxzqqxz"), At::First);
    case("first and last name", Phone, Asc, None, Some("maria s"), At::First);
    case("broad", Name, Asc, None, Some("son"), At::First);
    case("broad, deep", CreatedAt, Desc, None, Some("mar"), At::Middle);
    case("broad, inactive, deep", Phone, Asc, inactive, Some("ander"), At::Middle);
    case("two letters, deep", Name, Desc, None, Some("an"), At::Middle);
    case("one letter", Name, Asc, None, Some("a"), At::First);
    case("one letter, deep", CreatedAt, Desc, None, Some("e"), At::Middle);
    case("one letter, by phone, inactive, deep", Phone, Asc, inactive, Some("o"), At::Middle);
    case("one letter, rare", Name, Asc, None, Some("李"), At::First);

    let phone = clients
        .iter()
        .skip(clients.len() / 2)
        .find_map(|feed| feed.client.phone.as_ref())
        .map(shared::Phone::as_str)
        .unwrap_or("555-1234");
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    case("phone, seven digits", CreatedAt, Desc, None, Some(&digits[digits.len() - 7..]), At::First);
    case("phone, four digits", Name, Asc, None, Some(&digits[digits.len() - 4..]), At::First);
    case("phone, as typed", Name, Asc, None, Some(&phone[..phone.len() - 2]), At::First);
    case("phone, its beginning", CreatedAt, Asc, None, Some("+4"), At::Middle);
    cases
}
