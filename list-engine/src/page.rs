//! Answers a list request: finds the matches, counts them, and takes those at the requested ranks.

use std::ops::Range;

use domain::Status;

use crate::{
    Index, Rows,
    bits::Bits,
    hits::Hits,
    index::Built,
    orders::{Order, Subset},
    params::{ListParams, SortBy, SortOrder},
    query::Query,
    search::{Searcher, scan},
    sort_keys::SortKey,
};

/// To open and sort one client's record costs about as much as to pass this many clients in an order.
const STEPS_PER_RECORD: usize = 48;

/// The matches that are listed one after the other: those with one status, or all.
enum Part<'a> {
    /// All clients, or all with a status: the orders count these.
    Counted(Subset<'a>, usize),
    List(Vec<u32>),
    Bits(Bits, usize),
}

impl Index {
    /// Answers a list request.
    #[must_use]
    pub fn rows(&self, params: &ListParams) -> Rows {
        let query = params.query.as_deref().and_then(Query::parse);
        let hits = query.map(|query| {
            let wanted = |slot| self.has_status(slot, params.status);
            match &self.postings {
                Built::Postings(postings) => {
                    Searcher { records: &self.records, postings, slots: self.slots as usize }.search(&query, wanted)
                }
                Built::Partly(_) => scan(&self.records, &query, wanted),
            }
        });
        // A list by status has a part for each status.
        let statuses: &[_] = match (params.sort_by, &params.status) {
            (SortBy::Status, None) => &[Some(Status::Active), Some(Status::Inactive)],
            (_, status) => std::slice::from_ref(status),
        };
        let parts: Vec<_> = statuses.iter().map(|&status| self.part(hits.as_ref(), status)).collect();
        let total = parts.iter().map(Part::len).sum();

        // Descending is ascending from the other end.
        let page = params.offset.min(total)..params.offset.saturating_add(params.limit).min(total);
        let ranks = match params.sort_order {
            SortOrder::Asc => page,
            SortOrder::Desc => total - page.end..total - page.start,
        };
        let order = self.order(SortKey::of(params.sort_by));
        let mut clients = Vec::with_capacity(ranks.len());
        let mut before = 0;
        for part in &parts {
            let within = |rank: usize| rank.clamp(before, before + part.len()) - before;
            let slots = self.slots_at(order, part, within(ranks.start)..within(ranks.end));
            clients.extend(slots.into_iter().map(|slot| self.records.get(slot).to_client()));
            before += part.len();
        }
        if params.sort_order == SortOrder::Desc {
            clients.reverse();
        }
        Rows { clients, total }
    }

    fn has_status(&self, slot: u32, status: Option<Status>) -> bool {
        status.is_none_or(|status| self.active.has(slot) == (status == Status::Active))
    }

    /// The hits with a status, or all hits. `None` means that every client is a hit.
    fn part(&self, hits: Option<&Hits>, status: Option<Status>) -> Part<'_> {
        match hits {
            None => {
                let subset = status.map_or(Subset::All, |status| Subset::Status(status, &self.active));
                let len = self.order(SortKey::Id).count(&subset);
                Part::Counted(subset, len)
            }
            Some(Hits::List(list)) => {
                let list = list.iter().copied();
                Part::List(list.filter(|&slot| self.has_status(slot, status)).collect())
            }
            Some(Hits::Bits(bits)) => {
                let mut bits = bits.clone();
                if let Some(status) = status {
                    bits.keep(&self.active, status == Status::Active);
                }
                let len = bits.len();
                Part::Bits(bits, len)
            }
        }
    }

    /// The slots at a range of ranks in a part.
    fn slots_at(&self, order: &Order, part: &Part, ranks: Range<usize>) -> Vec<u32> {
        if ranks.is_empty() {
            return vec![];
        }
        match part {
            Part::Counted(subset, _) => order.ranks(subset, ranks),
            Part::Bits(bits, len) => order.ranks(&Subset::Set(bits, *len), ranks),
            Part::List(list) => {
                let matches_passed = ranks.end.min(list.len() - ranks.start);
                let steps = matches_passed * self.len() / list.len();
                if steps < list.len() * STEPS_PER_RECORD {
                    let mut bits = Bits::with_room(self.slots as usize);
                    list.iter().for_each(|&slot| bits.set(slot, true));
                    order.ranks(&Subset::Set(&bits, list.len()), ranks)
                } else {
                    order.sort_key.select(&self.records, list.iter().copied(), ranks)
                }
            }
        }
    }
}

impl Part<'_> {
    fn len(&self) -> usize {
        match self {
            Part::Counted(_, len) | Part::Bits(_, len) => *len,
            Part::List(list) => list.len(),
        }
    }
}
