//! The clients of an export as a table for spreadsheets: CSV in UTF-8, all fields in quotation marks. Each text that
//! would be a formula is defused (`formula.rs`), and comes back unchanged. All of a client's record is in it.

use std::ops::Range;

use domain::{ClientId, NewClient, Timestamp};
use serde_json::{Map, Value};
use shared::store::ClientRecord;

use super::{
    file,
    formula::{defused, undone},
};

/// The columns.
pub(super) const COLUMNS: [&str; 12] = [
    "id",
    "name",
    "phone",
    "status",
    "notes",
    "createdAt",
    "updatedAt",
    "createdBy",
    "createdWith",
    "updatedBy",
    "updatedWith",
    "version",
];
/// The number of columns that the console's export has: what the API shows of a client.
const SHOWN: usize = 7;
/// The places of the columns that people fill in: name, phone, status and notes.
const EDITABLE: Range<usize> = 1..5;

/// The fields of a record, in the order of [`COLUMNS`].
pub(super) fn fields(record: &ClientRecord) -> [String; 12] {
    let client = &record.client;
    let text = |text: Option<&str>| text.map(defused).unwrap_or_default();
    let time = |time: Timestamp| time.to_string();
    [
        client.id.to_string(),
        defused(client.name.as_str()),
        text(client.phone.as_ref().map(domain::Phone::as_str)),
        client.status.to_string(),
        text(client.notes.as_ref().map(domain::Notes::as_str)),
        time(client.created_at),
        time(client.updated_at),
        defused(record.created_by.as_str()),
        defused(record.created_with.as_str()),
        defused(record.updated_by.as_str()),
        defused(record.updated_with.as_str()),
        client.version.to_string(),
    ]
}

/// The columns of such a table as it comes back, in any order and with others beside them: all, or those that the
/// console exports.
#[derive(Debug)]
pub(super) struct Sheet(Vec<usize>);

impl Sheet {
    /// The sheet with this header; `None` if it is another table.
    pub(super) fn recognize(headers: &[String]) -> Option<Self> {
        let place = |column: &&str| headers.iter().position(|header| header == column);
        let places = |columns: &[&str]| columns.iter().map(place).collect::<Option<Vec<_>>>();
        places(&COLUMNS).or_else(|| places(&COLUMNS[..SHOWN])).map(Self)
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> &'static [&'static str] {
        &COLUMNS[..self.0.len()]
    }

    /// The record in a row: of a client that was exported, or of one that was added to the table.
    ///
    /// # Errors
    /// Fails with the errors of the row. They quote nothing of it.
    pub(super) fn record(&self, row: &[String]) -> Result<Row, String> {
        let cell = |column: &str| {
            let at = self.columns().iter().position(|other| *other == column)?;
            undone(row.get(self.0[at])?)
        };
        let mut columns = self.columns().iter().enumerate();
        let is_added = columns.all(|(at, column)| EDITABLE.contains(&at) || cell(column).is_none());
        let is_whole = self.0.len() == COLUMNS.len();
        let columns = if is_added || !is_whole { &COLUMNS[EDITABLE] } else { &COLUMNS[..] };
        let mut fields = Map::new();
        for column in columns {
            if let Some(text) = cell(column) {
                let number = text.parse::<u64>().ok().filter(|_| *column == "version");
                fields.insert((*column).to_owned(), number.map_or_else(|| text.into(), Value::from));
            }
        }
        if is_whole && !is_added {
            return Ok(Row::Exported(Box::new(file::record(fields)?)));
        }
        let body = Value::Object(fields).to_string();
        let new = NewClient::parse(body.as_bytes()).map_err(|invalid| file::without_names(&invalid));
        if is_added {
            return Ok(Row::Added(Box::new(new?)));
        }
        let id = cell("id")
            .and_then(|id| id.parse().ok())
            .ok_or("`id` must be a client's identifier, as it was exported")?;
        Ok(Row::Shown(id, Box::new(new?)))
    }
}

/// A row of a sheet.
#[derive(Debug)]
pub(super) enum Row {
    /// A client that was exported.
    Exported(Box<ClientRecord>),
    /// A client that the console exported.
    Shown(ClientId, Box<NewClient>),
    /// A client that somebody has added in the spreadsheet, without an identifier.
    Added(Box<NewClient>),
}
