//! A block: some bytes, compressed and with a checksum.

use twox_hash::XxHash3_64;
use uuid::Uuid;

use super::{Refused, reader::Reader};
use crate::sort_keys::SortKey;

/// The length before compression at which a block of records ends. Tiny in tests, so that there are many blocks.
pub(super) const LEN: usize = if cfg!(test) { 600 } else { 1024 * 1024 };
/// The longest block, before and after compression. A block of records has one client more than it should, and
/// an item of the table has at most 400 KB.
pub(super) const MOST: usize = 4 * 1024 * 1024;

/// The contents of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Records,
    Positions(SortKey),
}

impl Kind {
    /// All kinds, in the order of their blocks. The order by time of creation is that of the records.
    pub(super) const ALL: [Self; 4] =
        [Self::Records, Self::Positions(SortKey::Id), Self::Positions(SortKey::Name), Self::Positions(SortKey::Phone)];
}

/// A block as the header lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    /// The number of clients or positions.
    pub(super) entries: u32,
    /// The length before compression.
    pub(super) raw_len: u32,
    /// The length after compression.
    pub(super) len: u32,
    /// The checksum of the compressed bytes.
    checksum: u64,
}

impl Block {
    /// Compresses a block and appends it to `out`.
    pub(super) fn compress(
        id: Uuid,
        at: usize,
        (kind, entries): (Kind, u32),
        raw: &[u8],
        compressor: &mut zstd::bulk::Compressor<'_>,
        out: &mut Vec<u8>,
    ) -> Self {
        let compressed = compressor.compress(raw).expect("the room is enough for any bytes");
        if out.capacity() - out.len() < compressed.len() {
            // Doubling would hold memory for a second object of the same size.
            out.reserve_exact(compressed.len() + out.len() / 8);
        }
        out.extend_from_slice(&compressed);
        let checksum = checksum(id, at, &compressed);
        Self { kind, entries, raw_len: raw.len() as u32, len: compressed.len() as u32, checksum }
    }

    /// Checks the compressed bytes, and replaces the contents of `raw` by what they were.
    pub(super) fn decompress(
        &self,
        id: Uuid,
        at: usize,
        compressed: &[u8],
        decompressor: &mut zstd::bulk::Decompressor<'_>,
        raw: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        if checksum(id, at, compressed) != self.checksum {
            return Err(Refused::WrongChecksum);
        }
        raw.clear();
        raw.reserve_exact(self.raw_len as usize);
        let len = decompressor.decompress_to_buffer(compressed, raw);
        if len.is_ok_and(|len| len == self.raw_len as usize) {
            Ok(())
        } else {
            Err(Refused::Malformed("a block cannot be decompressed"))
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(Kind::ALL.iter().zip(0..).filter(|(kind, _)| **kind == self.kind).map(|(_, at)| at));
        for n in [self.entries, self.raw_len, self.len] {
            out.extend(n.to_le_bytes());
        }
        out.extend(self.checksum.to_le_bytes());
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Self, Refused> {
        let kind = Kind::ALL.get(usize::from(reader.u8()?)).ok_or(Refused::Malformed("a block has an unknown kind"))?;
        let block = Self {
            kind: *kind,
            entries: reader.u32()?,
            raw_len: reader.u32()?,
            len: reader.u32()?,
            checksum: reader.u64()?,
        };
        let lens = [block.raw_len, block.len];
        if block.entries == 0 || lens.iter().any(|&len| len as usize > MOST) {
            return Err(Refused::Malformed("a block is empty or too long"));
        }
        Ok(block)
    }
}

/// The checksum of the block at a place of an object. Another object has other checksums for the same bytes.
fn checksum(id: Uuid, at: usize, bytes: &[u8]) -> u64 {
    let (high, low) = id.as_u64_pair();
    XxHash3_64::oneshot_with_seed(high ^ low.wrapping_add(at as u64), bytes)
}
