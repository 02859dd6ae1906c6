//! The physical lines of a text, with their numbers.

use std::{
    collections::VecDeque,
    io::{self, BufRead},
};

/// The longest line, in bytes. Longer ones are cut, so that no file exhausts the memory.
pub(super) const LINE_BYTES: usize = 1024 * 1024;

/// A physical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number, from 1.
    pub(super) number: u64,
    /// Its bytes, with the line break.
    pub(super) bytes: Vec<u8>,
    /// Whether it was longer than [`LINE_BYTES`], and lacks its end.
    pub(super) is_cut: bool,
}

impl Line {
    /// The bytes without the line break.
    pub(super) fn content(&self) -> &[u8] {
        without_break(&self.bytes)
    }

    pub(super) fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }
}

/// The text without the line break at its end.
pub(super) fn without_break(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Reads lines that end with `\n` or `\r\n`, or with `\r` if there are no other line breaks outside quotation marks: Excel
/// for Mac ends rows with `\r`, and has `\n` in cells.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    end: u8,
    number: u64,
    returned: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`, which begins with `sample`.
    pub(super) fn new(input: R, sample: &[u8]) -> Self {
        Self { input, end: break_of(sample), number: 0, returned: VecDeque::new() }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.returned.pop_front() {
            return Ok(Some(line));
        }
        let (mut bytes, mut is_cut) = (Vec::new(), false);
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = available.iter().position(|byte| *byte == self.end);
            let length = end.map_or(available.len(), |at| at + 1);
            let room = LINE_BYTES.saturating_sub(bytes.len());
            is_cut |= length > room;
            bytes.extend_from_slice(&available[..length.min(room)]);
            self.input.consume(length);
            if end.is_some() || length == 0 {
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line { number: self.number, bytes, is_cut }))
    }

    /// Gives lines back, to be read again.
    pub(super) fn give_back(&mut self, lines: Vec<Line>) {
        for line in lines.into_iter().rev() {
            self.returned.push_front(line);
        }
    }
}

/// The byte at the end of each line.
fn break_of(sample: &[u8]) -> u8 {
    let mut is_quoted = false;
    let mut is_return = !sample.contains(&b'\n') && sample.contains(&b'\r');
    for byte in sample {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => return b'\n',
            b'\r' => is_return |= !is_quoted,
            _ => {}
        }
    }
    if is_return { b'\r' } else { b'\n' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(text, text);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, String::from_utf8(line.content().to_vec()).unwrap()));
        }
        all
    }

    fn numbered(texts: &[&str]) -> Vec<(u64, String)> {
        (1..).zip(texts.iter().map(|text| (*text).to_owned())).collect()
    }

    #[test]
    fn lines_end_as_on_every_system() {
        for text in [&b"a\nb\n\nc"[..], b"a\r\nb\r\n\r\nc\r\n", b"a\rb\r\rc\r"] {
            assert_eq!(lines(text), numbered(&["a", "b", "", "c"]));
        }
        assert_eq!(lines(b"a\rb\nc"), numbered(&["a\rb", "c"]));
        assert_eq!(lines(b"a,\"b\nc\"\rd\r"), numbered(&["a,\"b\nc\"", "d"]));
        assert_eq!(lines(b"\"a\nb\",c\rd\n"), numbered(&["\"a", "b\",c\rd"]));
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let text = [&vec![b'x'; 3 * LINE_BYTES][..], b"\nb\n"].concat();
        let mut lines = Lines::new(io::BufReader::new(&text[..]), &text);
        let first = lines.next().unwrap().unwrap();
        assert!(first.is_cut && first.bytes.len() == LINE_BYTES);
        assert_eq!(lines.next().unwrap(), Some(Line { number: 2, bytes: b"b\n".to_vec(), is_cut: false }));
    }
}
