//! The delimiter of a table. The header decides: the delimiter that splits it into known columns is right, whatever the
//! notes contain.

use super::{
    columns::{Columns, Mapping},
    csv::{NO_DELIMITER, Rows},
    header,
    lines::Lines,
};

/// The delimiters that are tried, the most common first.
pub(super) const CANDIDATES: [u8; 6] = [b',', b';', b'\t', b'|', b'^', b':'];
/// The most rows whose width is compared with that of the header.
const ROWS: usize = 50;

/// The delimiter that the line `sep=;` names, as spreadsheet programs write it before the header.
pub(super) fn announced(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (name, delimiter) = line.split_at_checked(4)?;
    match delimiter {
        [one] if name.eq_ignore_ascii_case(b"sep=") => Some(*one),
        _ => None,
    }
}

/// The most probable delimiter of a table that begins with `sample`.
pub(super) fn guess(sample: &[u8], mappings: &[Mapping]) -> u8 {
    let score = |delimiter: u8| {
        let mut rows = Rows::new(Lines::new(sample, sample), delimiter);
        let header = header::read(&mut rows, mappings).ok().flatten().and_then(|header| header.names.ok());
        let header = header.unwrap_or_default();
        let width = header.len();
        let (has_name, read) = Columns::score(&header, mappings);
        let mut same = 0;
        if width > 1 {
            for _ in 0..ROWS {
                let Ok(Some(row)) = rows.next() else { break };
                same += usize::from(row.fields.is_ok_and(|fields| fields.len() == width));
            }
        }
        (width > 1, has_name, read, same, width)
    };
    let scored = CANDIDATES.iter().rev().map(|delimiter| (score(*delimiter), *delimiter));
    match scored.max_by_key(|(score, _)| *score) {
        Some(((true, ..), delimiter)) => delimiter,
        _ => NO_DELIMITER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_delimiter_and_notes_do_not() {
        for (sample, delimiter) in [
            ("name,phone\nAnn;Bob;Carl,1\n", b','),
            ("Name;Phone;Notes\nAnn;1;tea, coffee, milk, sugar, bread\n", b';'),
            ("Name\tNotes\nAnn\ta, b, c; d; e\n", b'\t'),
            ("name|phone|notes\nAnn|1|a,b,c\n", b'|'),
            ("\"Name, full\";\"Phone\"\n\"Lee, Ann\";1\n", b';'),
            ("Kontakt;Tel, mobil\nA;1\n", b';'),
            ("foo;bar\n1;2\n", b';'),
            ("name\nDoe, John\n", NO_DELIMITER),
            ("", NO_DELIMITER),
        ] {
            assert_eq!(guess(sample.as_bytes(), &[]), delimiter, "{sample}");
        }
        let mapping = "name=Wer".parse().unwrap();
        assert_eq!(guess(b"Wer;Was, wann, wo\nAnn;1,2,3\n", &[mapping]), b';');
    }

    #[test]
    fn a_spreadsheet_announces_its_delimiter() {
        assert_eq!(announced(b"sep=;"), Some(b';'));
        assert_eq!(announced(b"SEP=\t"), Some(b'\t'));
        assert_eq!(announced(b"\"sep=,\""), Some(b','));
        assert_eq!(announced(b"sep"), None);
        assert_eq!(announced(b"sep=name"), None);
    }
}
