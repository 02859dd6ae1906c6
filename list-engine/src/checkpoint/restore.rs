//! Restores an index from a checkpoint, block by block.

use domain::Status;
use zstd::bulk::Decompressor;

use super::{
    Header, Refused,
    block::{Block, Kind},
    columns::ColumnsReader,
    positions,
};
use crate::{Index, bits::Bits, index::Built, rebuild::Rebuild, records::Packer, sort_keys::SortKey};

/// An index that is being restored. Besides the index, it holds one block.
pub struct Restore {
    header: Header,
    /// The number of blocks that are restored.
    restored: usize,
    /// The part of the next block that was pushed.
    part: Vec<u8>,
    raw: Vec<u8>,
    decompressor: Decompressor<'static>,
    packer: Packer,
    /// The time of creation and the identifier of the last record.
    last: Option<(i64, [u8; 16])>,
    /// The slots that have a place in the order that is being restored.
    placed: Bits,
    index: Index,
}

impl Restore {
    /// Starts with no blocks.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self {
            header,
            restored: 0,
            part: vec![],
            raw: vec![],
            decompressor: Decompressor::new().expect("there is memory"),
            packer: Packer::default(),
            last: None,
            placed: Bits::default(),
            index: Index { postings: Built::Partly(Rebuild::default()), ..Index::default() },
        }
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Takes the bytes that follow in the object, but none after the end of a block: it restores one block at
    /// most, so that the caller can stop between blocks. Returns the number of bytes that it took, which is not 0
    /// if there are any.
    ///
    /// # Errors
    /// Fails if the block is not the one that was written. The index cannot be restored then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, Refused> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let block = self.header.blocks.get(self.restored).ok_or(Refused::TooLong)?.clone();
        let missing = block.len as usize - self.part.len();
        let taken = &bytes[..missing.min(bytes.len())];
        if taken.len() < missing {
            self.part.extend_from_slice(taken);
        } else if self.part.is_empty() {
            self.restore(&block, taken)?;
        } else {
            let mut part = std::mem::take(&mut self.part);
            part.extend_from_slice(taken);
            self.restore(&block, &part)?;
        }
        Ok(taken.len())
    }

    /// The heap memory in use, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.index.bytes() + self.packer.bytes() + self.placed.bytes() + self.part.capacity() + self.raw.capacity()
    }

    /// The index, without postings.
    ///
    /// # Errors
    /// Fails if bytes are missing.
    pub fn finish(self) -> Result<Index, Refused> {
        if self.restored < self.header.blocks.len() {
            return Err(Refused::Truncated);
        }
        Ok(self.index)
    }

    fn restore(&mut self, block: &Block, compressed: &[u8]) -> Result<(), Refused> {
        let mut raw = std::mem::take(&mut self.raw);
        block.decompress(self.header.id, self.restored, compressed, &mut self.decompressor, &mut raw)?;
        match block.kind {
            Kind::Records => self.records(&raw, block.entries)?,
            Kind::Positions(sort_key) => self.positions(sort_key, &raw, block.entries)?,
        }
        self.raw = raw;
        self.restored += 1;
        Ok(())
    }

    fn records(&mut self, raw: &[u8], entries: u32) -> Result<(), Refused> {
        let mut columns = ColumnsReader::new(raw)?;
        for _ in 0..entries {
            let record = columns.next()?;
            let place = (record.created_at, *record.id);
            if self.last.is_some_and(|last| last >= place) {
                return Err(Refused::Malformed("the records are not in order"));
            }
            self.last = Some(place);
            self.index.active.set(self.index.slots, record.status == Status::Active);
            self.index.slots += 1;
            self.packer.push(&record);
        }
        columns.finish()?;
        if self.index.slots == self.header.clients {
            let index = &mut self.index;
            index.records = std::mem::take(&mut self.packer).finish();
            let slots: Vec<u32> = (0..index.slots).collect();
            index.orders[SortKey::CreatedAt as usize].append(&index.records, &index.active, &slots);
        }
        Ok(())
    }

    fn positions(&mut self, sort_key: SortKey, raw: &[u8], entries: u32) -> Result<(), Refused> {
        let positions = positions::read(raw, entries as usize)?;
        let Index { records, active, orders, slots, .. } = &mut self.index;
        let order = &mut orders[sort_key as usize];
        if order.is_empty() {
            self.placed = Bits::with_room(*slots as usize);
        }
        for &position in &positions {
            if position >= *slots || self.placed.has(position) {
                return Err(Refused::Malformed("a position is out of range or repeated"));
            }
            self.placed.set(position, true);
        }
        order.append(records, active, &positions);
        if order.is_plausible() { Ok(()) } else { Err(Refused::Malformed("an order is not sorted")) }
    }
}
