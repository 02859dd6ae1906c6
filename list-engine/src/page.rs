//! From the parameters of a list to its page: what matches, how many that is, and which of them stand
//! at the ranks that were asked for.

use std::ops::Range;

use domain::Status;

use crate::params::{ListParams, SortBy, SortOrder};
use crate::{
    Index, Rows,
    bits::Bits,
    orders::{Among, Key, Order},
    search::{Hits, search},
};

/// To open a client's record and sort it costs about as much as to pass so many clients in an order.
const STEPS_PER_RECORD: usize = 48;

/// The matches with one status, or with any.
enum Part<'a> {
    /// Every client, or every one with a status: the orders have counted them.
    Counted(Among<'a>, usize),
    List(Vec<u32>),
    Set(Bits, usize),
}

impl Index {
    /// Answers one list request.
    #[must_use]
    pub fn rows(&self, params: &ListParams) -> Rows {
        let hits = match &params.query {
            None => Hits::All,
            Some(query) => {
                let slots = self.slots as usize;
                let wanted = |slot| self.has_status(slot, params.status);
                search(query, &self.records, &self.postings, slots, wanted)
            }
        };
        let order = self.order(match params.sort_by {
            SortBy::Status => Key::Id,
            SortBy::Name => Key::Name,
            SortBy::Phone => Key::Phone,
            SortBy::CreatedAt => Key::CreatedAt,
        });
        // By status is by id, first among the active, then among the others.
        let statuses: &[_] = match (params.sort_by, &params.status) {
            (SortBy::Status, None) => &[Some(Status::Active), Some(Status::Inactive)],
            (_, status) => std::slice::from_ref(status),
        };
        let parts: Vec<_> = statuses.iter().map(|&status| self.part(&hits, status)).collect();
        let total = parts.iter().map(Part::len).sum();

        // Descending is ascending seen from the other end.
        let asked = params.offset.min(total)..params.offset.saturating_add(params.limit).min(total);
        let ranks = match params.sort_order {
            SortOrder::Asc => asked,
            SortOrder::Desc => total - asked.end..total - asked.start,
        };
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

    fn part(&self, hits: &Hits, status: Option<Status>) -> Part<'_> {
        match hits {
            Hits::All => {
                let among = status.map_or(Among::All, |status| Among::Status(status, &self.active));
                let len = self.order(Key::Id).count(&among);
                Part::Counted(among, len)
            }
            Hits::Few(list) => {
                let list = list.iter().copied();
                Part::List(list.filter(|&slot| self.has_status(slot, status)).collect())
            }
            Hits::Many(bits) => {
                let mut kept = bits.clone();
                if let Some(status) = status {
                    kept.keep(&self.active, status == Status::Active);
                }
                let len = kept.len();
                Part::Set(kept, len)
            }
        }
    }

    /// The slots at these ranks of a part.
    fn slots_at(&self, order: &Order, part: &Part, ranks: Range<usize>) -> Vec<u32> {
        if ranks.is_empty() {
            return vec![];
        }
        match part {
            Part::Counted(among, _) => order.ranks(among, ranks),
            Part::Set(bits, len) => order.ranks(&Among::Set(bits, *len), ranks),
            Part::List(list) => {
                let matches_passed = ranks.end.min(list.len() - ranks.start);
                let steps = matches_passed * self.len() / list.len();
                if steps < list.len() * STEPS_PER_RECORD {
                    let mut bits = Bits::with_room(self.slots as usize);
                    list.iter().for_each(|&slot| bits.set(slot, true));
                    order.ranks(&Among::Set(&bits, list.len()), ranks)
                } else {
                    order.key.select(&self.records, list.iter().copied(), ranks)
                }
            }
        }
    }
}

impl Part<'_> {
    fn len(&self) -> usize {
        match self {
            Part::Counted(_, len) | Part::Set(_, len) => *len,
            Part::List(list) => list.len(),
        }
    }
}
