//! A client as a foreign file gives it: the texts of a record, each with its meaning.

use domain::{FieldError, Invalid, Name, NewClient, Notes, Phone, Status};

use super::{
    headers::{Part, PhoneKind, phone_kind},
    name::NameParts,
    phone::{mended, trimmed},
    status::status,
};

/// Google's separator of several values in one field.
const SEVERAL: &str = " ::: ";

/// The texts of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// The identifier of the record in its source.
    pub(super) id: String,
    full_name: String,
    bare_name: String,
    parts: NameParts,
    company: String,
    phones: Vec<(PhoneKind, String)>,
    labels: Vec<(u8, String)>,
    labelled: Vec<(u8, String)>,
    statuses: Vec<String>,
    notes: Vec<String>,
    has_lost_letters: bool,
}

impl Draft {
    /// Adds a text. Of several for one part the first counts, except for phone numbers, of which one is chosen, and for
    /// notes, which are joined.
    pub(super) fn add(&mut self, part: Part, text: &str) {
        let text = trimmed(text);
        if text.is_empty() || part == Part::NoPhone {
            return;
        }
        self.has_lost_letters |= text.contains(char::REPLACEMENT_CHARACTER);
        let first = match part {
            Part::Id => &mut self.id,
            Part::Name => &mut self.full_name,
            Part::BareName => &mut self.bare_name,
            Part::Given => &mut self.parts.given,
            Part::Middle => &mut self.parts.middle,
            Part::Family | Part::FamilyFirst => {
                self.parts.is_family_first |= part == Part::FamilyFirst;
                &mut self.parts.family
            }
            Part::Suffix => &mut self.parts.suffix,
            Part::Company => &mut self.company,
            Part::Phone(kind) => return self.phones.extend(text.split(SEVERAL).map(|one| (kind, one.to_owned()))),
            Part::PhoneLabel(number) => return self.labels.push((number, text.to_owned())),
            Part::PhoneValue(number) => return self.labelled.push((number, text.to_owned())),
            Part::Status => return self.statuses.push(text.to_owned()),
            Part::Notes if self.notes.iter().any(|notes| notes == text) => return,
            Part::Notes => return self.notes.push(text.to_owned()),
            Part::NoPhone => return,
        };
        if first.is_empty() {
            *first = text.to_owned();
        }
    }

    /// The client.
    ///
    /// # Errors
    /// Fails with all errors of the record. They quote nothing of it.
    pub(super) fn client(mut self) -> Result<NewClient, String> {
        if self.has_lost_letters {
            return Err(
                "it has bytes that are not text in the encoding of the file (`--encoding` sets another)".to_owned()
            );
        }
        let notes = self.notes.join("\n");
        let fields = Invalid::all((
            self.name().parse::<Name>().map_err(|rule| Invalid::field("name", rule)),
            self.phone().map_err(|rule| Invalid::field("phone", rule)),
            self.status().map_err(|rule| Invalid::field("status", rule)),
            (!notes.is_empty())
                .then(|| notes.parse::<Notes>())
                .transpose()
                .map_err(|rule| Invalid::field("notes", rule)),
        ));
        let (name, phone, status, notes) = fields.map_err(|invalid| in_words(&invalid))?;
        Ok(NewClient { name, phone, status, notes })
    }

    /// The full name, else the joined parts, else the company.
    fn name(&mut self) -> String {
        let NameParts { given, family, .. } = &mut self.parts;
        let name = if !self.full_name.is_empty() {
            std::mem::take(&mut self.full_name)
        } else if self.bare_name.is_empty() {
            self.parts.joined()
        } else {
            // `Name` may be the other part of a name that has one in a column of its own, or the full name all the
            // same.
            let bare = std::mem::take(&mut self.bare_name);
            match (given.is_empty(), family.is_empty()) {
                (true, false) if !has_words(&bare, family) => {
                    *given = bare;
                    self.parts.joined()
                }
                (false, true) if !has_words(&bare, given) => {
                    *family = bare;
                    self.parts.joined()
                }
                _ => bare,
            }
        };
        let name = if name.is_empty() { std::mem::take(&mut self.company) } else { name };
        // A line break in a cell is a matter of its width.
        if name.contains(char::is_control) {
            name.split(['\n', '\r', '\t']).map(trimmed).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        } else {
            name
        }
    }

    /// The first filled number that has a digit, else the first filled one.
    fn phone(&mut self) -> Result<Option<Phone>, String> {
        for (number, values) in std::mem::take(&mut self.labelled) {
            let label = self.labels.iter().find(|(of, _)| *of == number).map_or("", |(_, label)| label);
            let labels: Vec<&str> = label.split(SEVERAL).collect();
            for (at, value) in values.split(SEVERAL).enumerate() {
                if let Some(kind) = phone_kind(labels.get(at).or(labels.first()).copied().unwrap_or_default()) {
                    self.phones.push((kind, value.to_owned()));
                }
            }
        }
        self.phones.sort_by_key(|(kind, _)| *kind);
        let mut without_digits = None;
        for (_, number) in &self.phones {
            match mended(number)? {
                Some(number) if number.contains(char::is_numeric) => return number.parse().map(Some),
                Some(other) => without_digits = without_digits.or(Some(other)),
                None => {}
            }
        }
        without_digits.map(|other| other.parse()).transpose()
    }

    fn status(&self) -> Result<Status, String> {
        let mut statuses =
            self.statuses.iter().map(|word| status(word).ok_or("must be `active` or `inactive`, or empty"));
        let first = statuses.next().transpose()?.unwrap_or_default();
        for other in statuses {
            if other? != first {
                return Err("is given twice, with different words".to_owned());
            }
        }
        Ok(first)
    }
}

/// Whether all words of `part` are words of `name`.
fn has_words(name: &str, part: &str) -> bool {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    part.split_whitespace().all(|word| words.contains(&word.to_lowercase()))
}

/// All errors on one line.
pub(super) fn in_words(invalid: &Invalid) -> String {
    let errors = invalid.errors().iter().map(|FieldError { field, message }| format!("`{field}` {message}"));
    errors.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(texts: &[(&str, &str)]) -> Draft {
        let mut draft = Draft::default();
        for (header, text) in texts {
            draft.add(super::super::headers::part(header).expect(header), text);
        }
        draft
    }

    fn name(texts: &[(&str, &str)]) -> String {
        draft(texts).client().unwrap().name.as_str().to_owned()
    }

    fn phone(texts: &[(&str, &str)]) -> Option<String> {
        let mut draft = draft(texts);
        draft.add(Part::Name, "Ann");
        draft.client().unwrap().phone.map(|phone| phone.as_str().to_owned())
    }

    #[test]
    fn the_name_is_the_full_one_else_the_joined_parts_else_the_company() {
        assert_eq!(name(&[("Company", "Acme"), ("First Name", "Ann"), ("Full name", "Ann M. Lee")]), "Ann M. Lee");
        assert_eq!(name(&[("Company", "Acme"), ("First Name", "Ann"), ("Last Name", "Lee")]), "Ann Lee");
        assert_eq!(name(&[("Company", "Acme"), ("First Name", " ")]), "Acme");
        assert_eq!(name(&[("Name", ""), ("Name", "Ann")]), "Ann");
        assert_eq!(name(&[("Name", "Ann\r\n Lee")]), "Ann Lee");
    }

    #[test]
    fn a_bare_name_beside_one_part_is_the_other_part() {
        assert_eq!(name(&[("Name", "Müller"), ("Vorname", "Max")]), "Max Müller");
        assert_eq!(name(&[("Nombre", "Ana"), ("Apellidos", "García López")]), "Ana García López");
        assert_eq!(name(&[("Name", "Ann Lee"), ("First Name", "Ann")]), "Ann Lee");
        assert_eq!(name(&[("Name", "Ann Lee"), ("Surname", "lee")]), "Ann Lee");
        assert_eq!(name(&[("Name", "Ann Lee"), ("First name", "A"), ("Surname", "L")]), "Ann Lee");
        assert_eq!(name(&[("Vezetéknév", "Nagy"), ("Keresztnév", "Anna")]), "Nagy Anna");
    }

    #[test]
    fn the_phone_is_the_first_that_is_filled_and_never_a_fax() {
        assert_eq!(phone(&[("Fax", "1"), ("Home Phone", "2"), ("Work Phone", "3")]).as_deref(), Some("3"));
        assert_eq!(phone(&[("Phone", "1"), ("Mobile", "")]).as_deref(), Some("1"));
        assert_eq!(phone(&[("Phone", "1"), ("Mobile", "2")]).as_deref(), Some("2"));
        assert_eq!(phone(&[("Mobile", "-"), ("Phone", "1")]).as_deref(), Some("1"));
        assert_eq!(phone(&[("Mobile", "n/a")]).as_deref(), Some("n/a"));
        assert_eq!(phone(&[("Assistant's Phone", "1"), ("Pager", "2")]), None);
        assert_eq!(
            phone(&[("Phone 1 - Label", "Home Fax"), ("Phone 1 - Value", "1"), ("Phone 2 - Value", "2")]).as_deref(),
            Some("2")
        );
        let google = [
            ("Phone 1 - Type", "Work"),
            ("Phone 1 - Value", "1 ::: 2"),
            ("Phone 2 - Type", "Mobile"),
            ("Phone 2 - Value", "3"),
        ];
        assert_eq!(phone(&google).as_deref(), Some("3"));
        assert_eq!(phone(&google[..2]).as_deref(), Some("1"));
    }

    #[test]
    fn all_errors_of_a_record_are_reported_and_quote_nothing() {
        let error = draft(&[("Phone", "4.47E+11"), ("Status", "gone"), ("Notes", "\u{7}")]).client().unwrap_err();
        for part in ["`name` must not be empty", "`phone` was damaged", "`status` must be", "`notes` must not"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("gone") && !error.contains("4.47"));
        assert!(draft(&[("Name", "Jos\u{fffd}")]).client().unwrap_err().contains("encoding"));
        assert!(
            draft(&[("Name", "A"), ("Status", "active"), ("Status", "inactive")])
                .client()
                .unwrap_err()
                .contains("twice")
        );
    }
}
