//! Interim index.
use crate::params::{ListParams, SortBy, SortOrder};
use caseless::Caseless;
use shared::{Change, ClientId, FeedClient};
use std::collections::HashMap;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Loads.
#[derive(Default)]
pub struct Loader(HashMap<ClientId, FeedClient>);
/// Index.
#[derive(Default)]
pub struct Index(HashMap<ClientId, FeedClient>);
/// Rows.
#[derive(Debug)]
pub struct Rows {
    /// rows
    pub clients: Vec<FeedClient>,
    /// total
    pub total: usize,
}

fn fold(s: &str) -> String {
    s.nfkd().filter(|c| !is_combining_mark(*c)).default_case_fold().collect()
}

impl Loader {
    /// p
    pub fn push(&mut self, change: Change) {
        let mut i = Index(std::mem::take(&mut self.0));
        i.apply(change);
        self.0 = i.0;
    }
    /// f
    #[must_use]
    pub fn finish(self) -> Index {
        Index(self.0)
    }
    /// b
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len() * 300
    }
}
impl Index {
    /// b
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len() * 300
    }
    /// a
    pub fn apply(&mut self, change: Change) -> bool {
        match change {
            Change::Upsert(c) => {
                if self.0.get(&c.client.id).is_some_and(|old| old.client.version >= c.client.version) {
                    return false;
                }
                self.0.insert(c.client.id, c);
                true
            }
            Change::Remove { id, version } => {
                if self.0.get(&id).is_some_and(|old| old.client.version < version) {
                    self.0.remove(&id);
                    true
                } else {
                    false
                }
            }
        }
    }
    /// r
    #[must_use]
    pub fn rows(&self, p: &ListParams) -> Rows {
        let q = p.query.as_deref().map(fold).unwrap_or_default();
        let mut all: Vec<&FeedClient> = self
            .0
            .values()
            .filter(|c| p.status.is_none_or(|s| s == c.client.status))
            .filter(|c| {
                if fold(c.client.name.as_str()).contains(&q) {
                    return true;
                }
                c.client.phone.as_ref().is_some_and(|phone| {
                    let f = fold(phone.as_str());
                    f.contains(&q) || f.chars().filter(char::is_ascii_digit).collect::<String>().contains(&q)
                })
            })
            .collect();
        all.sort_by(|a, b| {
            let (a, b) = (&a.client, &b.client);
            let o = match p.sort_by {
                SortBy::Name => fold(a.name.as_str()).cmp(&fold(b.name.as_str())),
                SortBy::Phone => (a.phone.is_none(), a.phone.as_ref().map(|p| p.as_str()))
                    .cmp(&(b.phone.is_none(), b.phone.as_ref().map(|p| p.as_str()))),
                SortBy::Status => a.status.cmp(&b.status),
                SortBy::CreatedAt => a.created_at.cmp(&b.created_at),
            }
            .then(a.id.cmp(&b.id));
            if p.sort_order == SortOrder::Desc { o.reverse() } else { o }
        });
        Rows { total: all.len(), clients: all.into_iter().skip(p.offset).take(p.limit).cloned().collect() }
    }
}
