//! The clients themselves, each packed into one run of bytes and known by a small number, its slot.
//!
//! Records lie in blocks of a few dozen. To change one is to write its block anew: about two
//! kilobytes are copied, and there is never a hole to find, to track or to compact.

use std::cmp::Ordering;

use domain::{Client, ClientId, ListedClient, Name, Notes, Phone, Status, Timestamp};
use uuid::Uuid;

use crate::{fold::fold, varint};

const BLOCK: usize = 32;

/// All records of an organization, by slot.
#[derive(Default)]
pub(crate) struct Records {
    blocks: Vec<Block>,
}

#[derive(Default)]
struct Block {
    ends: [u32; BLOCK],
    bytes: Box<[u8]>,
}

impl Records {
    /// The record in `slot`, which must be in use.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Record<'_> {
        let block = &self.blocks[slot as usize / BLOCK];
        Record::parse(&block.bytes[block.range(slot)])
    }

    /// Puts packed bytes into a slot; none at all to empty it.
    pub(crate) fn set(&mut self, slot: u32, packed: &[u8]) {
        let at = slot as usize / BLOCK;
        if at >= self.blocks.len() {
            if self.blocks.len() == self.blocks.capacity() {
                // Doubling would hold memory for a second organization of the same size.
                self.blocks.reserve_exact(self.blocks.len() / 8 + 1);
            }
            self.blocks.resize_with(at + 1, Block::default);
        }
        let block = &mut self.blocks[at];
        let old = block.range(slot);
        for end in &mut block.ends[slot as usize % BLOCK..] {
            *end = *end - old.len() as u32 + packed.len() as u32;
        }
        block.bytes = [&block.bytes[..old.start], packed, &block.bytes[old.end..]].concat().into();
    }

    /// Heap bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let packed: usize = self.blocks.iter().map(|block| block.bytes.len()).sum();
        packed + self.blocks.capacity() * size_of::<Block>()
    }
}

impl Block {
    #[inline]
    fn range(&self, slot: u32) -> std::ops::Range<usize> {
        let at = slot as usize % BLOCK;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start as usize..self.ends[at] as usize
    }
}

/// A packed client, opened for reading.
pub(crate) struct Record<'a> {
    pub(crate) id: &'a [u8; 16],
    pub(crate) status: Status,
    pub(crate) name: &'a [u8],
    pub(crate) phone: Option<&'a [u8]>,
    pub(crate) folded_name: Folded<'a>,
    pub(crate) folded_phone: Option<Folded<'a>>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) version: u64,
    has_notes: bool,
    has_long_notes: bool,
    notes: &'a [u8],
}

/// A folded text, but for ASCII capitals.
///
/// The fold of an ASCII text is its lower case, which is not worth storing. Other texts are stored
/// folded, and have no capitals left: so both can be lower-cased blindly while being read.
#[derive(Clone, Copy)]
pub(crate) struct Folded<'a>(&'a [u8]);

impl Folded<'_> {
    /// The folded bytes.
    pub(crate) fn bytes(&self) -> impl ExactSizeIterator<Item = u8> {
        self.0.iter().map(u8::to_ascii_lowercase)
    }

    /// The folded text.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        self.0.to_ascii_lowercase()
    }

    /// Writes the folded text over `out`.
    pub(crate) fn write_to(self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(self.0);
        out.make_ascii_lowercase();
    }

    /// Compares by code point.
    pub(crate) fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

const INACTIVE: u8 = 1;
const HAS_PHONE: u8 = 1 << 1;
const NAME_FOLD_STORED: u8 = 1 << 2;
const PHONE_FOLD_STORED: u8 = 1 << 3;
const HAS_NOTES: u8 = 1 << 4;
const LONG_NOTES: u8 = 1 << 5;

/// Packs a client: id, flags, texts with their lengths, numbers, and what is left is the notes.
pub(crate) fn pack(feed: &ListedClient) -> Vec<u8> {
    let client = &feed.client;
    let (name, phone) = (client.name.as_str(), client.phone.as_ref().map(Phone::as_str));
    let fold_unless_ascii = |text: &str| (!text.is_ascii()).then(|| fold(text));
    let name_fold = fold_unless_ascii(name);
    let phone_fold = phone.and_then(fold_unless_ascii);

    let flags = [
        (client.status == Status::Inactive, INACTIVE),
        (phone.is_some(), HAS_PHONE),
        (name_fold.is_some(), NAME_FOLD_STORED),
        (phone_fold.is_some(), PHONE_FOLD_STORED),
        (client.notes.is_some(), HAS_NOTES),
        (feed.has_long_notes, LONG_NOTES),
    ];
    let mut out = client.id.uuid().as_bytes().to_vec();
    out.push(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum());
    for text in [Some(name), name_fold.as_deref(), phone, phone_fold.as_deref()].into_iter().flatten() {
        varint::write(&mut out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
    let (created_at, updated_at) = (client.created_at.millis(), client.updated_at.millis());
    varint::write(&mut out, varint::zigzag(created_at));
    varint::write(&mut out, varint::zigzag(updated_at.wrapping_sub(created_at)));
    varint::write(&mut out, client.version);
    out.extend_from_slice(client.notes.as_ref().map(Notes::as_str).unwrap_or_default().as_bytes());
    out
}

impl<'a> Record<'a> {
    /// Opens what [`pack`] made.
    #[inline]
    pub(crate) fn parse(packed: &'a [u8]) -> Self {
        let (id, rest) = packed.split_first_chunk().expect("a record starts with an id");
        let flags = rest[0];
        let has = |flag| flags & flag != 0;
        let mut at = 1;
        let mut text = || {
            let len = varint::read(rest, &mut at) as usize;
            at += len;
            &rest[at - len..at]
        };
        let name = text();
        let name_fold = if has(NAME_FOLD_STORED) { text() } else { name };
        let phone = has(HAS_PHONE).then(&mut text);
        let phone_fold = if has(PHONE_FOLD_STORED) { Some(text()) } else { phone };
        let created_at = varint::unzigzag(varint::read(rest, &mut at));
        let age = varint::unzigzag(varint::read(rest, &mut at));
        let version = varint::read(rest, &mut at);
        Self {
            id,
            status: if has(INACTIVE) { Status::Inactive } else { Status::Active },
            name,
            phone,
            folded_name: Folded(name_fold),
            folded_phone: phone_fold.map(Folded),
            created_at,
            updated_at: created_at.wrapping_add(age),
            version,
            has_notes: has(HAS_NOTES),
            has_long_notes: has(LONG_NOTES),
            notes: &rest[at..],
        }
    }

    /// The client as it was packed.
    pub(crate) fn to_client(&self) -> ListedClient {
        let string = |text: &[u8]| String::from_utf8(text.to_vec()).expect("packed texts were strings");
        let client = Client {
            id: ClientId::from(Uuid::from_bytes(*self.id)),
            name: Name::from_stored(string(self.name)),
            phone: self.phone.map(|phone| Phone::from_stored(string(phone))),
            status: self.status,
            notes: self.has_notes.then(|| Notes::from_stored(string(self.notes))),
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            version: self.version,
        };
        ListedClient { client, has_long_notes: self.has_long_notes }
    }
}
