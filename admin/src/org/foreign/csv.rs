//! The records of a CSV file. `csv-core` reads their fields. Where a record ends is decided here, so that a bad
//! quotation mark costs one record: if the record that it opens turns out not to be one, its first line alone is
//! refused, and reading goes on with the second.

use std::{
    collections::{BTreeSet, VecDeque},
    io::{self, BufRead},
};

use csv_core::{ReadRecordResult, Terminator};

use super::lines::{Line, Lines, without_break};

/// The delimiter of a file that has one column.
pub(super) const NO_DELIMITER: u8 = 0x1f;
/// The most lines of one record: notes can have 5,000 line breaks. A quotation mark that is closed later than this was not
/// meant to open a field.
const RECORD_LINES: usize = 5_001;
/// The most bytes of a record of several lines.
const RECORD_BYTES: usize = 256 * 1024;
/// The most numbers of fields that are remembered as usual in the file.
const WIDTHS: usize = 16;

const TOO_LONG: &str = "the line is longer than 1 MB";
const BAD_QUOTE: &str = "a quotation mark opens a field and is not closed properly";
const AFTER_BAD_QUOTE: &str =
    "the line follows a bad quotation mark and has another number of fields: it may belong to that record";

/// A record and its first line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The number of its first line.
    pub(super) line: u64,
    /// Its bytes, without the last line break.
    pub(super) text: Vec<u8>,
    /// Its fields, or the reason why they cannot be told.
    pub(super) fields: Result<Vec<String>, &'static str>,
}

/// Reads rows.
#[derive(Debug)]
pub(super) struct Rows<R> {
    lines: Lines<R>,
    splitter: Splitter,
    /// Splits fields that are whole records: a spreadsheet that splits at semicolons quotes each line of a file with
    /// commas.
    inner: Option<Splitter>,
    /// For each column of the header, whether its fields have one line. Empty before the header.
    one_line: Vec<bool>,
    widths: BTreeSet<usize>,
    returned: VecDeque<Row>,
    /// Whether the line before had a bad quotation mark, so that this one may be the rest of its record.
    is_recovering: bool,
}

impl<R: BufRead> Rows<R> {
    pub(super) fn new(lines: Lines<R>, delimiter: u8) -> Self {
        Self {
            lines,
            splitter: Splitter::new(delimiter),
            inner: None,
            one_line: Vec::new(),
            widths: BTreeSet::new(),
            returned: VecDeque::new(),
            is_recovering: false,
        }
    }

    /// Tells that each field is a whole record with this delimiter.
    pub(super) fn unwrap_fields(&mut self, delimiter: u8) {
        self.inner = Some(Splitter::new(delimiter));
    }

    /// Tells the columns of the header: for each, whether its fields have one line.
    pub(super) fn expect(&mut self, one_line: Vec<bool>) {
        self.widths.insert(one_line.len());
        self.one_line = one_line;
    }

    /// Gives rows back, to be read again.
    pub(super) fn give_back(&mut self, rows: Vec<Row>) {
        self.returned.extend(rows);
    }

    /// The next row that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        if let Some(row) = self.returned.pop_front() {
            return Ok(Some(row));
        }
        let first = loop {
            match self.lines.next()? {
                None => return Ok(None),
                Some(line) if line.is_blank() && self.splitter.delimiter != b'\t' => {}
                Some(line) if line.content().is_empty() => {}
                Some(line) => break line,
            }
        };
        if first.is_cut {
            return Ok(Some(refused(first, TOO_LONG)));
        }
        let mut scan = Scan::new(self.splitter.delimiter);
        let mut end = scan.read(&first.bytes);
        let (mut text, mut others) = (first.bytes.clone(), Vec::new());
        while end == End::Open && others.len() < RECORD_LINES && text.len() < RECORD_BYTES {
            let Some(line) = self.lines.next()? else { break };
            if line.is_cut {
                others.push(line);
                break;
            }
            text.extend_from_slice(&line.bytes);
            end = scan.read(&line.bytes);
            others.push(line);
        }
        let row = (end == End::Complete).then(|| {
            text.truncate(without_break(&text).len());
            let fields = self.splitter.fields(&text, &scan);
            if let Some(inner) = &mut self.inner
                && fields.len() == 1
            {
                return match inner.within(&fields[0]) {
                    Some(fields) => Row { line: first.number, text, fields: Ok(fields) },
                    None => Row { line: first.number, text, fields: Err(BAD_QUOTE) },
                };
            }
            Row { line: first.number, text, fields: Ok(fields) }
        });
        match row {
            Some(row) if !self.swallows(&row, &first, &others) => Ok(Some(self.judged(row))),
            _ => {
                self.lines.give_back(others);
                self.is_recovering = true;
                Ok(Some(refused(first, BAD_QUOTE)))
            }
        }
    }

    /// A row that is complete in itself.
    fn judged(&mut self, mut row: Row) -> Row {
        let width = row.fields.as_ref().map_or(0, Vec::len);
        if self.is_recovering && !self.one_line.is_empty() && !self.widths.contains(&width) {
            row.fields = Err(AFTER_BAD_QUOTE);
            return row;
        }
        self.is_recovering = false;
        if self.widths.len() < WIDTHS {
            self.widths.insert(width);
        }
        row
    }

    /// Whether a record of several lines is really several records, joined by a bad quotation mark: it does not fit the
    /// header, and one of its later lines does. If only a line break is in the way, its first line must look like a record
    /// too: else it is a break within a name.
    fn swallows(&mut self, row: &Row, first: &Line, others: &[Line]) -> bool {
        let width = self.one_line.len();
        let Ok(fields) = &row.fields else { return false };
        if others.is_empty() || width < 2 || self.inner.is_some() {
            return false;
        }
        let spans = |(field, one_line): (&String, &bool)| *one_line && field.contains(['\n', '\r']);
        let parts = |line: &Line| line.bytes.iter().filter(|byte| **byte == self.splitter.delimiter).count() + 1;
        let fits = self.widths.contains(&fields.len())
            && (parts(first) != width || !fields.iter().zip(&self.one_line).any(spans));
        !fits
            && others.iter().any(|line| {
                let mut scan = Scan::new(self.splitter.delimiter);
                let is_record = scan.read(&line.bytes) == End::Complete && scan.fields == width;
                is_record || parts(line) == width
            })
    }
}

/// Splits records into fields.
#[derive(Debug)]
pub(super) struct Splitter {
    delimiter: u8,
    reader: csv_core::Reader,
}

impl Splitter {
    pub(super) fn new(delimiter: u8) -> Self {
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).terminator(Terminator::Any(b'\n')).build();
        Self { delimiter, reader }
    }

    /// The fields of a record that is within a field; `None` if its quotation marks are wrong.
    pub(super) fn within(&mut self, field: &str) -> Option<Vec<String>> {
        let mut scan = Scan::new(self.delimiter);
        let end = field.split_inclusive('\n').map(|line| scan.read(line.as_bytes())).last();
        (end == Some(End::Complete)).then(|| self.fields(field.as_bytes(), &scan))
    }

    /// The fields of a complete record that was scanned.
    fn fields(&mut self, text: &[u8], scan: &Scan) -> Vec<String> {
        let mut input = Vec::with_capacity(text.len() + 1);
        let mut start = 0;
        for (from, to) in &scan.spaces {
            input.extend_from_slice(&text[start..*from]);
            start = *to;
        }
        input.extend_from_slice(&text[start..]);
        input.push(b'\n');
        let mut output = vec![0; input.len()];
        let mut ends = vec![0; scan.fields + 1];
        self.reader.reset();
        let (result, _, _, found) = self.reader.read_record(&input, &mut output, &mut ends);
        debug_assert_eq!(result, ReadRecordResult::Record);
        let mut start = 0;
        let field = |end: &usize| {
            let field = String::from_utf8_lossy(&output[start..*end]).into_owned();
            start = *end;
            field
        };
        ends[..found].iter().map(field).collect()
    }
}

fn refused(line: Line, reason: &'static str) -> Row {
    Row { line: line.number, text: line.content().to_vec(), fields: Err(reason) }
}

/// Whether a record is complete at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Complete,
    /// It goes on within quotation marks.
    Open,
    /// Something other than a delimiter follows a closing quotation mark.
    Malformed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Start,
    /// After spaces at the start of a field.
    Spaces,
    Plain,
    Quoted,
    Closed,
}

/// Finds the end of a record.
#[derive(Debug)]
struct Scan {
    delimiter: u8,
    within: Within,
    fields: usize,
    /// The number of bytes so far.
    position: usize,
    /// The start of the field.
    start: usize,
    /// The spaces between a delimiter and a quotation mark, which are no part of the field.
    spaces: Vec<(usize, usize)>,
}

impl Scan {
    fn new(delimiter: u8) -> Self {
        Self { delimiter, within: Within::Start, fields: 1, position: 0, start: 0, spaces: Vec::new() }
    }

    fn read(&mut self, line: &[u8]) -> End {
        let length = without_break(line).len();
        let begin = self.position;
        self.position += line.len();
        for (at, byte) in line[..length].iter().enumerate() {
            self.within = match (self.within, *byte) {
                (Within::Quoted, b'"') => Within::Closed,
                (Within::Start | Within::Closed, b'"') | (Within::Quoted, _) => Within::Quoted,
                (Within::Spaces, b'"') => {
                    self.spaces.push((self.start, begin + at));
                    Within::Quoted
                }
                (_, byte) if byte == self.delimiter => {
                    self.fields += 1;
                    self.start = begin + at + 1;
                    Within::Start
                }
                (Within::Closed, b' ' | b'\t') => Within::Closed,
                (Within::Closed, _) => return End::Malformed,
                (Within::Start | Within::Spaces, b' ') => Within::Spaces,
                (Within::Start | Within::Spaces | Within::Plain, _) => Within::Plain,
            };
        }
        if self.within == Within::Quoted { End::Open } else { End::Complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows after the header, whose fields have one line except in the column `notes`.
    fn rows(text: &str) -> Vec<Row> {
        let mut rows = Rows::new(Lines::new(text.as_bytes(), text.as_bytes()), b',');
        let header = rows.next().unwrap().unwrap().fields.unwrap();
        rows.expect(header.iter().map(|header| header != "notes").collect());
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    /// For each row, its line and its first field, or none if it is refused.
    fn names(text: &str) -> Vec<(u64, Option<String>)> {
        let name = |row: Row| (row.line, row.fields.ok().map(|mut fields| fields.swap_remove(0)));
        rows(text).into_iter().map(name).collect()
    }

    fn named(all: &[(u64, &str)]) -> Vec<(u64, Option<String>)> {
        all.iter().map(|(line, name)| (*line, Some((*name).to_owned()).filter(|name| name != "-"))).collect()
    }

    #[test]
    fn quoted_line_breaks_belong_to_their_record() {
        let text = "name,notes,phone\r\nAnn,\"one\r\ntwo, \"\"three\"\"\r\n\r\nfour\",1\r\nBob,x,2\r\n";
        let rows = rows(text);
        assert_eq!(rows[0].fields.as_ref().unwrap(), &["Ann", "one\r\ntwo, \"three\"\r\n\r\nfour", "1"]);
        assert_eq!((rows[0].line, rows[1].line), (2, 6));
    }

    #[test]
    fn notes_have_as_many_lines_as_a_client_can_have() {
        let text = format!("name,notes\nAnn,\"{}\"\nBob,x\n", "\n".repeat(5_000));
        assert_eq!(names(&text), named(&[(2, "Ann"), (5_003, "Bob")]));
    }

    #[test]
    fn ragged_rows_and_blank_lines_are_survived() {
        let text = "name,notes,phone\n\nAnn\n   \nBob,x,2,,\n,,\nCarl,\"a\nb\"\n";
        assert_eq!(names(text), named(&[(3, "Ann"), (5, "Bob"), (6, ""), (7, "Carl")]));
    }

    #[test]
    fn a_quotation_mark_within_a_plain_field_is_a_letter() {
        let rows = rows("name,notes\n5\" pipe,3'4\"\n\"O\"\"Neill\" ,x\n");
        assert_eq!(rows[0].fields.as_ref().unwrap(), &["5\" pipe", "3'4\""]);
        assert_eq!(rows[1].fields.as_ref().unwrap()[0].trim(), "O\"Neill");
    }

    #[test]
    fn spaces_before_a_quotation_mark_are_no_part_of_the_field() {
        let rows = rows("name, notes\n \"Ann\",  \"one, two\" \nBob, x\n");
        assert_eq!(rows[0].fields.as_ref().unwrap(), &["Ann", "one, two "]);
        assert_eq!(rows[1].fields.as_ref().unwrap(), &["Bob", " x"]);
    }

    #[derive(serde::Deserialize)]
    struct Case {
        about: String,
        text: String,
        rows: Vec<(u64, Option<String>)>,
    }

    #[test]
    fn one_bad_quotation_mark_costs_no_other_row() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../../tests/cases/quotation-marks.json")).unwrap();
        for Case { about, text, rows } in cases {
            assert_eq!(names(&text), rows, "{about} {text}");
        }
    }

    #[test]
    fn a_bad_quotation_mark_among_many_rows_costs_one() {
        for bad in ["\"Ann,1,x", "Ann,\"1,x", "Ann,1,\"x", "\"Ann\"x,1,x", "Ann,1,\"\"x\""] {
            let good = |at: u64| match at % 4 {
                0 => format!("name {at},1,plain"),
                1 => format!("\"name {at}\",1,\"quoted, with \"\"marks\"\"\""),
                2 => format!("name {at},,\"two\nlines\""),
                _ => format!("name {at}"),
            };
            let mut text = "name,phone,notes\n".to_owned();
            for at in 0..3_000 {
                text += &good(at);
                text += "\n";
                if at == 1_001 {
                    text += bad;
                    text += "\n";
                }
            }
            let names = names(&text);
            assert_eq!(names.iter().filter(|(_, name)| name.is_none()).count(), 1, "{bad}");
            assert_eq!(names.len(), 3_001, "{bad}");
        }
    }

    #[test]
    fn every_letter_of_a_file_is_in_a_row() {
        const PARTS: [&str; 9] = ["\"", "\"", ",", ",", "\n", "a", "b c", "\"\"", "\r\n"];
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..3_000 {
            let length = random.usize(0..40);
            let body: String = (0..length).map(|_| PARTS[random.usize(0..PARTS.len())]).collect();
            let rows = rows(&format!("name,notes\n{body}"));
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            let read: String = rows.iter().map(|row| letters(&String::from_utf8_lossy(&row.text))).collect();
            assert_eq!(read, letters(&body), "{body:?}");
            assert!(rows.is_sorted_by_key(|row| row.line));
        }
    }
}
