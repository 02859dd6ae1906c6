//! The records of NDJSON files that are not our exports: one object a line, whose keys are recognized like headers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, BufRead},
};

use serde_json::value::RawValue;

use super::{
    columns::{Mapping, listed, mapped, recognized, shown},
    draft::Draft,
    headers::Part,
    lines::{Line, Lines},
};

/// The most keys that are remembered.
const KEYS: usize = 1_000;

/// Reads objects.
#[derive(Debug)]
pub(super) struct Objects<R> {
    lines: Lines<R>,
    mappings: Vec<Mapping>,
    parts: HashMap<String, Vec<Part>>,
    ignored: BTreeSet<String>,
}

impl<R: BufRead> Objects<R> {
    pub(super) fn new(lines: Lines<R>, mappings: &[Mapping]) -> Self {
        Self { lines, mappings: mappings.to_vec(), parts: HashMap::new(), ignored: BTreeSet::new() }
    }

    /// The next line that is not blank, and its texts.
    pub(super) fn next(&mut self) -> io::Result<Option<(Line, Result<Draft, String>)>> {
        while let Some(line) = self.lines.next()? {
            if !line.is_blank() {
                let draft = self.draft(&line);
                return Ok(Some((line, draft)));
            }
        }
        Ok(None)
    }

    /// The keys that are not read, for a message.
    pub(super) fn ignored(&self) -> String {
        listed(self.ignored.iter().filter_map(|key| shown(key)))
    }

    fn draft(&mut self, line: &Line) -> Result<Draft, String> {
        if line.is_cut {
            return Err("the line is longer than 1 MB".to_owned());
        }
        let values: BTreeMap<String, &RawValue> = serde_json::from_slice(&line.bytes).map_err(|error| {
            if error.is_data() {
                "it is not a JSON object".to_owned()
            } else {
                format!("it is not JSON (column {}); NDJSON has one object a line", error.column())
            }
        })?;
        let mut draft = Draft::default();
        for (key, value) in values {
            let parts = self.parts(&key);
            if parts.is_empty() && self.ignored.len() < KEYS {
                self.ignored.insert(key);
            }
            for part in parts {
                add(&mut draft, part, value.get());
            }
        }
        Ok(draft)
    }

    fn parts(&mut self, key: &str) -> Vec<Part> {
        if let Some(parts) = self.parts.get(key) {
            return parts.clone();
        }
        let parts: Vec<Part> = recognized(key, &self.mappings).into_iter().chain(mapped(key, &self.mappings)).collect();
        if self.parts.len() < KEYS {
            self.parts.insert(key.to_owned(), parts.clone());
        }
        parts
    }
}

/// Adds a JSON value: a string, a number as it is written, or an array of those.
fn add(draft: &mut Draft, part: Part, value: &str) {
    match value.as_bytes().first() {
        Some(b'"') => {
            if let Ok(text) = serde_json::from_str::<String>(value) {
                draft.add(part, &text);
            }
        }
        Some(b'[') => {
            for value in serde_json::from_str::<Vec<&RawValue>>(value).unwrap_or_default() {
                if !value.get().starts_with('[') {
                    add(draft, part, value.get());
                }
            }
        }
        Some(b'{') => {}
        _ if value == "null" => {}
        _ => draft.add(part, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mappings: &[&str]) -> Vec<Result<(String, Option<String>), String>> {
        let mappings: Vec<Mapping> = mappings.iter().map(|mapping| mapping.parse().unwrap()).collect();
        let mut objects = Objects::new(Lines::new(text.as_bytes(), text.as_bytes()), &mappings);
        let mut all = Vec::new();
        while let Some((_, draft)) = objects.next().unwrap() {
            let client = draft.and_then(Draft::client);
            all.push(
                client.map(|client| {
                    (client.name.as_str().to_owned(), client.phone.map(|phone| phone.as_str().to_owned()))
                }),
            );
        }
        all
    }

    #[test]
    fn keys_are_recognized_like_headers_and_numbers_are_taken_as_they_are_written() {
        let text = concat!(
            r#"{"firstName":"Ann","last_name":"Lee","phone":442079460000}"#,
            "\n\n",
            r#"{"name":"Bob","phone":null,"phones":[],"x":{"name":"no"}}"#,
            "\r\n",
            r#"{"name":"Carl","mobile":["", "1"],"phone":"2"}"#,
        );
        let expected = [("Ann Lee", Some("442079460000")), ("Bob", None), ("Carl", Some("1"))];
        let expected = expected.map(|(name, phone)| Ok((name.to_owned(), phone.map(str::to_owned))));
        assert_eq!(read(text, &[]), expected);
        assert_eq!(read(r#"{"who":"Ann","name":"x"}"#, &["name=Who"]), [Ok(("Ann".to_owned(), None))]);
    }

    #[test]
    fn a_bad_line_costs_no_other() {
        let read =
            read("{\"name\":\"Ann\"}\n{\"name\":\n[1]\n{\"phone\":4.47E+11,\"name\":\"D\"}\n{\"name\":\"E\"}\n", &[]);
        assert!(read[0].is_ok() && read[4].is_ok());
        assert!(read[1].as_ref().unwrap_err().contains("not JSON"));
        assert!(read[2].as_ref().unwrap_err().contains("not a JSON object"));
        assert!(read[3].as_ref().unwrap_err().contains("damaged"));
    }
}
