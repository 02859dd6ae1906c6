//! The encoding of a file. The whole file decides, not its start: one letter on the last page tells UTF-8 from a
//! legacy encoding.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;

/// The bytes at the start of a file by which its format is recognized.
const SAMPLE_BYTES: u64 = 256 * 1024;
/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
const CHUNK_BYTES: usize = 64 * 1024;
/// The longest start of a UTF-8 sequence that can be missing its end.
const SEQUENCE_BYTES: usize = 4;

/// A file's encoding, length and start.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The encoding. If it is UTF-8, a few bytes may still be damaged.
    pub(crate) encoding: &'static Encoding,
    /// The length of the file in bytes.
    pub(crate) bytes: u64,
    /// The first bytes, as they are.
    pub(crate) start: Vec<u8>,
    /// The first bytes in UTF-8, without a byte order mark.
    pub(crate) sample: Vec<u8>,
}

/// Reads a file once, from its current position.
///
/// # Errors
/// Fails if the file cannot be read.
pub(crate) fn survey(file: &mut (impl Read + Seek), given: Option<&'static Encoding>) -> io::Result<Survey> {
    let from = file.stream_position()?;
    let mut start = Vec::new();
    file.by_ref().take(SAMPLE_BYTES).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(from))?;
    let marked = Encoding::for_bom(&start).map(|(encoding, _)| encoding).or_else(|| unmarked_utf16(&start));
    let (counted, bytes) = count(file)?;
    let encoding = given.or(marked).unwrap_or(counted);
    let mut sample = Vec::new();
    decoded(&start[..], encoding)?.take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    Ok(Survey { encoding, bytes, start, sample })
}

/// The text of a file in UTF-8, without a byte order mark. UTF-8 itself is passed on as it is, damaged or not.
pub(super) fn decoded<'a>(mut input: impl Read + 'a, encoding: &'static Encoding) -> io::Result<Box<dyn Read + 'a>> {
    if encoding != UTF_8 {
        let mut builder = DecodeReaderBytesBuilder::new();
        return Ok(Box::new(builder.encoding(Some(encoding)).strip_bom(true).build(input)));
    }
    let mut start = Vec::new();
    input.by_ref().take(MARK.len() as u64).read_to_end(&mut start)?;
    if start == MARK {
        start.clear();
    }
    Ok(Box::new(io::Cursor::new(start).chain(input)))
}

/// UTF-16 without a byte order mark: every other byte of most texts is zero.
fn unmarked_utf16(start: &[u8]) -> Option<&'static Encoding> {
    let zeros = |from: usize| start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), start.len() / 2);
    if half == 0 || (even + odd) * 3 < half {
        return None;
    }
    if even * 10 < odd {
        Some(UTF_16LE)
    } else if odd * 10 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The encoding of the rest of a file without a byte order mark, and its length.
fn count(file: &mut impl Read) -> io::Result<(&'static Encoding, u64)> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let mut input = io::BufReader::with_capacity(CHUNK_BYTES, file);
    let (mut bytes, mut letters, mut damaged) = (0, 0_u64, 0_u64);
    let mut carried = Vec::new();
    loop {
        let chunk = input.fill_buf()?;
        let is_last = chunk.is_empty();
        detector.feed(chunk, is_last);
        let length = chunk.len();
        bytes += length as u64;
        if carried.is_empty() && chunk.is_ascii() {
            // Most chunks of most files.
        } else {
            carried.extend_from_slice(chunk);
            let mut rest = Vec::new();
            let mut chunks = carried.utf8_chunks().peekable();
            while let Some(chunk) = chunks.next() {
                letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count() as u64;
                let invalid = chunk.invalid();
                if !is_last && chunks.peek().is_none() && invalid.len() < SEQUENCE_BYTES {
                    // It may be completed by the next chunk.
                    rest = invalid.to_vec();
                } else {
                    damaged += u64::from(!invalid.is_empty());
                }
            }
            carried = rest;
        }
        if is_last {
            break;
        }
        input.consume(length);
    }
    if damaged == 0 {
        return Ok((UTF_8, bytes));
    }
    let guess = detector.guess(None, Utf8Detection::Deny);
    // In a single-byte encoding few letters look like UTF-8. In the others, some do by chance.
    let needed = if guess.is_single_byte() { damaged } else { 10 * damaged };
    Ok((if letters >= needed { UTF_8 } else { guess }, bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn survey_of(bytes: &[u8]) -> (&'static str, String) {
        let survey = survey(&mut Cursor::new(bytes), None).unwrap();
        assert_eq!(survey.bytes, bytes.len() as u64);
        (survey.encoding.name(), String::from_utf8_lossy(&survey.sample).into_owned())
    }

    #[test]
    fn utf_8_is_recognized_with_and_without_a_byte_order_mark() {
        assert_eq!(survey_of("name\nJosé".as_bytes()), ("UTF-8", "name\nJosé".to_owned()));
        assert_eq!(survey_of("\u{feff}name\nJosé".as_bytes()), ("UTF-8", "name\nJosé".to_owned()));
        assert_eq!(survey_of(b"name\nJose"), ("UTF-8", "name\nJose".to_owned()));
        assert_eq!(survey_of(b""), ("UTF-8", String::new()));
    }

    #[test]
    fn utf_16_is_recognized_with_and_without_a_byte_order_mark() {
        let text = "name,phone\r\nJosé Łęcki,1\r\n";
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}{text}");
            let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert_eq!(survey_of(&little), ("UTF-16LE", text.trim_start_matches('\u{feff}').to_owned()));
            assert_eq!(survey_of(&big), ("UTF-16BE", text.trim_start_matches('\u{feff}').to_owned()));
        }
    }

    #[test]
    fn legacy_encodings_are_told_by_their_letters_wherever_these_are() {
        for (encoding, text) in [
            (encoding_rs::WINDOWS_1252, "Müller;Größe;José;Françoise"),
            (encoding_rs::WINDOWS_1251, "Иванов Пётр Сергеевич;Москва;клиент"),
            (encoding_rs::WINDOWS_1250, "Żółkiewski;Wałęsa;Kraków;Dvořák;Příbram"),
            (encoding_rs::SHIFT_JIS, "山田太郎;東京都;カタカナ;ひらがなです"),
            (encoding_rs::GBK, "张伟;北京市朝阳区;客户名称;电话号码"),
        ] {
            let (bytes, ..) = encoding.encode(text);
            let late = [&b"name;phone\n".repeat(40_000)[..], &bytes].concat();
            assert_eq!(survey_of(&bytes).0, encoding.name());
            assert_eq!(survey_of(&late).0, encoding.name());
        }
    }

    #[test]
    fn a_damaged_byte_does_not_make_another_encoding_of_utf_8() {
        assert_eq!(survey_of("José\nZoë\nJos\u{e9}".as_bytes()).0, "UTF-8");
        assert_eq!(survey_of(b"Jos\xc3\xa9\nZo\xeb\n").0, "UTF-8");
    }

    #[test]
    fn a_letter_across_two_chunks_is_one_letter() {
        let text = format!("{}é", "a".repeat(CHUNK_BYTES - 1));
        assert_eq!(survey_of(text.as_bytes()).0, "UTF-8");
    }

    #[test]
    fn an_encoding_that_is_given_is_not_questioned() {
        let survey = survey(&mut Cursor::new(b"caf\x8e"), Some(encoding_rs::MACINTOSH)).unwrap();
        assert_eq!(survey.sample, "café".as_bytes());
    }
}
