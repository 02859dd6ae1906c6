//! The clients of an export as a table for spreadsheets: CSV in UTF-8, all fields in quotation marks. Each text that
//! would be a formula is defused (`formula.rs`), and comes back unchanged. All of a client's record is in it.

use std::ops::Range;

use domain::{NewClient, Timestamp};
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

/// The columns of such a table as it comes back, in any order and with others beside them.
#[derive(Debug)]
pub(super) struct Sheet([usize; 12]);

impl Sheet {
    /// The sheet with this header; `None` if it is another table.
    pub(super) fn recognize(headers: &[String]) -> Option<Self> {
        let mut places = [0; 12];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            *place = headers.iter().position(|header| header == column)?;
        }
        Some(Self(places))
    }

    /// The record in a row: of a client that was exported, or of one that was added to the table.
    ///
    /// # Errors
    /// Fails with the errors of the row. They quote nothing of it.
    pub(super) fn record(&self, row: &[String]) -> Result<Row, String> {
        let cell = |column: &str| {
            let at = COLUMNS.iter().position(|other| *other == column)?;
            undone(row.get(self.0[at])?)
        };
        let mut columns = COLUMNS.iter().enumerate();
        let is_added = columns.all(|(at, column)| EDITABLE.contains(&at) || cell(column).is_none());
        let columns = if is_added { &COLUMNS[EDITABLE] } else { &COLUMNS[..] };
        let mut fields = Map::new();
        for column in columns {
            if let Some(text) = cell(column) {
                let number = text.parse::<u64>().ok().filter(|_| *column == "version");
                fields.insert((*column).to_owned(), number.map_or_else(|| text.into(), Value::from));
            }
        }
        if is_added {
            let body = Value::Object(fields).to_string();
            let new = NewClient::parse(body.as_bytes()).map_err(|invalid| file::without_names(&invalid))?;
            Ok(Row::Added(Box::new(new)))
        } else {
            Ok(Row::Exported(Box::new(file::record(fields)?)))
        }
    }
}

/// A row of a sheet.
#[derive(Debug)]
pub(super) enum Row {
    /// A client that was exported.
    Exported(Box<ClientRecord>),
    /// A client that somebody has added in the spreadsheet, without an identifier.
    Added(Box<NewClient>),
}
