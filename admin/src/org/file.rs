//! The file format of an exported organization: one JSON object a line (NDJSON). The first line describes
//! the file, and the last one has the number of clients between them, which shows whether the file is
//! complete. The clients are in the order of their identifiers, which shows repeated ones.

use std::{
    io::{self, BufRead, Read},
    str::FromStr,
};

use domain::{Client, ClientId, FieldError, Invalid, InvalidIdentifier, NewClient, OrgId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::store::ClientRecord;

const FORMAT: &str = "clients-api/organization";
const FORMAT_VERSION: u32 = 1;
/// The start of a last line, and of no client's.
const FOOT: &[u8] = b"{\"clients\":";
/// The longest line, in bytes: some 5,300 characters of text, each of up to 12 bytes as a JSON escape.
const LINE_BYTES: u64 = 128 * 1024;
/// The highest version. It leaves room for writes after the import, below the limits of JSON's numbers.
const HIGHEST_VERSION: u64 = 1 << 50;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Head {
    format: String,
    format_version: u32,
    org_id: String,
    exported_at: String,
}

impl Head {
    pub(crate) fn new(org: &OrgId, at: Timestamp) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            org_id: org.to_string(),
            exported_at: at.to_string(),
        }
    }
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Foot {
    pub(crate) clients: u64,
}

/// A client's line: the client as the API shows it, with its authors and version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line<'a> {
    #[serde(flatten)]
    client: &'a Client,
    created_by: &'a str,
    created_with: &'a str,
    updated_by: &'a str,
    updated_with: &'a str,
    version: u64,
}

impl<'a> Line<'a> {
    pub(crate) fn of(record: &'a ClientRecord) -> Self {
        Self {
            client: &record.client,
            created_by: record.created_by.as_str(),
            created_with: record.created_with.as_str(),
            updated_by: record.updated_by.as_str(),
            updated_with: record.updated_with.as_str(),
            version: record.client.version,
        }
    }
}

/// A client's line as it is read: its record as any values, so that errors are ours, which quote nothing
/// of the file, and the client's other fields, which `domain` reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default)]
    created_by: Value,
    #[serde(default)]
    created_with: Value,
    #[serde(default)]
    updated_by: Value,
    #[serde(default)]
    updated_with: Value,
    #[serde(default)]
    version: Value,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Fields {
    fn record(self) -> Result<ClientRecord, String> {
        const TIME: &str = "must be a time like 2027-01-31T12:00:00.000Z";
        let id = parsed("id", &self.id, "must be a UUID")?;
        if id == ClientId::RESERVED {
            return Err("`id` is reserved".to_owned());
        }
        let new = NewClient::parse(Value::Object(self.others).to_string().as_bytes())
            .map_err(|error| without_names(&error))?;
        let client = Client {
            updated_at: parsed("updatedAt", &self.updated_at, TIME)?,
            version: version(&self.version)?,
            ..new.created(id, parsed("createdAt", &self.created_at, TIME)?)
        };
        let identifier = InvalidIdentifier.to_string();
        Ok(ClientRecord {
            client,
            created_by: parsed("createdBy", &self.created_by, &identifier)?,
            created_with: parsed("createdWith", &self.created_with, &identifier)?,
            updated_by: parsed("updatedBy", &self.updated_by, &identifier)?,
            updated_with: parsed("updatedWith", &self.updated_with, &identifier)?,
        })
    }
}

/// The record with these fields.
///
/// # Errors
/// Fails with the errors of the fields.
pub(crate) fn record(fields: Map<String, Value>) -> Result<ClientRecord, String> {
    let fields: Fields = serde_json::from_value(Value::Object(fields)).expect("an object has each field once");
    fields.record()
}

fn parsed<T: FromStr>(field: &str, value: &Value, rule: &str) -> Result<T, String> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("`{field}` {}", if value.is_null() { "is required" } else { rule }))
}

fn version(value: &Value) -> Result<u64, String> {
    let version = value.as_u64().filter(|version| (1..=HIGHEST_VERSION).contains(version));
    version.ok_or_else(|| format!("`version` must be a whole number from 1 to {HIGHEST_VERSION}"))
}

/// The errors in a client's fields, without the names of unknown ones: the file chose those.
pub(crate) fn without_names(invalid: &Invalid) -> String {
    let unknown = FieldError::unknown("field", "", &[]).message;
    let errors = invalid.errors().iter().map(|FieldError { field, message }| {
        if message.starts_with(&unknown) {
            "has a field that is not a client's".to_owned()
        } else {
            format!("`{field}` {message}")
        }
    });
    errors.collect::<Vec<_>>().join(", ")
}

/// Reads a file from its first line to its last.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: R,
    line: u64,
    bytes: Vec<u8>,
    clients: u64,
    last: Option<ClientId>,
}

/// The error in a file that is not a correct export. It quotes nothing of the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// One line is wrong. The lines after it can be read.
    #[error("line {0}: {1}")]
    Line(u64, String),
    /// The file as a whole is wrong.
    #[error("{0}")]
    File(String),
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line, and gives the organization that was exported.
    pub(crate) fn open(input: R) -> Result<(Self, OrgId), Fault> {
        let mut reader = Self { input, line: 0, bytes: Vec::new(), clients: 0, last: None };
        let is_there = reader.advance()?;
        let head: Option<Head> = serde_json::from_slice(&reader.bytes).ok();
        let head = head.filter(|head| is_there && head.format == FORMAT);
        let head = head.ok_or_else(|| Fault::File("it does not begin like an export".to_owned()))?;
        if head.format_version != FORMAT_VERSION {
            let message =
                format!("it is of format {}, and this program reads format {FORMAT_VERSION}", head.format_version);
            return Err(Fault::File(message));
        }
        let org = head.org_id.parse().map_err(|error| Fault::Line(1, format!("`orgId` {error}")))?;
        Ok((reader, org))
    }

    /// The next client; `None` at the correct end of the file. After an error in one line, it continues with
    /// the next.
    pub(crate) fn next(&mut self) -> Result<Option<ClientRecord>, Fault> {
        if !self.advance()? {
            return Err(Fault::File(format!(
                "it is cut short: its last line is missing after line {}; export or copy it again",
                self.line
            )));
        }
        if self.bytes.starts_with(FOOT) {
            return self.end().map(|()| None);
        }
        self.clients += 1;
        let fields: Fields = serde_json::from_slice(&self.bytes).map_err(|error| {
            self.fault(if error.is_data() {
                "is not an object in which each field is given once".to_owned()
            } else {
                format!("is not JSON (column {})", error.column())
            })
        })?;
        let record = fields.record().map_err(|message| self.fault(message))?;
        if self.last.is_some_and(|last| last >= record.client.id) {
            return Err(
                self.fault("`id` must be greater than on the line before: clients are in order, and none is repeated")
            );
        }
        self.last = Some(record.client.id);
        Ok(Some(record))
    }

    fn end(&mut self) -> Result<(), Fault> {
        let foot: Foot = serde_json::from_slice(&self.bytes).map_err(|_| {
            Fault::File(format!(
                "it is cut short: line {}, its last one, is incomplete; export or copy it again",
                self.line
            ))
        })?;
        if foot.clients != self.clients {
            return Err(Fault::File(format!(
                "its last line says {} clients, but there are {}",
                foot.clients, self.clients
            )));
        }
        if self.advance()? {
            return Err(Fault::File(format!("it continues after its last line, line {}", self.line - 1)));
        }
        Ok(())
    }

    /// Reads a line without its line break; `false` if there is none.
    fn advance(&mut self) -> Result<bool, Fault> {
        self.bytes.clear();
        let read = self.input.by_ref().take(LINE_BYTES).read_until(b'\n', &mut self.bytes)?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.bytes.pop_if(|last| *last == b'\n').is_none() && read as u64 == LINE_BYTES {
            return Err(Fault::File(format!("line {} is longer than that of any client", self.line)));
        }
        Ok(true)
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::Line(self.line, message.into())
    }
}
