//! The plain way to answer a list: read everything, filter, sort, cut. What the index must equal.

use std::{cmp::Ordering, collections::HashMap};

use domain::{Change, Client, ClientId, ListedClient, Phone};

use crate::params::{ListParams, SortBy, SortOrder};
use crate::{
    Rows,
    fold::{digits, fold},
};

/// One page of these clients.
#[must_use]
pub fn rows(clients: &[ListedClient], params: &ListParams) -> Rows {
    let query = params.query.as_deref().map(fold);
    let matches = |feed: &&ListedClient| {
        params.status.is_none_or(|status| feed.client.status == status)
            && query.as_deref().is_none_or(|query| contains(&feed.client, query))
    };
    let mut keyed: Vec<_> =
        clients.iter().filter(matches).map(|feed| (fold(feed.client.name.as_str()), feed)).collect();
    keyed.sort_by(|(a_name, a), (b_name, b)| {
        let (a, b) = (&a.client, &b.client);
        let by_key = match params.sort_by {
            SortBy::Name => a_name.cmp(b_name),
            SortBy::Phone => match (&a.phone, &b.phone) {
                (Some(a), Some(b)) => a.as_str().cmp(b.as_str()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            },
            SortBy::Status => a.status.cmp(&b.status),
            SortBy::CreatedAt => a.created_at.cmp(&b.created_at),
        };
        by_key.then(a.id.cmp(&b.id))
    });
    if params.sort_order == SortOrder::Desc {
        keyed.reverse();
    }
    let page = keyed.iter().skip(params.offset).take(params.limit);
    Rows { total: keyed.len(), clients: page.map(|(_, feed)| (*feed).clone()).collect() }
}

fn contains(client: &Client, query: &str) -> bool {
    fold(client.name.as_str()).contains(query)
        || client.phone.as_ref().map(Phone::as_str).map(fold).is_some_and(|phone| {
            let digits = String::from_utf8(digits(phone.as_bytes())).expect("digits are ASCII");
            phone.contains(query) || digits.contains(query)
        })
}

/// What a change does, said plainly.
pub fn apply(clients: &mut HashMap<ClientId, ListedClient>, change: &Change) {
    match change {
        Change::Upsert(new) => match clients.get(&new.client.id) {
            Some(present) if present.client.version >= new.client.version => {}
            _ => {
                clients.insert(new.client.id, new.clone());
            }
        },
        Change::Remove { id, version } => {
            if clients.get(id).is_some_and(|present| present.client.version < *version) {
                clients.remove(id);
            }
        }
    }
}
