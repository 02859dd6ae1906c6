//! Writes a checkpoint.

use std::iter::Peekable;

use uuid::Uuid;
use zstd::bulk::Compressor;

use super::{
    Header, Key, Lineage,
    block::{self, Block, Kind},
    columns::Columns,
    positions,
};
use crate::{Index, sort_keys::SortKey};

/// Level 1 takes two thirds of the time for objects that are 5 % longer; higher levels save nearly nothing.
const LEVEL: i32 = 3;

/// Writes a checkpoint of an index, one block in a step. Besides the object, it holds four bytes for each client.
pub struct Encoder<'a> {
    index: &'a Index,
    key: &'a Key,
    header: Header,
    kinds: std::slice::Iter<'static, Kind>,
    /// The kind of the next block, and the slots that are left of it.
    rest: Option<(Kind, Peekable<Slots<'a>>)>,
    /// The position of each slot's client among the records.
    positions: Vec<u32>,
    records: u32,
    columns: Columns,
    raw: Vec<u8>,
    compressor: Compressor<'static>,
    blocks: Vec<u8>,
}

type Slots<'a> = Box<dyn Iterator<Item = u32> + Send + 'a>;

impl<'a> Encoder<'a> {
    /// Starts to write a checkpoint with a new identifier.
    #[must_use]
    pub fn new(index: &'a Index, key: &'a Key, lineage: Lineage) -> Self {
        Self::with_id(index, key, lineage, Uuid::new_v4())
    }

    pub(super) fn with_id(index: &'a Index, key: &'a Key, lineage: Lineage, id: Uuid) -> Self {
        Self {
            index,
            key,
            header: Header { id, lineage, clients: index.len() as u32, blocks: vec![], first_block: 0 },
            kinds: Kind::ALL.iter(),
            rest: None,
            positions: vec![0; index.slots as usize],
            records: 0,
            columns: Columns::default(),
            raw: vec![],
            compressor: Compressor::new(LEVEL).expect("the level exists"),
            blocks: vec![],
        }
    }

    /// Writes the next block. The last step returns the object.
    #[must_use]
    pub fn step(&mut self) -> Option<Vec<u8>> {
        if let Some((kind, mut slots)) = self.rest.take() {
            self.block(kind, &mut slots);
            self.rest = slots.peek().is_some().then_some((kind, slots));
            return None;
        }
        let Some(&kind) = self.kinds.next() else {
            let (mut object, header) = (std::mem::take(&mut self.blocks), self.header.write(self.key));
            object.reserve_exact(header.len());
            object.splice(0..0, header);
            return Some(object);
        };
        let order = match kind {
            Kind::Records => SortKey::CreatedAt,
            Kind::Positions(sort_key) => sort_key,
        };
        let slots: Slots = Box::new(self.index.order(order).slots());
        self.rest = (!self.index.is_empty()).then(|| (kind, slots.peekable()));
        None
    }

    /// Writes the whole object.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        std::iter::repeat_with(|| self.step()).flatten().next().expect("the last step returns the object")
    }

    fn block(&mut self, kind: Kind, slots: &mut Peekable<Slots>) {
        let entries = match kind {
            Kind::Records => {
                while let Some(slot) = slots.next_if(|_| self.columns.len() < block::LEN) {
                    self.columns.push(&self.index.records.get(slot));
                    self.positions[slot as usize] = self.records;
                    self.records += 1;
                }
                self.columns.write_to(&mut self.raw)
            }
            Kind::Positions(_) => {
                let positions: Vec<u32> =
                    slots.take(positions::MOST).map(|slot| self.positions[slot as usize]).collect();
                positions::write(&positions, &mut self.raw);
                positions.len() as u32
            }
        };
        let (id, at) = (self.header.id, self.header.blocks.len());
        let block = Block::compress(id, at, (kind, entries), &self.raw, &mut self.compressor, &mut self.blocks);
        self.header.blocks.push(block);
    }
}
