//! The clients, each packed into one run of bytes and known by a small number, its slot.
//!
//! Records are stored in blocks of a few dozen. A change rewrites its block: it copies about two
//! kilobytes, and leaves no hole to track or to compact.

use std::cmp::Ordering;

use domain::{Client, ClientId, ListedClient, Name, Notes, Phone, Status, Timestamp};
use uuid::Uuid;

use crate::{
    fold::{fold, fold_byte},
    phone,
    query::Field,
    varint,
};

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
        Record::parse(self.packed(slot))
    }

    /// The packed bytes in `slot`. There are none if it is not in use.
    #[inline]
    pub(crate) fn packed(&self, slot: u32) -> &[u8] {
        let block = self.blocks.get(slot as usize / BLOCK);
        block.map(|block| &block.bytes[block.range(slot)]).unwrap_or_default()
    }

    /// The slots in use and their records, in the order of the slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Record<'_>)> {
        let slots = 0..(self.blocks.len() * BLOCK) as u32;
        let packed = slots.map(|slot| (slot, self.packed(slot))).filter(|(_, packed)| !packed.is_empty());
        packed.map(|(slot, packed)| (slot, Record::parse(packed)))
    }

    /// Puts packed bytes into a slot. No bytes empty it.
    pub(crate) fn set(&mut self, slot: u32, packed: &[u8]) {
        let at = slot as usize / BLOCK;
        while at >= self.blocks.len() {
            self.push(Block::default());
        }
        let block = &mut self.blocks[at];
        let old = block.range(slot);
        for end in &mut block.ends[slot as usize % BLOCK..] {
            *end = *end - old.len() as u32 + packed.len() as u32;
        }
        block.bytes = [&block.bytes[..old.start], packed, &block.bytes[old.end..]].concat().into();
    }

    fn push(&mut self, block: Block) {
        if self.blocks.len() == self.blocks.capacity() {
            // Doubling would hold memory for a second organization of the same size.
            self.blocks.reserve_exact(self.blocks.len() / 8 + 1);
        }
        self.blocks.push(block);
    }

    /// The heap memory in use, in bytes.
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

/// Makes records one after the other, and stores each block once, when it is full.
#[derive(Default)]
pub(crate) struct Packer {
    records: Records,
    ends: [u32; BLOCK],
    bytes: Vec<u8>,
    pushed: u32,
}

impl Packer {
    /// Packs a record into the next slot.
    pub(crate) fn push(&mut self, record: &Record) {
        record.pack(&mut self.bytes);
        let at = self.pushed as usize % BLOCK;
        self.ends[at..].fill(self.bytes.len() as u32);
        self.pushed += 1;
        if at + 1 == BLOCK {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        self.records.push(Block { ends: self.ends, bytes: self.bytes.as_slice().into() });
        self.bytes.clear();
    }

    /// The heap memory in use, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.records.bytes() + self.bytes.capacity()
    }

    /// The records.
    pub(crate) fn finish(mut self) -> Records {
        if !self.bytes.is_empty() {
            self.end_block();
        }
        self.records
    }
}

/// A view of a packed client.
pub(crate) struct Record<'a> {
    pub(crate) id: &'a [u8; 16],
    pub(crate) status: Status,
    pub(crate) name: &'a [u8],
    pub(crate) phone: Option<&'a [u8]>,
    pub(crate) folded_name: FoldedName<'a>,
    pub(crate) bare_phone: Option<BarePhone<'a>>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) version: u64,
    pub(crate) notes: Option<&'a [u8]>,
    pub(crate) has_long_notes: bool,
}

/// A text that becomes the folded name if each byte is folded: the name as it is, if that is enough, or
/// else its folded form.
#[derive(Clone, Copy)]
pub(crate) struct FoldedName<'a>(pub(crate) &'a [u8]);

impl FoldedName<'_> {
    /// The bytes of the folded name.
    pub(crate) fn bytes(&self) -> impl ExactSizeIterator<Item = u8> {
        self.0.iter().map(|&byte| fold_byte(byte))
    }

    /// Replaces the contents of `out` by the folded name.
    pub(crate) fn write_to(self, out: &mut Vec<u8>) {
        out.clear();
        out.extend(self.bytes());
    }

    /// Compares by code point.
    pub(crate) fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

/// A text that becomes the bare phone number if each byte is made bare: the phone number as it is, if that is
/// enough, or else its bare form.
#[derive(Clone, Copy)]
pub(crate) struct BarePhone<'a>(pub(crate) &'a [u8]);

impl BarePhone<'_> {
    /// Replaces the contents of `out` by the bare phone number.
    pub(crate) fn write_to(self, out: &mut Vec<u8>) {
        out.clear();
        out.extend(self.0.iter().filter_map(|&byte| phone::bare_byte(byte)));
    }
}

pub(crate) const INACTIVE: u8 = 1;
pub(crate) const HAS_PHONE: u8 = 1 << 1;
pub(crate) const FOLDED_NAME: u8 = 1 << 2;
pub(crate) const BARE_PHONE: u8 = 1 << 3;
pub(crate) const HAS_NOTES: u8 = 1 << 4;
pub(crate) const LONG_NOTES: u8 = 1 << 5;
pub(crate) const ALL_FLAGS: u8 = (LONG_NOTES << 1) - 1;

/// Packs a client.
pub(crate) fn pack(feed: &ListedClient) -> Vec<u8> {
    let client = &feed.client;
    let (name, phone) = (client.name.as_str(), client.phone.as_ref().map(Phone::as_str));
    let folded = (!name.is_ascii()).then(|| fold(name));
    let folded = folded.filter(|folded| !FoldedName(name.as_bytes()).bytes().eq(folded.bytes()));
    let bare = phone.filter(|phone| !phone.is_ascii()).map(phone::bare);
    let id = client.id.uuid();
    let record = Record {
        id: id.as_bytes(),
        status: client.status,
        name: name.as_bytes(),
        phone: phone.map(str::as_bytes),
        folded_name: FoldedName(folded.as_deref().unwrap_or(name).as_bytes()),
        bare_phone: bare.as_deref().or(phone).map(|bare| BarePhone(bare.as_bytes())),
        created_at: client.created_at.millis(),
        updated_at: client.updated_at.millis(),
        version: client.version,
        notes: client.notes.as_ref().map(|notes| notes.as_str().as_bytes()),
        has_long_notes: feed.has_long_notes,
    };
    let mut packed = vec![];
    record.pack(&mut packed);
    packed
}

impl<'a> Record<'a> {
    /// Appends the record: identifier, flags, texts with their lengths, numbers, and the notes in the rest.
    pub(crate) fn pack(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.id);
        out.push(self.flags());
        for text in [Some(self.name), self.own_folded_name(), self.phone, self.own_bare_phone()].into_iter().flatten() {
            varint::write(out, text.len() as u64);
            out.extend_from_slice(text);
        }
        varint::write(out, varint::zigzag(self.created_at));
        varint::write(out, varint::zigzag(self.updated_at.wrapping_sub(self.created_at)));
        varint::write(out, self.version);
        out.extend_from_slice(self.notes.unwrap_or_default());
    }

    /// The flags that say which fields a packed record has.
    pub(crate) fn flags(&self) -> u8 {
        let flags = [
            (self.status == Status::Inactive, INACTIVE),
            (self.phone.is_some(), HAS_PHONE),
            (self.own_folded_name().is_some(), FOLDED_NAME),
            (self.own_bare_phone().is_some(), BARE_PHONE),
            (self.notes.is_some(), HAS_NOTES),
            (self.has_long_notes, LONG_NOTES),
        ];
        flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum()
    }

    /// The folded name, unless folding each byte of the name is enough.
    pub(crate) fn own_folded_name(&self) -> Option<&'a [u8]> {
        Some(self.folded_name.0).filter(|&folded| folded != self.name)
    }

    /// The bare phone number, unless making each byte of the phone number bare is enough.
    pub(crate) fn own_bare_phone(&self) -> Option<&'a [u8]> {
        self.bare_phone.map(|bare| bare.0).filter(|&bare| Some(bare) != self.phone)
    }

    /// Reads what [`pack`](Self::pack) wrote.
    #[inline]
    pub(crate) fn parse(packed: &'a [u8]) -> Self {
        let (id, rest) = packed.split_first_chunk().expect("a record starts with an identifier");
        let flags = rest[0];
        let has = |flag| flags & flag != 0;
        let mut at = 1;
        let mut text = || {
            let len = varint::read(rest, &mut at) as usize;
            at += len;
            &rest[at - len..at]
        };
        let name = text();
        let folded = if has(FOLDED_NAME) { text() } else { name };
        let phone = has(HAS_PHONE).then(&mut text);
        let bare = if has(BARE_PHONE) { Some(text()) } else { phone };
        let created_at = varint::unzigzag(varint::read(rest, &mut at));
        let age = varint::unzigzag(varint::read(rest, &mut at));
        let version = varint::read(rest, &mut at);
        Self {
            id,
            status: if has(INACTIVE) { Status::Inactive } else { Status::Active },
            name,
            phone,
            folded_name: FoldedName(folded),
            bare_phone: bare.map(BarePhone),
            created_at,
            updated_at: created_at.wrapping_add(age),
            version,
            notes: has(HAS_NOTES).then(|| &rest[at..]),
            has_long_notes: has(LONG_NOTES),
        }
    }

    /// Calls `visit` with each text that is searched, and its field.
    pub(crate) fn each_text(&self, mut visit: impl FnMut(Field, &[u8])) {
        let mut text = vec![];
        self.folded_name.write_to(&mut text);
        visit(Field::Name, &text);
        if let Some(bare) = self.bare_phone {
            bare.write_to(&mut text);
            visit(Field::Phone, &text);
            if let Some(with_plus) = phone::with_plus(&text) {
                visit(Field::Phone, &with_plus);
            }
            self.separators().iter().for_each(|run| visit(Field::Phone, run.as_bytes()));
        }
    }

    /// The runs of separators in the phone number.
    pub(crate) fn separators(&self) -> Vec<String> {
        let phone = str::from_utf8(self.phone.unwrap_or_default()).expect("packed texts were strings");
        phone::separators(phone)
    }

    /// The client as it was packed.
    pub(crate) fn to_client(&self) -> ListedClient {
        let string = |text: &[u8]| String::from_utf8(text.to_vec()).expect("packed texts were strings");
        let client = Client {
            id: ClientId::from(Uuid::from_bytes(*self.id)),
            name: Name::from_stored(string(self.name)),
            phone: self.phone.map(|phone| Phone::from_stored(string(phone))),
            status: self.status,
            notes: self.notes.map(|notes| Notes::from_stored(string(notes))),
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            version: self.version,
        };
        ListedClient { client, has_long_notes: self.has_long_notes }
    }
}
