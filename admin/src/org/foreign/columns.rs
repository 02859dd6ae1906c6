//! The columns of a table, and the parts of a client that they hold: by their headers, or as `--map` says.

use std::str::FromStr;

use clap::ValueEnum;

use super::{
    draft::Draft,
    headers::{Part, PhoneKind, normalized, part},
};

/// The longest header that a message repeats, in characters.
const SHOWN_CHARS: usize = 40;
/// A header with more digits is taken for a phone number: the file has no header, and messages must not show its first
/// record.
const SHOWN_DIGITS: usize = 4;
/// The most headers that a message repeats.
const SHOWN: usize = 60;

/// A part of a client that `--map` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Field {
    Id,
    Name,
    Given,
    Family,
    Company,
    Phone,
    Status,
    Notes,
}

impl Field {
    fn part(self) -> Part {
        match self {
            Self::Id => Part::Id,
            Self::Name => Part::Name,
            Self::Given => Part::Given,
            Self::Family => Part::Family,
            Self::Company => Part::Company,
            Self::Phone => Part::Phone(PhoneKind::Main),
            Self::Status => Part::Status,
            Self::Notes => Part::Notes,
        }
    }

    /// Whether a column that was recognized by its header gives way to those that are mapped to this field.
    fn replaces(self, part: Part) -> bool {
        match part {
            Part::Id => self == Self::Id,
            Part::Name
            | Part::BareName
            | Part::Given
            | Part::Middle
            | Part::Family
            | Part::FamilyFirst
            | Part::Suffix => {
                matches!(self, Self::Name | Self::Given | Self::Family)
            }
            Part::Company => self == Self::Company,
            Part::Phone(_) | Part::PhoneLabel(_) | Part::PhoneValue(_) | Part::NoPhone => self == Self::Phone,
            Part::Status => self == Self::Status,
            Part::Notes => self == Self::Notes,
        }
    }
}

/// One `--map FIELD=COLUMN`. Without a column, the field stays empty.
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    field: Field,
    column: String,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, column) = text.split_once('=').ok_or("must be FIELD=COLUMN, as in name=\"Full Name\"")?;
        let field = Field::from_str(field.trim(), true).map_err(|_| {
            let fields = Field::value_variants().iter().filter_map(ValueEnum::to_possible_value);
            let names: Vec<String> = fields.map(|field| field.get_name().to_owned()).collect();
            format!("the field must be one of {}", names.join(", "))
        })?;
        Ok(Self { field, column: column.trim().to_owned() })
    }
}

/// The part that a header names, unless its field is mapped.
pub(super) fn recognized(header: &str, mappings: &[Mapping]) -> Option<Part> {
    part(header).filter(|part| !mappings.iter().any(|mapping| mapping.field.replaces(*part)))
}

/// The parts that are mapped to the column with this header.
pub(super) fn mapped(header: &str, mappings: &[Mapping]) -> impl Iterator<Item = Part> {
    let header = normalized(header);
    let of_header = move |mapping: &&Mapping| !mapping.column.is_empty() && normalized(&mapping.column) == header;
    mappings.iter().filter(of_header).map(|mapping| mapping.field.part()).collect::<Vec<_>>().into_iter()
}

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    headers: Vec<String>,
    /// The columns that are read, by their index.
    read: Vec<(usize, Part)>,
}

impl Columns {
    /// The columns with these headers.
    ///
    /// # Errors
    /// Fails if no column has a name, or if there is no column that a mapping names.
    pub(super) fn new(headers: Vec<String>, mappings: &[Mapping]) -> Result<Self, String> {
        let columns = Self::recognize(headers, mappings);
        let is_missing = |mapping: &&Mapping| {
            let wanted = normalized(&mapping.column);
            !mapping.column.is_empty() && !columns.headers.iter().any(|header| normalized(header) == wanted)
        };
        let mut errors: Vec<String> = mappings
            .iter()
            .filter(is_missing)
            .map(|mapping| format!("there is no column `{}`", mapping.column))
            .collect();
        if errors.is_empty() && !columns.has_name() {
            errors.push("no column is known to have names (`--map name=COLUMN` names one)".to_owned());
        }
        if errors.is_empty() {
            return Ok(columns);
        }
        let all = (0..columns.headers.len()).map(|column| columns.shown(column));
        Err(format!("{}; the columns are {}", errors.join(", "), listed(all)))
    }

    /// The same columns, and more without a header after them.
    pub(super) fn with_unnamed(mut self, number: usize) -> Self {
        self.headers.resize(self.headers.len() + number, String::new());
        self
    }

    fn recognize(headers: Vec<String>, mappings: &[Mapping]) -> Self {
        let mut read: Vec<(usize, Part)> = Vec::new();
        for (column, header) in headers.iter().enumerate() {
            read.extend(recognized(header, mappings).map(|part| (column, part)));
        }
        for mapping in mappings {
            let wanted = normalized(&mapping.column);
            let columns = headers.iter().enumerate().filter(|(_, header)| normalized(header) == wanted);
            if !mapping.column.is_empty() {
                read.extend(columns.map(|(column, _)| (column, mapping.field.part())));
            }
        }
        Self { headers, read }
    }

    /// The number of columns that would be read, and whether one of them has names: the measure of a header.
    pub(super) fn score(headers: &[String], mappings: &[Mapping]) -> (bool, usize) {
        let columns = Self::recognize(headers.to_vec(), mappings);
        (columns.has_name(), columns.read.len())
    }

    fn has_name(&self) -> bool {
        self.read.iter().any(|(_, part)| {
            matches!(part, Part::Name | Part::BareName | Part::Given | Part::Family | Part::FamilyFirst | Part::Company)
        })
    }

    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// For each column, whether its fields have one line.
    pub(super) fn one_line(&self) -> Vec<bool> {
        let is_read = |column| self.read.iter().any(|(at, part)| *at == column && *part != Part::Notes);
        (0..self.headers.len()).map(is_read).collect()
    }

    /// The texts of a row.
    ///
    /// # Errors
    /// Fails if the row has more fields than the header.
    pub(super) fn draft(&self, fields: &[String]) -> Result<Draft, String> {
        let (count, width) = (fields.len(), self.headers.len());
        if fields.iter().skip(width).any(|field| !field.trim().is_empty()) {
            return Err(format!(
                "it has {count} fields, and the header has {width}: a field may lack its quotation marks"
            ));
        }
        let mut draft = Draft::default();
        for (column, part) in &self.read {
            if let Some(text) = fields.get(*column) {
                draft.add(*part, text);
            }
        }
        Ok(draft)
    }

    /// What is read from which column, and which columns are not read.
    pub(super) fn described(&self) -> String {
        let is_read = |column: &usize| self.read.iter().any(|(at, part)| at == column && *part != Part::NoPhone);
        let from = |part: fn(Part) -> bool| {
            let columns = self.read.iter().filter(|(_, of)| part(*of)).map(|(column, _)| self.shown(*column));
            listed(columns)
        };
        let read = [
            ("name", from(|part| Field::Name.replaces(part) || part == Part::Company)),
            ("phone", from(|part| Field::Phone.replaces(part) && part != Part::NoPhone)),
            ("status", from(|part| part == Part::Status)),
            ("notes", from(|part| part == Part::Notes)),
            ("identity", from(|part| part == Part::Id)),
        ];
        let read = read.iter().filter(|(_, columns)| !columns.is_empty());
        let read: Vec<String> = read.map(|(field, columns)| format!("{field} from {columns}")).collect();
        let ignored =
            listed((0..self.headers.len()).filter(|column| !is_read(column)).map(|column| self.shown(column)));
        let ignored = if ignored.is_empty() { String::new() } else { format!(" Not read: {ignored}.") };
        format!("Columns: {}.{ignored}", read.join("; "))
    }

    /// A header as a message shows it. A file may lack its header, so it is not shown if it looks like a client's.
    fn shown(&self, column: usize) -> String {
        shown(&self.headers[column]).unwrap_or_else(|| format!("column {}", column + 1))
    }
}

/// A header as a message shows it, if it can.
pub(super) fn shown(header: &str) -> Option<String> {
    let header = header.split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = header.chars().filter(char::is_ascii_digit).count();
    let can_be_shown = !header.is_empty()
        && header.chars().count() <= SHOWN_CHARS
        && digits <= SHOWN_DIGITS
        && !header.contains('@')
        && !header.contains(char::is_control)
        && !domain::contains_key(&header);
    can_be_shown.then(|| format!("`{header}`"))
}

/// Headers, separated by commas, with the number of those that are too many to show.
pub(super) fn listed(headers: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = headers.collect();
    let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN { format!("{shown} and {} more", all.len() - SHOWN) } else { shown }
}
