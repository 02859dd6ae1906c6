//! An exported organization as a file: one JSON object a line (NDJSON). The first line says what it is,
//! the last one how many clients are between them, so that a file that was cut short is told from a
//! whole one. The clients are in the order of their identifiers, so that a repeated one is found
//! without remembering them all.

use std::io::{self, BufRead, Read};

use domain::{Client, ClientId, OrgId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::store::ClientRecord;

const FORMAT: &str = "clients-api/organization";
const FORMAT_VERSION: u32 = 1;
/// What a foot begins with, and no client does.
const FOOT: &[u8] = b"{\"clients\":";
/// Longest line, in bytes: some 5,300 characters of text, each of up to 12 bytes as JSON escapes.
const LINE_BYTES: u64 = 128 * 1024;
/// Highest version. The next ones are far from any limit of JSON's readers and of ours.
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

/// A client's line: what the API shows, and who made and changed it.
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

/// The same line as it is read: any value, so that what is wrong with it is said in our own words. Those
/// of the JSON reader can quote it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    phone: Value,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    notes: Value,
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
}

impl Fields {
    fn record(&self) -> Result<ClientRecord, String> {
        Ok(ClientRecord {
            client: Client {
                id: text("id", &self.id)?,
                name: text("name", &self.name)?,
                phone: optional("phone", &self.phone)?,
                status: text("status", &self.status)?,
                notes: optional("notes", &self.notes)?,
                created_at: instant("createdAt", &self.created_at)?,
                updated_at: instant("updatedAt", &self.updated_at)?,
                version: version(&self.version)?,
            },
            created_by: text("createdBy", &self.created_by)?,
            created_with: text("createdWith", &self.created_with)?,
            updated_by: text("updatedBy", &self.updated_by)?,
            updated_with: text("updatedWith", &self.updated_with)?,
        })
    }
}

fn text<T: std::str::FromStr<Err: ToString>>(field: &str, value: &Value) -> Result<T, String> {
    let text = match value {
        Value::Null => return Err(format!("`{field}` is required")),
        Value::String(text) => text,
        _ => return Err(format!("`{field}` must be a string")),
    };
    text.parse().map_err(|error: T::Err| format!("`{field}`: {}", error.to_string()))
}

fn optional<T: std::str::FromStr<Err: ToString>>(field: &str, value: &Value) -> Result<Option<T>, String> {
    if value.is_null() { Ok(None) } else { text(field, value).map(Some) }
}

/// The date parser's own words quote what it read.
fn instant(field: &str, value: &Value) -> Result<Timestamp, String> {
    let text: String = text(field, value)?;
    text.parse().map_err(|_| format!("`{field}` must be an instant like 2027-01-31T12:00:00.000Z"))
}

fn version(value: &Value) -> Result<u64, String> {
    let version = value.as_u64().filter(|version| (1..=HIGHEST_VERSION).contains(version));
    version.ok_or_else(|| format!("`version` must be a whole number from 1 to {HIGHEST_VERSION}"))
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

/// Why a file is no export. Quotes nothing of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// One line is wrong; the ones after it can be read.
    #[error("line {0}: {1}")]
    Line(u64, String),
    /// The file as a whole is.
    #[error("{0}")]
    File(String),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line, and with it which organization was exported.
    pub(crate) fn open(input: R) -> Result<(Self, OrgId), Fault> {
        let mut reader = Self { input, line: 0, bytes: Vec::new(), clients: 0, last: None };
        let is_there = reader.advance()?;
        let head: Option<Head> = serde_json::from_slice(&reader.bytes).ok();
        let head = head.filter(|head| is_there && head.format == FORMAT);
        let head = head.ok_or_else(|| Fault::File("it does not begin as an export does".to_owned()))?;
        if head.format_version != FORMAT_VERSION {
            let message =
                format!("it is of format {}, and this program reads format {FORMAT_VERSION}", head.format_version);
            return Err(Fault::File(message));
        }
        let org = head.org_id.parse().map_err(|error| Fault::Line(1, format!("`orgId`: {error}")))?;
        Ok((reader, org))
    }

    /// The next client; `None` where the file ends as it should. After a fault in one line, goes on with
    /// the next.
    pub(crate) fn next(&mut self) -> Result<Option<ClientRecord>, Fault> {
        if !self.advance()? {
            return Err(Fault::File(format!(
                "it ends after line {} and without its last line: it is cut short",
                self.line
            )));
        }
        if self.bytes.starts_with(FOOT) {
            return self.end().map(|()| None);
        }
        self.clients += 1;
        let fields: Fields = serde_json::from_slice(&self.bytes).map_err(|error| {
            self.fault(if error.is_data() {
                "is not an object of a client's fields, each given once".to_owned()
            } else {
                format!("is not JSON (column {})", error.column())
            })
        })?;
        let record = fields.record().map_err(|message| self.fault(message))?;
        if self.last.is_some_and(|last| last >= record.client.id) {
            return Err(
                self.fault("`id` must be greater than that of the line before: clients are in order, each once")
            );
        }
        self.last = Some(record.client.id);
        Ok(Some(record))
    }

    fn end(&mut self) -> Result<(), Fault> {
        let foot: Foot = serde_json::from_slice(&self.bytes).map_err(|_| {
            Fault::File(format!("line {} should be its last one and is not whole: it is cut short", self.line))
        })?;
        if foot.clients != self.clients {
            return Err(Fault::File(format!(
                "its last line says {} clients, but there are {}",
                foot.clients, self.clients
            )));
        }
        if self.advance()? {
            return Err(Fault::File(format!("it goes on after its last line, line {}", self.line - 1)));
        }
        Ok(())
    }

    /// Reads a line, without its end; `false` where there is none.
    fn advance(&mut self) -> Result<bool, Fault> {
        self.bytes.clear();
        let read = self.input.by_ref().take(LINE_BYTES).read_until(b'\n', &mut self.bytes)?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.bytes.pop_if(|last| *last == b'\n').is_none() && read as u64 == LINE_BYTES {
            return Err(Fault::File(format!("line {} is longer than any client is", self.line)));
        }
        Ok(true)
    }

    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::Line(self.line, message.into())
    }
}
