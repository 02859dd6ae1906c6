//! The header of a table. Reports have a title or a few lines more before it.

use std::io::{self, BufRead};

use super::{
    columns::{Columns, Mapping},
    csv::{Row, Rows, Splitter},
    delimiter,
};

/// The most rows before the header.
const ROWS_BEFORE: usize = 10;
/// The rows after the header by which columns without a name are recognized.
const ROWS_AFTER: usize = 20;
/// The fewest known columns of a header that is not the first row.
const KNOWN: usize = 2;

/// A header.
#[derive(Debug)]
pub(super) struct Header {
    /// The number of its first line.
    pub(super) line: u64,
    /// The number of rows before it.
    pub(super) before: usize,
    /// The names, or the reason why they cannot be told.
    pub(super) names: Result<Vec<String>, &'static str>,
}

/// Reads the header: the first row with a name and another known column, else the first row; `None` if there is no row.
pub(super) fn read<R: BufRead>(rows: &mut Rows<R>, mappings: &[Mapping]) -> io::Result<Option<Header>> {
    let Some(first) = rows.next()? else { return Ok(None) };
    let is_known = |row: &Row| {
        row.fields.as_ref().is_ok_and(|names| {
            let (has_name, known) = Columns::score(names, mappings);
            has_name && known >= KNOWN
        })
    };
    let has_name = first.fields.as_ref().is_ok_and(|names| Columns::score(names, mappings).0);
    if has_name {
        return Ok(Some(header(first, 0)));
    }
    if let Some(unwrapped) = unwrapped(rows, &first, mappings) {
        return Ok(Some(Header { line: first.line, before: 0, names: Ok(unwrapped) }));
    }
    let mut others = Vec::new();
    while others.len() < ROWS_BEFORE {
        let Some(row) = rows.next()? else { break };
        if is_known(&row) {
            return Ok(Some(header(row, others.len() + 1)));
        }
        others.push(row);
    }
    rows.give_back(others);
    Ok(Some(header(first, 0)))
}

/// The number of columns that all of the first rows have beyond a header of this width. One row alone is at fault
/// itself.
pub(super) fn unnamed<R: BufRead>(rows: &mut Rows<R>, width: usize) -> io::Result<usize> {
    let mut first = Vec::new();
    while first.len() < ROWS_AFTER {
        let Some(row) = rows.next()? else { break };
        first.push(row);
    }
    let filled = |row: &Row| {
        let fields = row.fields.as_ref().ok()?;
        fields.iter().rposition(|field| !field.trim().is_empty()).map(|last| last + 1)
    };
    let mut widths = first.iter().filter_map(filled);
    let unnamed = match (widths.next(), widths.next()) {
        (Some(one), Some(other)) if one == other && widths.all(|width| width == one) => one.saturating_sub(width),
        _ => 0,
    };
    rows.give_back(first);
    Ok(unnamed)
}

fn header(row: Row, before: usize) -> Header {
    Header { line: row.line, before, names: row.fields }
}

/// The header in the one field of a row: a spreadsheet has quoted each line of the file as a whole.
fn unwrapped<R: BufRead>(rows: &mut Rows<R>, first: &Row, mappings: &[Mapping]) -> Option<Vec<String>> {
    let [field] = first.fields.as_ref().ok()?.as_slice() else { return None };
    if !first.text.starts_with(b"\"") {
        return None;
    }
    let inner = delimiter::CANDIDATES.into_iter().find(|delimiter| {
        Splitter::new(*delimiter).within(field).is_some_and(|names| {
            let (has_name, _) = Columns::score(&names, mappings);
            has_name && names.len() > 1
        })
    })?;
    rows.unwrap_fields(inner);
    Splitter::new(inner).within(field)
}
