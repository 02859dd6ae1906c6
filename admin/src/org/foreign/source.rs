//! The records of a file, whatever its format.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read},
};

use anyhow::Result;
use domain::{ClientId, NewClient};
use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};
use shared::store::ClientRecord;

use super::{
    Options,
    columns::Columns,
    csv::{Row, Rows},
    delimiter,
    detect::Format,
    draft::Draft,
    encoding::decoded,
    header::{self, Header},
    lines::Lines,
    ndjson::Objects,
    rejects::{Kind, Original},
    vcard::Cards,
};
use crate::org::sheet::{self, Sheet};

type Input<'a> = BufReader<Box<dyn Read + 'a>>;

/// A record.
#[derive(Debug)]
pub(super) struct Entry {
    /// The number of its first line.
    pub(super) line: u64,
    /// The client, or the reason why there is none.
    pub(super) content: Result<Content, String>,
    pub(super) original: Original,
}

/// The client of a record.
#[derive(Debug)]
pub(super) enum Content {
    /// The texts of another program.
    Draft(Box<Draft>),
    /// A client that was added to our table.
    New(Box<NewClient>),
    /// A client in the console's table.
    Shown(ClientId, Box<NewClient>),
    /// A client in our table.
    Exported(Box<ClientRecord>),
}

/// Reads the records of a file.
pub(super) enum Source<'a> {
    Table(Box<Table<'a>>),
    Objects(Objects<Input<'a>>),
    Cards(Cards<Input<'a>>),
}

/// A table whose header was read.
pub(super) struct Table<'a> {
    rows: Rows<Input<'a>>,
    columns: Columns,
    /// Our own table for spreadsheets.
    sheet: Option<Sheet>,
    /// The line of the header, and the number of rows before it.
    header: u64,
    before: usize,
    /// The number of rows whose fields are all empty.
    empty: u64,
    /// The line of each client's identifier in our own table.
    ids: HashMap<ClientId, u64>,
}

impl<'a> Source<'a> {
    /// Opens a file, and reads its header if it has one. The inner error says why the file cannot be imported.
    pub(super) fn open(input: impl Read + 'a, options: &Options) -> Result<Result<Self, String>> {
        let survey = &options.survey;
        let is_utf_16 = [UTF_16LE, UTF_16BE].contains(&survey.encoding);
        // The properties of a card have their own encodings.
        let encoding = if options.format == Format::Vcard && !is_utf_16 { UTF_8 } else { survey.encoding };
        let input = BufReader::with_capacity(64 * 1024, decoded(input, encoding)?);
        let mut lines = Lines::new(input, &survey.sample);
        Ok(match options.format {
            Format::Vcard => Ok(Self::Cards(Cards::new(lines, if is_utf_16 { UTF_8 } else { survey.encoding }))),
            Format::Ndjson => Ok(Self::Objects(Objects::new(lines, &options.map))),
            Format::Csv | Format::Export => {
                let announced = announced(&mut lines)?;
                let delimiter =
                    options.delimiter.or(announced).unwrap_or_else(|| delimiter::guess(&survey.sample, &options.map));
                Self::table(Rows::new(lines, delimiter), options)?
            }
        })
    }

    fn table(mut rows: Rows<Input<'a>>, options: &Options) -> io::Result<Result<Self, String>> {
        let Some(Header { line, before, names }) = header::read(&mut rows, &options.map)? else {
            return Ok(Err("it is empty".to_owned()));
        };
        let columns = names
            .map_err(|reason| format!("the header, line {line}, cannot be read: {reason}"))
            .and_then(|headers| Columns::new(headers, &options.map));
        let columns = match columns {
            Ok(columns) => columns,
            Err(reason) => return Ok(Err(reason)),
        };
        rows.expect(columns.one_line());
        let columns = match header::unnamed(&mut rows, columns.headers().len())? {
            0 => columns,
            unnamed => columns.with_unnamed(unnamed),
        };
        rows.expect(columns.one_line());
        let sheet = Sheet::recognize(columns.headers()).filter(|_| options.map.is_empty());
        Ok(Ok(Self::Table(Box::new(Table {
            rows,
            columns,
            sheet,
            header: line,
            before,
            empty: 0,
            ids: HashMap::new(),
        }))))
    }

    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        Ok(match self {
            Self::Table(table) => loop {
                let Some(row) = table.rows.next()? else { break None };
                match entry(row, &table.columns, table.sheet.as_ref()) {
                    Some(Entry { line, content, original }) => {
                        let content = content.and_then(|content| table.once(line, content));
                        break Some(Entry { line, content, original });
                    }
                    None => table.empty += 1,
                }
            },
            Self::Objects(objects) => objects.next()?.map(|(line, draft)| Entry {
                line: line.number,
                original: Original::Text(line.content().to_vec()),
                content: draft.map(|draft| Content::Draft(Box::new(draft))),
            }),
            Self::Cards(cards) => cards.next()?.map(|card| Entry {
                line: card.line,
                original: Original::Text(card.text),
                content: card.draft.map(|draft| Content::Draft(Box::new(draft))),
            }),
        })
    }

    /// The meaning of the columns, for people.
    pub(super) fn described(&self) -> Option<String> {
        match self {
            Self::Table(table) => {
                if let Some(sheet) = &table.sheet {
                    return Some(format!("Columns: an export of ours ({}).", sheet.columns().join(", ")));
                }
                let described = table.columns.described();
                let header = format!("The header is on line {}; what is before it is not read.", table.header);
                Some(if table.before > 0 { format!("{header}\n{described}") } else { described })
            }
            Self::Objects(_) | Self::Cards(_) => None,
        }
    }

    /// What was not read, for people, at the end.
    pub(super) fn ignored(&self) -> Option<String> {
        match self {
            Self::Table(table) => (table.empty > 0).then(|| format!("Empty rows: {}.", table.empty)),
            Self::Cards(_) => None,
            Self::Objects(objects) => {
                let ignored = objects.ignored();
                (!ignored.is_empty()).then(|| format!("Not read: {ignored}."))
            }
        }
    }

    pub(super) fn kind(&self) -> Kind<'_> {
        match self {
            Self::Table(table) => Kind::Table(table.columns.headers()),
            Self::Objects(_) => Kind::Objects,
            Self::Cards(_) => Kind::Cards,
        }
    }
}

impl Table<'_> {
    /// Refuses a second client with the same identifier: somebody has copied a row of our table.
    fn once(&mut self, line: u64, content: Content) -> Result<Content, String> {
        let id = match &content {
            Content::Draft(_) | Content::New(_) => return Ok(content),
            Content::Shown(id, _) => *id,
            Content::Exported(record) => record.client.id,
        };
        if let Some(other) = self.ids.get(&id) {
            return Err(format!(
                "it has the identifier of line {other}: to make a new client of it, clear all but its name, phone, status and \
                 notes"
            ));
        }
        self.ids.insert(id, line);
        Ok(content)
    }
}

/// The record in a row; `None` if all its fields are empty.
fn entry(row: Row, columns: &Columns, sheet: Option<&Sheet>) -> Option<Entry> {
    let Row { line, text, fields } = row;
    let fields = match fields {
        Ok(fields) => fields,
        Err(reason) => {
            return Some(Entry { line, content: Err(reason.to_owned()), original: Original::Text(text) });
        }
    };
    if fields.iter().all(|field| field.trim().is_empty()) {
        return None;
    }
    let content = match sheet {
        Some(sheet) => columns.draft(&fields).and_then(|_| sheet.record(&fields)).map(|row| match row {
            sheet::Row::Exported(record) => Content::Exported(record),
            sheet::Row::Shown(id, new) => Content::Shown(id, new),
            sheet::Row::Added(new) => Content::New(new),
        }),
        None => columns.draft(&fields).map(|draft| Content::Draft(Box::new(draft))),
    };
    // Fields that are not text would lose bytes.
    let original = if std::str::from_utf8(&text).is_ok() { Original::Row(fields) } else { Original::Text(text) };
    Some(Entry { line, content, original })
}

/// Skips blank lines and the line `sep=;`, and gives the delimiter in it.
fn announced(lines: &mut Lines<impl BufRead>) -> io::Result<Option<u8>> {
    while let Some(line) = lines.next()? {
        if line.is_blank() {
            continue;
        }
        let announced = delimiter::announced(line.content());
        if announced.is_none() {
            lines.give_back(vec![line]);
        }
        return Ok(announced);
    }
    Ok(None)
}
