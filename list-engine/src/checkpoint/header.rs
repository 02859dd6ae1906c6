//! The start of a checkpoint: what it is a checkpoint of, and where its blocks are.

use std::time::Duration;

use domain::{ClientId, Timestamp, hex};
use twox_hash::XxHash3_64;
use uuid::Uuid;

use super::{
    FORMAT, Refused,
    block::{Block, Kind},
    reader::Reader,
};

const MAGIC: &[u8; 8] = b"CLIENTS\0";
/// The magic bytes, the format's version and the header's length.
const START: usize = MAGIC.len() + 2 * size_of::<u32>();
const CHECKSUM: usize = size_of::<u64>();
/// The longest header. It lists the blocks of over a hundred million clients.
const MOST: usize = 1024 * 1024;

/// The data that a checkpoint is of. A checkpoint of other data is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The table's identifier, which no other table has, not even one of the same name. At most 255 bytes.
    pub table: String,
    /// The SHA-256 of the organization.
    pub organization: [u8; 32],
}

impl Key {
    /// The key of the object. Each version of the format has objects of its own.
    #[must_use]
    pub fn object_key(&self) -> String {
        self.object_key_of(FORMAT)
    }

    /// The key of the lease on the right to load the organization and to write its checkpoint.
    #[must_use]
    pub fn load_lease_key(&self) -> String {
        load_lease_key(&self.object_key())
    }

    /// The key of the lease on the right to compare the checkpoint's lineage with the table.
    #[must_use]
    pub fn healing_lease_key(&self) -> String {
        healing_lease_key(&self.object_key())
    }

    /// The keys of all objects of the organization, of this version of the format and of those before.
    #[must_use]
    pub fn all_keys(&self) -> Vec<String> {
        let of = |key: String| [load_lease_key(&key), healing_lease_key(&key), key];
        (1..=FORMAT).flat_map(|format| of(self.object_key_of(format))).collect()
    }

    fn object_key_of(&self, format: u32) -> String {
        format!("{format}/{}/{}", self.table, hex(&self.organization))
    }
}

fn load_lease_key(object_key: &str) -> String {
    format!("{object_key}.load")
}

fn healing_lease_key(object_key: &str) -> String {
    format!("{object_key}.heal")
}

/// The state of the change feed that a checkpoint represents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The organization's epoch.
    pub epoch: u64,
    /// The writer's clock before its last read of the feed.
    pub watermark: Timestamp,
    /// The time before the watermark from which the writer read the feed again.
    pub overlap: Duration,
    /// The start of the last read of the whole feed, by this writer or by one of its predecessors.
    pub read_in_full: Timestamp,
    /// The newest entry of the feed; `None` if there was none.
    pub newest: Option<Entry>,
}

/// An entry of the change feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The client.
    pub id: ClientId,
    /// The time of its change, which is its position in the feed.
    pub updated_at: Timestamp,
}

/// The start of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(super) id: Uuid,
    pub(super) lineage: Lineage,
    pub(super) clients: u32,
    pub(super) blocks: Vec<Block>,
    pub(super) first_block: usize,
}

impl Header {
    /// The longest header, in bytes.
    pub const MOST_BYTES: usize = MOST;

    /// Parses the header at the start of an object, of which these are the first bytes, or all.
    ///
    /// # Errors
    /// Fails if the bytes are too few, are not a header, or are that of a checkpoint of other data.
    pub fn parse(prefix: &[u8], key: &Key) -> Result<Self, Refused> {
        if !prefix.starts_with(MAGIC) {
            let is_cut = MAGIC.starts_with(prefix);
            return Err(if is_cut { Refused::Truncated } else { Refused::NotACheckpoint });
        }
        let mut start = Reader::new(prefix.get(MAGIC.len()..START).ok_or(Refused::Truncated)?);
        let (format, len) = (start.u32()?, start.u32()? as usize);
        if format != FORMAT {
            return Err(Refused::OtherFormat(format));
        }
        if !(START + CHECKSUM..=MOST).contains(&len) {
            return Err(Refused::Malformed("the header is too long or too short"));
        }
        let header = prefix.get(..len).ok_or(Refused::Truncated)?;
        let (fields, checksum) = header.split_at(len - CHECKSUM);
        if XxHash3_64::oneshot(fields).to_le_bytes() != checksum {
            return Err(Refused::WrongChecksum);
        }
        Self::read(&mut Reader::new(&fields[START..]), len, key)
    }

    fn read(reader: &mut Reader, len: usize, key: &Key) -> Result<Self, Refused> {
        let table_len = usize::from(reader.u8()?);
        if reader.take(table_len)? != key.table.as_bytes() {
            return Err(Refused::OtherTable);
        }
        if *reader.array()? != key.organization {
            return Err(Refused::OtherOrganization);
        }
        let id = Uuid::from_bytes(*reader.array()?);
        let lineage = Lineage {
            epoch: reader.u64()?,
            watermark: timestamp(reader)?,
            overlap: Duration::from_millis(reader.u64()?),
            read_in_full: timestamp(reader)?,
            newest: match reader.u8()? {
                0 => None,
                1 => Some(Entry { id: Uuid::from_bytes(*reader.array()?).into(), updated_at: timestamp(reader)? }),
                _ => return Err(Refused::Malformed("the newest entry is neither there nor not")),
            },
        };
        let clients = reader.u32()?;
        let mut blocks = vec![];
        while !reader.is_empty() {
            blocks.push(Block::read(reader)?);
        }
        let header = Self { id, lineage, clients, blocks, first_block: len };
        header.check_blocks()?;
        Ok(header)
    }

    /// Checks that the blocks have each client once, and its position once in each order.
    fn check_blocks(&self) -> Result<(), Refused> {
        let mut blocks = self.blocks.iter().peekable();
        for kind in Kind::ALL {
            let mut entries = 0;
            while let Some(block) = blocks.next_if(|block| block.kind == kind) {
                entries += u64::from(block.entries);
            }
            if entries != u64::from(self.clients) {
                return Err(Refused::Malformed("the blocks have too many or too few entries"));
            }
        }
        if blocks.next().is_some() { Err(Refused::Malformed("the blocks are not in order")) } else { Ok(()) }
    }

    /// Writes the header of a checkpoint of the key's data.
    pub(super) fn write(&self, key: &Key) -> Vec<u8> {
        let Lineage { epoch, watermark, overlap, read_in_full, newest } = &self.lineage;
        let table_len = u8::try_from(key.table.len()).expect("a table's identifier is short");
        let mut out = MAGIC.to_vec();
        out.extend(FORMAT.to_le_bytes());
        out.extend([0; size_of::<u32>()]);
        out.push(table_len);
        out.extend_from_slice(key.table.as_bytes());
        out.extend(key.organization);
        out.extend(self.id.as_bytes());
        out.extend(epoch.to_le_bytes());
        out.extend(watermark.millis().to_le_bytes());
        out.extend((overlap.as_millis() as u64).to_le_bytes());
        out.extend(read_in_full.millis().to_le_bytes());
        out.push(u8::from(newest.is_some()));
        if let Some(newest) = newest {
            out.extend(newest.id.uuid().as_bytes());
            out.extend(newest.updated_at.millis().to_le_bytes());
        }
        out.extend(self.clients.to_le_bytes());
        self.blocks.iter().for_each(|block| block.write(&mut out));
        let len = out.len() + CHECKSUM;
        out[START - size_of::<u32>()..START].copy_from_slice(&(len as u32).to_le_bytes());
        out.extend(XxHash3_64::oneshot(&out).to_le_bytes());
        out
    }

    /// The random identifier of the checkpoint.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The state of the change feed.
    #[must_use]
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The number of clients.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.clients as usize
    }

    /// The position of the first block in the object: the length of the header.
    #[must_use]
    pub fn first_block(&self) -> usize {
        self.first_block
    }

    /// The length of the whole object.
    #[must_use]
    pub fn object_len(&self) -> u64 {
        self.first_block as u64 + self.blocks.iter().map(|block| u64::from(block.len)).sum::<u64>()
    }

    /// The heap memory of the restored index without postings, in bytes, give or take a tenth.
    #[must_use]
    pub fn index_bytes(&self) -> u64 {
        let raw: u64 = self.blocks.iter().map(|block| u64::from(block.raw_len)).sum();
        // The order by time of creation, and the ends of the records.
        raw + 10 * u64::from(self.clients)
    }
}

fn timestamp(reader: &mut Reader) -> Result<Timestamp, Refused> {
    let millis = reader.u64()? as i64;
    let timestamp = Timestamp::from_millis(millis);
    if timestamp.millis() == millis { Ok(timestamp) } else { Err(Refused::Malformed("a time is out of range")) }
}
