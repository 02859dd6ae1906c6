//! The format of a file, by its content. Its name says nothing: people rename workbooks to `.csv`.

use clap::ValueEnum;
use serde::Serialize;

use super::encoding::Survey;

/// The formats of files that clients are imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A table with a header, any delimiter
    Csv,
    /// One JSON object a line
    Ndjson,
    /// vCard 2.1, 3.0 and 4.0
    Vcard,
    /// An export of this program, as NDJSON
    Export,
}

/// The format of a file that can be imported, or an error that names the file's format and says what to do.
pub(crate) fn format(survey: &Survey) -> Result<Format, String> {
    if survey.bytes == 0 {
        return Err("it is empty: export or download the data again".to_owned());
    }
    if let Some(name) = binary(&survey.start, &survey.sample) {
        return Err(name);
    }
    let text = survey.sample.trim_ascii_start();
    if text.is_empty() {
        return Err("it is empty, but for blank lines: export or download the data again".to_owned());
    }
    let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    if starts(line, "BEGIN:VCARD") {
        return Ok(Format::Vcard);
    }
    if starts(line, "BEGIN:VCALENDAR") {
        return Err("it is a calendar: export the contacts as vCard or CSV".to_owned());
    }
    if line.starts_with(b"{") && is_like_json(&line[1..]) {
        if contains(line, b"\"clients-api/organization\"") {
            return Ok(Format::Export);
        }
        if contains(line, b"\"createdWith\":") && contains(line, b"\"version\":") {
            return Err(
                "it does not begin like an export: its first line is missing; export or copy it again".to_owned()
            );
        }
        return Ok(Format::Ndjson);
    }
    if line.starts_with(b"[") && (is_like_json(&line[1..]) || line[1..].trim_ascii_start().starts_with(b"{")) {
        return Err("it is one JSON array, and NDJSON has one object a line: convert it with `jq -c '.[]'`".to_owned());
    }
    if line.starts_with(b"<") {
        let is_page = [&b"<!doctype html"[..], b"<html", b"<table", b"<head", b"<body", b"<meta"];
        let start = text[..text.len().min(4096)].to_ascii_lowercase();
        if start.starts_with(b"<?xml") && contains(&start, b"urn:schemas-microsoft-com:office:spreadsheet") {
            return Err(WORKBOOK.to_owned());
        }
        if is_page.iter().any(|tag| contains(&start, tag)) {
            return Err("it is a web page (HTML), perhaps a login or an error page: download the data again".to_owned());
        }
        return Err("it is XML: export the data as CSV".to_owned());
    }
    Ok(Format::Csv)
}

const WORKBOOK: &str = "it is a workbook of a spreadsheet program: open it there and save the sheet as CSV (UTF-8)";

/// The name of a format that is not text.
fn binary(start: &[u8], sample: &[u8]) -> Option<String> {
    if start.starts_with(b"%PDF-") {
        return Some("it is a PDF: ask for the data as CSV".to_owned());
    }
    if start.starts_with(b"{\\rtf") {
        return Some("it is a document (RTF): save the table as CSV".to_owned());
    }
    if start.starts_with(b"PK\x03\x04") {
        let is_workbook = [&b"xl/"[..], b"[Content_Types].xml", b"opendocument.spreadsheet", b"Index/Document.iwa"];
        if contains(start, b"word/") || contains(start, b"opendocument.text") {
            return Some("it is a document of a word processor: save its table as CSV".to_owned());
        }
        return Some(if is_workbook.iter().any(|part| contains(start, part)) {
            WORKBOOK.to_owned()
        } else {
            "it is an archive (ZIP): unpack it first".to_owned()
        });
    }
    if start.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Some(WORKBOOK.to_owned());
    }
    // A text may begin with the two letters of some format.
    let zeros = sample.iter().filter(|byte| **byte == 0).count();
    let is_text = zeros * 20 < sample.len().max(1) && controls(sample) * 20 < sample.len().max(1);
    if is_text
        && !start.starts_with(b"\x1f\x8b")
        && !start.starts_with(b"\x89PNG")
        && !start.starts_with(b"\xff\xd8\xff")
    {
        return None;
    }
    let kind = infer::get(start);
    let is_packed =
        |mime: &str| ["zip", "tar", "7z", "rar", "xz", "zstd", "compress"].iter().any(|name| mime.contains(name));
    Some(match kind.map(|kind| kind.mime_type()) {
        Some(mime) if is_packed(mime) => format!("it is an archive ({mime}): unpack it first"),
        Some(mime) if mime.starts_with("image/") => {
            format!("it is an image ({mime}): ask for the data as CSV, NDJSON or vCard")
        }
        Some(mime) => format!("it is of the type {mime}: ask for the data as CSV, NDJSON or vCard"),
        None => "it is not text; if it is in UTF-16 or UTF-32, save it as UTF-8".to_owned(),
    })
}

fn controls(sample: &[u8]) -> usize {
    sample.iter().filter(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\r' | b'\t' | 0 | 0x1f)).count()
}

/// Whether the text after a bracket goes on as JSON does.
fn is_like_json(rest: &[u8]) -> bool {
    matches!(rest.trim_ascii_start().first(), None | Some(b'"' | b'}' | b']'))
}

fn starts(line: &[u8], with: &str) -> bool {
    line.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn format_of(bytes: &[u8]) -> Result<Format, String> {
        format(&super::super::encoding::survey(&mut Cursor::new(bytes), None).unwrap())
    }

    #[test]
    fn the_content_decides() {
        for (bytes, expected) in [
            (&b"name,phone\nAnn,1\n"[..], Format::Csv),
            (b"\n\n\xef\xbb\xbfname", Format::Csv),
            (b"\xef\xbb\xbf\r\n{\"name\":\"Ann\"}", Format::Ndjson),
            (b"{ \"name\": \"Ann\"}", Format::Ndjson),
            (b"{\"format\":\"clients-api/organization\"}", Format::Export),
            (b"\xef\xbb\xbfbegin:vcard\r\nversion:2.1", Format::Vcard),
            (b"BMI,name\n", Format::Csv),
            (b"MZ;ID3;name\n", Format::Csv),
            (b"[name],[phone]\n", Format::Csv),
            (b"{name},{phone}\n", Format::Csv),
        ] {
            assert_eq!(format_of(bytes), Ok(expected), "{}", String::from_utf8_lossy(bytes));
        }
        let utf_16: Vec<u8> = "\u{feff}BEGIN:VCARD\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(format_of(&utf_16), Ok(Format::Vcard));
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let long = |start: &[u8]| [start, &[0, 1, 2, 3].repeat(200)].concat();
        for (bytes, name) in [
            (Vec::new(), "it is empty"),
            (b"\xef\xbb\xbf\n \r\n".to_vec(), "it is empty"),
            (long(b"PK\x03\x04\x14\0\x06\0[Content_Types].xml"), "a workbook"),
            (long(b"PK\x03\x04\x14\0\0\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "a workbook"),
            (long(b"PK\x03\x04\x14\0\0\0clients.csv"), "an archive"),
            (long(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a workbook"),
            (
                b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">".to_vec(),
                "a workbook",
            ),
            (long(b"%PDF-1.7\n"), "a PDF"),
            (b"\n<!DOCTYPE html><html>".to_vec(), "a web page"),
            (b"<html><body><table>".to_vec(), "a web page"),
            (b"<?xml version=\"1.0\"?><clients/>".to_vec(), "XML"),
            (long(b"\x1f\x8b\x08\0"), "an archive"),
            (long(b"\x89PNG\r\n\x1a\n"), "an image"),
            (long(b"\xff\xd8\xff\xe0"), "an image"),
            (long(b"SQLite format 3\0"), "of the type"),
            (long(b"\x01"), "not text"),
            (b"[{\"name\":\"Ann\"}]".to_vec(), "one JSON array"),
            (b"[\n{".to_vec(), "one JSON array"),
            (b"BEGIN:VCALENDAR\n".to_vec(), "a calendar"),
            (b"{\\rtf1 name}".to_vec(), "a document"),
        ] {
            let refused = format_of(&bytes).expect_err(name);
            assert!(refused.contains(name), "{name}: {refused}");
        }
    }
}
