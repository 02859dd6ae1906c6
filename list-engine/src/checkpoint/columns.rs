//! Clients as columns: the same field of all clients stands together, which compresses better.
//!
//! A block is the length of each column, and the columns.

use domain::Status;

use super::{Refused, reader::Reader};
use crate::{
    records::{self, BarePhone, FoldedName, Record},
    varint,
};

/// The texts: name, folded name, phone, bare phone and notes.
const TEXTS: usize = 5;
/// The other columns: identifiers, flags, times of creation, ages and versions.
const OTHERS: usize = 5;
const COLUMNS: usize = OTHERS + 2 * TEXTS;

/// The columns of a block that is being written.
#[derive(Default)]
pub(super) struct Columns {
    clients: u32,
    columns: [Vec<u8>; COLUMNS],
    created_at: i64,
}

impl Columns {
    /// Adds a client.
    pub(super) fn push(&mut self, record: &Record) {
        let [ids, flags, created, ages, versions, texts @ ..] = &mut self.columns;
        ids.extend_from_slice(record.id);
        flags.push(record.flags());
        varint::write(created, varint::zigzag(record.created_at.wrapping_sub(self.created_at)));
        varint::write(ages, varint::zigzag(record.updated_at.wrapping_sub(record.created_at)));
        varint::write(versions, record.version);
        let present =
            [Some(record.name), record.own_folded_name(), record.phone, record.own_bare_phone(), record.notes];
        for (columns, text) in texts.chunks_exact_mut(2).zip(present) {
            if let (Some(text), [lens, bytes]) = (text, columns) {
                varint::write(lens, text.len() as u64);
                bytes.extend_from_slice(text);
            }
        }
        self.created_at = record.created_at;
        self.clients += 1;
    }

    /// The length of the block, apart from the lengths of its columns.
    pub(super) fn len(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    /// Replaces the contents of `out` by the block, and starts the next one. Returns the number of clients.
    pub(super) fn write_to(&mut self, out: &mut Vec<u8>) -> u32 {
        out.clear();
        for column in &self.columns {
            out.extend((column.len() as u32).to_le_bytes());
        }
        for column in &mut self.columns {
            out.append(column);
        }
        self.created_at = 0;
        std::mem::take(&mut self.clients)
    }
}

/// Reads the clients of a block.
pub(super) struct ColumnsReader<'a> {
    ids: Reader<'a>,
    flags: Reader<'a>,
    created: Reader<'a>,
    ages: Reader<'a>,
    versions: Reader<'a>,
    texts: [TextReader<'a>; TEXTS],
    created_at: i64,
}

/// Reads a column of texts.
struct TextReader<'a> {
    lens: Reader<'a>,
    texts: &'a str,
}

impl<'a> TextReader<'a> {
    #[inline]
    fn next(&mut self) -> Result<&'a [u8], Refused> {
        let len = usize::try_from(self.lens.varint()?).unwrap_or(usize::MAX);
        let (text, rest) = self.texts.split_at_checked(len).ok_or(Refused::Malformed("a text has a wrong length"))?;
        self.texts = rest;
        Ok(text.as_bytes())
    }

    fn next_if(&mut self, present: bool) -> Result<Option<&'a [u8]>, Refused> {
        present.then(|| self.next()).transpose()
    }
}

impl<'a> ColumnsReader<'a> {
    /// Starts to read a block.
    pub(super) fn new(block: &'a [u8]) -> Result<Self, Refused> {
        let mut reader = Reader::new(block);
        let mut lens = [0; COLUMNS];
        for len in &mut lens {
            *len = reader.u32()? as usize;
        }
        let mut columns = [&block[..0]; COLUMNS];
        for (column, len) in columns.iter_mut().zip(lens) {
            *column = reader.take(len)?;
        }
        if !reader.is_empty() {
            return Err(Refused::Malformed("bytes follow the columns"));
        }
        let [ids, flags, created, ages, versions] = [0, 1, 2, 3, 4].map(|at| Reader::new(columns[at]));
        let mut texts = [const { TextReader { lens: Reader::EMPTY, texts: "" } }; TEXTS];
        for (reader, columns) in texts.iter_mut().zip(columns[OTHERS..].chunks_exact(2)) {
            let texts = str::from_utf8(columns[1]).map_err(|_| Refused::Malformed("a text is not UTF-8"))?;
            *reader = TextReader { lens: Reader::new(columns[0]), texts };
        }
        Ok(Self { ids, flags, created, ages, versions, texts, created_at: 0 })
    }

    /// The next client.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Record<'a>, Refused> {
        let flags = self.flags.u8()?;
        let has = |flag| flags & flag != 0;
        if flags & !records::ALL_FLAGS != 0 || has(records::BARE_PHONE) && !has(records::HAS_PHONE) {
            return Err(Refused::Malformed("flags contradict each other"));
        }
        let [names, folded_names, phones, bare_phones, notes] = &mut self.texts;
        let created_at = self.created_at.wrapping_add(varint::unzigzag(self.created.varint()?));
        self.created_at = created_at;
        let name = names.next()?;
        let phone = phones.next_if(has(records::HAS_PHONE))?;
        Ok(Record {
            id: self.ids.array()?,
            status: if has(records::INACTIVE) { Status::Inactive } else { Status::Active },
            name,
            phone,
            folded_name: FoldedName(folded_names.next_if(has(records::FOLDED_NAME))?.unwrap_or(name)),
            bare_phone: bare_phones.next_if(has(records::BARE_PHONE))?.or(phone).map(BarePhone),
            created_at,
            updated_at: created_at.wrapping_add(varint::unzigzag(self.ages.varint()?)),
            version: self.versions.varint()?,
            notes: notes.next_if(has(records::HAS_NOTES))?,
            has_long_notes: has(records::LONG_NOTES),
        })
    }

    /// Ends the block.
    pub(super) fn finish(self) -> Result<(), Refused> {
        let others = [self.ids, self.flags, self.created, self.ages, self.versions];
        let rest = others.iter().all(Reader::is_empty)
            && self.texts.iter().all(|text| text.lens.is_empty() && text.texts.is_empty());
        if rest { Ok(()) } else { Err(Refused::Malformed("a column is too long")) }
    }
}
