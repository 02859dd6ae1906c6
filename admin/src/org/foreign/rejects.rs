//! The records that are not imported. Each is reported with its first line and the reason: in a file with the original
//! record, or on standard error.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

/// The most reasons on standard error if there is a file.
const SHOWN: u64 = 5;

/// A record as it was in the file.
#[derive(Debug)]
pub(super) enum Original {
    /// The fields of a table's row.
    Row(Vec<String>),
    /// Any text: a row whose fields cannot be told, a line, or a card.
    Text(Vec<u8>),
}

/// Collects rejected records.
#[derive(Debug)]
pub(super) struct Rejects {
    output: Output,
    path: Option<PathBuf>,
    count: u64,
}

#[derive(Debug)]
enum Output {
    /// Reasons alone, on standard error.
    None,
    /// A table with the columns `line`, `reason` and `record` before the original ones, and the number of those. A row
    /// whose fields cannot be told is in `record`, and has no other: imported as it is, it is rejected again.
    Table(Box<csv::Writer<File>>, usize),
    /// Objects with `line` and `reason`.
    Objects(BufWriter<File>),
    /// Cards with `X-LINE` and `X-REASON`.
    Cards(BufWriter<File>),
}

/// The format of a file of rejected records: that of the input.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// A table with this header.
    Table(&'a [String]),
    Objects,
    Cards,
}

impl Rejects {
    pub(super) fn new(path: Option<&Path>, input: &File, kind: &Kind) -> Result<Self> {
        let Some(path) = path else { return Ok(Self { output: Output::None, path: None, count: 0 }) };
        let file = created(path, input).with_context(|| format!("could not write {}", path.display()))?;
        let output = match kind {
            Kind::Table(header) => {
                let mut table = csv::WriterBuilder::new().flexible(true).from_writer(file);
                table
                    .write_record(["line", "reason", "record"].into_iter().chain(header.iter().map(String::as_str)))?;
                Output::Table(Box::new(table), header.len())
            }
            Kind::Objects => Output::Objects(BufWriter::new(file)),
            Kind::Cards => Output::Cards(BufWriter::new(file)),
        };
        Ok(Self { output, path: Some(path.to_owned()), count: 0 })
    }

    /// Reports one record. The reason quotes nothing of it.
    pub(super) fn add(&mut self, line: u64, reason: &str, original: &Original) -> io::Result<()> {
        self.count += 1;
        match &mut self.output {
            Output::None => {}
            Output::Table(table, width) => {
                table.write_field(line.to_string())?;
                table.write_field(reason)?;
                match original {
                    // It can have more fields than the header: the text is not after them.
                    Original::Row(fields) => {
                        table.write_field("")?;
                        table.write_record(fields)?;
                    }
                    Original::Text(text) => {
                        table.write_field(text)?;
                        table.write_record(std::iter::repeat_n("", *width))?;
                    }
                }
            }
            Output::Objects(file) => {
                let text = original.text();
                let mut object = match serde_json::from_slice::<Map<String, Value>>(text) {
                    Ok(object) => object,
                    Err(_) => Map::from_iter([("record".to_owned(), json!(String::from_utf8_lossy(text)))]),
                };
                object.insert("line".to_owned(), json!(line));
                object.insert("reason".to_owned(), json!(reason));
                writeln!(file, "{}", Value::Object(object))?;
            }
            Output::Cards(file) => {
                let text = original.text();
                let (begin, rest) = text.split_at(text.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1));
                file.write_all(begin)?;
                write!(file, "X-LINE:{line}\r\nX-REASON:{reason}\r\n")?;
                file.write_all(rest)?;
                if !rest.ends_with(b"\n") {
                    file.write_all(b"\r\n")?;
                }
            }
        }
        if self.path.is_none() || self.count <= SHOWN {
            eprintln!("line {line}: {reason}");
        } else if self.count == SHOWN + 1 {
            eprintln!("…");
        }
        Ok(())
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Completes the file, and gives its path. If no record was rejected, there is no file.
    pub(super) fn finish(self) -> Result<Option<PathBuf>> {
        match self.output {
            Output::None => {}
            Output::Table(mut table, _) => table.flush()?,
            Output::Objects(mut file) | Output::Cards(mut file) => file.flush()?,
        }
        match self.path {
            Some(path) if self.count == 0 => {
                std::fs::remove_file(&path).with_context(|| format!("could not remove {}", path.display()))?;
                Ok(None)
            }
            path => Ok(path),
        }
    }
}

impl Original {
    fn text(&self) -> &[u8] {
        match self {
            Self::Text(text) => text,
            Self::Row(_) => &[],
        }
    }
}

/// Creates the file, for its owner alone: it has personal data. It must not be the input.
fn created(path: &Path, input: &File) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
        options.mode(0o600);
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        if let (Ok(file), Ok(input)) = (path.metadata(), input.metadata())
            && identity(file) == identity(input)
        {
            bail!("it is the input");
        }
    }
    #[cfg(not(unix))]
    let _ = input;
    let file = options.open(path)?;
    file.set_len(0)?;
    Ok(file)
}
