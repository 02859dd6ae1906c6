//! The records of vCard files. Lines are unfolded as bytes, because a letter may be folded in the middle; then
//! quoted-printable and the character set of each property are decoded.

use std::{
    borrow::Cow,
    io::{self, BufRead},
};

use encoding_rs::Encoding;
use vcard::tree::{codec::mode::VcardEscaper, line::VcardLine};

use super::{
    draft::Draft,
    headers::{Part, phone_kind},
    lines::Lines,
    phone::trimmed,
};

/// The most bytes of a card. Pictures are in it.
const CARD_BYTES: usize = 32 * 1024 * 1024;

/// A card and its first line.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) line: u64,
    pub(super) text: Vec<u8>,
    pub(super) draft: Result<Draft, String>,
}

/// Reads cards.
#[derive(Debug)]
pub(super) struct Cards<R> {
    lines: Lines<R>,
    encoding: &'static Encoding,
}

impl<R: BufRead> Cards<R> {
    /// The cards in `lines`. A property that names no character set is in UTF-8, or else in `encoding`.
    pub(super) fn new(lines: Lines<R>, encoding: &'static Encoding) -> Self {
        Self { lines, encoding }
    }

    /// The next card; `None` at the end. Text outside of cards counts as one, with an error.
    pub(super) fn next(&mut self) -> io::Result<Option<Card>> {
        let first = loop {
            match self.lines.next()? {
                None => return Ok(None),
                Some(line) if line.is_blank() => {}
                Some(line) => break line,
            }
        };
        let is_card = is(&first.bytes, b"BEGIN:VCARD");
        let (number, mut text) = (first.number, first.bytes);
        let (mut inner, mut is_complete, mut is_after_agent) = (0, false, false);
        while let Some(mut line) = self.lines.next()? {
            let begins = is(&line.bytes, b"BEGIN:VCARD");
            if begins && !(is_card && is_after_agent) {
                // The card before has no end, or there was text between two cards.
                self.lines.give_back(vec![line]);
                break;
            }
            is_after_agent = line.bytes.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AGENT"));
            if line.is_cut {
                line.bytes.extend_from_slice(b"\r\n");
            }
            if text.len() + line.bytes.len() <= CARD_BYTES {
                text.extend_from_slice(&line.bytes);
            }
            inner += usize::from(begins);
            if is_card && is(&line.bytes, b"END:VCARD") {
                if inner == 0 {
                    is_complete = true;
                    break;
                }
                inner -= 1;
            }
        }
        let draft = match (is_card, is_complete) {
            (false, _) => Err("it is outside of a card (BEGIN:VCARD)".to_owned()),
            (true, false) => Err("the card has no end (END:VCARD)".to_owned()),
            (true, true) => self.draft(&text),
        };
        Ok(Some(Card { line: number, text, draft }))
    }

    fn draft(&self, card: &[u8]) -> Result<Draft, String> {
        let lines = properties(card);
        let version = lines.iter().find(|line| is_named(line, "VERSION")).map(|line| line.raw_value_str().into_owned());
        let escaper = VcardEscaper::for_version_str(version.as_deref().unwrap_or_default().trim());
        let mut draft = Draft::default();
        for line in &lines {
            let property = Property { line, escaper, encoding: self.encoding };
            match line.bare_name().to_ascii_uppercase().as_str() {
                "FN" => draft.add(Part::Name, &property.whole()),
                "N" => {
                    for (at, part) in [Part::Family, Part::Given, Part::Middle].into_iter().enumerate() {
                        draft.add(part, &property.component(at));
                    }
                    draft.add(Part::Suffix, &property.component(4));
                }
                "ORG" => draft.add(Part::Company, &property.component(0)),
                "UID" => draft.add(Part::Id, &property.whole()),
                "NOTE" => draft.add(Part::Notes, &property.whole().replace("\r\n", "\n")),
                "TEL" => {
                    let label = label_of_group(line, &lines).unwrap_or_else(|| types(line));
                    if let Some(kind) = phone_kind(&label) {
                        draft.add(Part::Phone(kind), &property.whole());
                    }
                }
                "KIND" | "X-ADDRESSBOOKSERVER-KIND" if trimmed(&property.whole()).eq_ignore_ascii_case("group") => {
                    return Err("it is a group of contacts, and not a contact".to_owned());
                }
                _ => {}
            }
        }
        Ok(draft)
    }
}

/// The lines of a card, unfolded. A line that is not a property, such as the rest of one that was folded wrongly, is
/// left out.
fn properties(card: &[u8]) -> Vec<VcardLine<'_>> {
    let (mut lines, mut rest, mut inner) = (Vec::new(), card, 0_usize);
    while !rest.trim_ascii().is_empty() {
        if let Ok((line, after)) = VcardLine::take(rest) {
            rest = after;
            // The card of an agent is within the card.
            if is_named(&line, "BEGIN") {
                inner += 1;
            } else if is_named(&line, "END") {
                inner = inner.saturating_sub(1);
            } else if inner <= 1 {
                lines.push(line);
            }
        } else {
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
            rest = &rest[end..];
        }
    }
    lines
}

fn is(line: &[u8], other: &[u8]) -> bool {
    line.trim_ascii_end().eq_ignore_ascii_case(other)
}

fn is_named(line: &VcardLine, name: &str) -> bool {
    line.bare_name().eq_ignore_ascii_case(name)
}

/// The types of a phone number: `TYPE=CELL,PREF`, `type="cell"`, and the bare `CELL` of version 2.1.
fn types(line: &VcardLine) -> String {
    let types = line.params.iter().flat_map(|param| {
        let name = param.name.get();
        let values = param.values.iter().map(vcard::tree::leaf::VcardLeaf::get);
        match name.to_ascii_uppercase().as_str() {
            "TYPE" => values.collect(),
            "PREF" => vec!["pref"],
            "ENCODING" | "CHARSET" | "VALUE" | "LANGUAGE" | "ALTID" | "PID" | "QUOTED-PRINTABLE" => Vec::new(),
            _ if param.values.is_empty() => vec![name],
            _ => Vec::new(),
        }
    });
    types.collect::<Vec<_>>().join(" ")
}

/// The label that Apple's address book gives to a property: `item1.TEL` beside `item1.X-ABLabel:_$!<HomeFAX>!$_`.
fn label_of_group(line: &VcardLine, lines: &[VcardLine]) -> Option<String> {
    let group = line.group()?;
    let is_label = |other: &&VcardLine| {
        is_named(other, "X-ABLABEL") && other.group().is_some_and(|other| other.eq_ignore_ascii_case(group))
    };
    let label = lines.iter().find(is_label)?;
    Some(format!("{} {}", label.raw_value_str(), types(line)))
}

/// Decodes the value of a line.
struct Property<'a> {
    line: &'a VcardLine<'a>,
    escaper: VcardEscaper,
    encoding: &'static Encoding,
}

impl Property<'_> {
    fn whole(&self) -> String {
        let mut value = self.line.value.clone();
        value.escaper = self.escaper;
        self.decoded(&value.decode_bytes())
    }

    /// The part of the value at this place between semicolons.
    fn component(&self, at: usize) -> String {
        let mut value = self.line.value.clone();
        value.escaper = self.escaper;
        let bytes = value.decode_bytes();
        if std::str::from_utf8(&bytes).is_ok() {
            let texts = value.decode_component_list(at);
            self.decoded(texts.join(" ").as_bytes())
        } else {
            self.decoded(&bytes).split(';').nth(at).unwrap_or_default().to_owned()
        }
    }

    fn decoded(&self, bytes: &[u8]) -> String {
        let is_quoted_printable = self.line.params.iter().any(|param| {
            let values = param.values.iter().map(vcard::tree::leaf::VcardLeaf::get);
            values.chain([param.name.get()]).any(|text| text.eq_ignore_ascii_case("QUOTED-PRINTABLE"))
        });
        let bytes = if is_quoted_printable {
            let decoded = quoted_printable::decode(bytes, quoted_printable::ParseMode::Robust);
            decoded.map_or(Cow::Borrowed(bytes), Cow::Owned)
        } else {
            Cow::Borrowed(bytes)
        };
        let charset = self.line.params.iter().find(|param| param.name.get().eq_ignore_ascii_case("CHARSET"));
        let named =
            charset.and_then(|param| Encoding::for_label(param.values.first()?.get().trim_matches('"').as_bytes()));
        match named {
            Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
            None => match std::str::from_utf8(&bytes) {
                Ok(text) => text.to_owned(),
                Err(_) => self.encoding.decode_without_bom_handling(&bytes).0.into_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_8, WINDOWS_1252};

    use super::*;

    type Client = (String, Option<String>, Option<String>);

    fn read_in(text: &[u8], encoding: &'static Encoding) -> Vec<(u64, Result<Client, String>)> {
        let mut cards = Cards::new(Lines::new(text, text), encoding);
        let mut all = Vec::new();
        while let Some(card) = cards.next().unwrap() {
            let client = card.draft.and_then(Draft::client).map(|client| {
                let (phone, notes) =
                    (client.phone.map(|it| it.as_str().to_owned()), client.notes.map(|it| it.as_str().to_owned()));
                (client.name.as_str().to_owned(), phone, notes)
            });
            all.push((card.line, client));
        }
        all
    }

    fn one(text: &str) -> Client {
        let all = read_in(format!("BEGIN:VCARD\r\n{text}\r\nEND:VCARD\r\n").as_bytes(), UTF_8);
        assert_eq!(all.len(), 1);
        all.into_iter().next().unwrap().1.unwrap()
    }

    fn client(name: &str, phone: &str, notes: &str) -> Client {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (name.to_owned(), some(phone), some(notes))
    }

    #[test]
    fn the_versions_differ_in_their_types_and_escapes() {
        let v2 = "VERSION:2.1\r\nN:Lee;Ann\r\nTEL;WORK;FAX:1\r\nTEL;HOME:2\r\nTEL;CELL;PREF:3";
        assert_eq!(one(v2), client("Ann Lee", "3", ""));
        let v3 = "VERSION:3.0\r\nN:Lee;Ann;;;\r\nFN:Ann M. Lee\r\nTEL;TYPE=WORK,FAX:1\r\nTEL;type=HOME;type=VOICE:2\r\n\
                  NOTE:tea\\, no milk\\nback\\\\slash\\; x";
        assert_eq!(one(v3), client("Ann M. Lee", "2", "tea, no milk\nback\\slash; x"));
        let v4 = "VERSION:4.0\r\nFN:Ann\r\nTEL;VALUE=uri;TYPE=\"voice,work\":tel:+1-555-0100;ext=7\r\n\
                  TEL;TYPE=pager:9";
        assert_eq!(one(v4), client("Ann", "+1-555-0100 ext. 7", ""));
    }

    #[test]
    fn a_letter_that_is_folded_in_its_middle_is_whole_again() {
        let mut card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jos".to_vec();
        card.extend_from_slice(b"\xc3\r\n \xa9 Lee\r\nNOTE:a\r\n\tb\r\nEND:VCARD\r\n");
        assert_eq!(read_in(&card, UTF_8), [(1, Ok(client("José Lee", "", "ab")))]);
    }

    #[test]
    fn quoted_printable_and_character_sets_are_decoded() {
        let text = "VERSION:2.1\r\nN;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BCller;Ren=C3=A9\r\n\
                    NOTE;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Gr=FC=\r\n=DFe=0D=0Azwei\r\nTEL;CELL:1";
        assert_eq!(one(text), client("René Müller", "1", "Grüße\nzwei"));
        let raw = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1:M\xfcller;Ren\xe9\r\nEND:VCARD\r\n";
        assert_eq!(read_in(raw, UTF_8), [(1, Ok(client("René Müller", "", "")))]);
        let unnamed = b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:M\xfcller\r\nEND:VCARD\r\n";
        assert_eq!(read_in(unnamed, WINDOWS_1252), [(1, Ok(client("Müller", "", "")))]);
        assert!(read_in(unnamed, UTF_8)[0].1.as_ref().unwrap_err().contains("encoding"));
    }

    #[test]
    fn groups_have_labels() {
        let text = "VERSION:3.0\r\nFN:Ann\r\nitem1.TEL:1\r\nitem1.X-ABLabel:_$!<HomeFAX>!$_\r\nitem2.TEL;type=pref:2\r\n\
                    item2.X-ABLabel:Boat\r\nitem3.FN:no";
        assert_eq!(one(text), client("Ann", "2", ""));
    }

    #[test]
    fn a_bad_card_costs_no_other() {
        let text = "\n\nBEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n\nBEGIN:VCARD\nFN:C\nno colon\nEND:VCARD\njunk\nmore\n\
                    BEGIN:VCARD\nVERSION:3.0\nN:;;;;\nORG:Acme;Sales\nEND:VCARD\nBEGIN:VCARD\nTEL:1\nEND:VCARD\n\
                    BEGIN:VCARD\nFN:Team\nX-ADDRESSBOOKSERVER-KIND:group\nEND:VCARD\nBEGIN:VCARD\nFN:Last\n";
        let read = read_in(text.as_bytes(), UTF_8);
        let lines: Vec<u64> = read.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 6, 9, 13, 15, 20, 23, 27]);
        assert_eq!(read[0].1, Ok(client("A", "", "")));
        assert!(read[1].1.as_ref().unwrap_err().contains("no end"));
        assert_eq!(read[2].1, Ok(client("C", "", "")));
        assert!(read[3].1.as_ref().unwrap_err().contains("outside"));
        assert_eq!(read[4].1, Ok(client("Acme", "", "")));
        assert!(read[5].1.as_ref().unwrap_err().contains("`name`"));
        assert!(read[6].1.as_ref().unwrap_err().contains("group"));
        assert!(read[7].1.as_ref().unwrap_err().contains("no end"));
    }

    #[test]
    fn the_card_of_an_agent_is_a_part_of_its_card() {
        let text = "VERSION:2.1\r\nFN:Ann\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:Bob\r\nTEL:1\r\nEND:VCARD\r\nTEL:2";
        assert_eq!(one(text), client("Ann", "2", ""));
    }
}
