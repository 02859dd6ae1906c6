//! The fields that a client is created and changed with, read strictly from a JSON body.

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;

use super::{Client, Name, Notes, Phone, Status};
use crate::{
    id::ClientId,
    input::{FieldError, Invalid, json_object},
    limits::BODY_FIELDS,
    time::Timestamp,
};

/// The fields of a new client. Its JSON leaves out absent optional fields, because the hash of an
/// idempotent request is made of it: a field added later must not change the hash of older requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewClient {
    /// Its name.
    pub name: Name,
    /// Its phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Its status.
    pub status: Status,
    /// Free text about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<Notes>,
}

impl NewClient {
    /// The names of the fields in a body, in the order of the specification.
    pub const FIELDS: [&str; 4] = ["name", "phone", "status", "notes"];

    /// A client with a name and no other field.
    #[must_use]
    pub fn named(name: Name) -> Self {
        Self { name, phone: None, status: Status::default(), notes: None }
    }

    /// Reads the body of a create.
    ///
    /// # Errors
    /// Fails with the error of every field at fault.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let (patch, mut errors) = parse_fields(body)?;
        if patch.name.is_none() && !errors.iter().any(|error| error.field == "name") {
            errors.insert(0, FieldError::new("name", "is required"));
        }
        Invalid::unless_empty(errors)?;
        let ClientPatch { name, phone, status, notes } = patch;
        Ok(Self {
            name: name.expect("a missing name is an error"),
            phone: phone.flatten(),
            status: status.unwrap_or_default(),
            notes: notes.flatten(),
        })
    }

    /// The client right after its creation.
    #[must_use]
    pub fn created(self, id: ClientId, at: Timestamp) -> Client {
        let Self { name, phone, status, notes } = self;
        Client { id, name, phone, status, notes, created_at: at, updated_at: at, version: 1 }
    }
}

impl From<Client> for NewClient {
    fn from(Client { name, phone, status, notes, .. }: Client) -> Self {
        Self { name, phone, status, notes }
    }
}

/// The changes to a client's fields. `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientPatch {
    /// A new name.
    pub name: Option<Name>,
    /// A new phone number, or none to clear it.
    pub phone: Option<Option<Phone>>,
    /// A new status.
    pub status: Option<Status>,
    /// New notes, or none to clear them.
    pub notes: Option<Option<Notes>>,
}

/// The patch that leaves a client with exactly these fields.
impl From<NewClient> for ClientPatch {
    fn from(NewClient { name, phone, status, notes }: NewClient) -> Self {
        Self { name: Some(name), phone: Some(phone), status: Some(status), notes: Some(notes) }
    }
}

impl ClientPatch {
    /// Reads the body of an update.
    ///
    /// # Errors
    /// Fails with the error of every field at fault.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let (patch, errors) = parse_fields(body)?;
        Invalid::unless_empty(errors)?;
        Ok(patch)
    }

    /// The names of the fields that the patch sets or clears, separated by commas.
    #[must_use]
    pub fn fields(&self) -> String {
        let fields = [
            ("name", self.name.is_some()),
            ("phone", self.phone.is_some()),
            ("status", self.status.is_some()),
            ("notes", self.notes.is_some()),
        ];
        fields.into_iter().filter_map(|(name, set)| set.then_some(name)).collect::<Vec<_>>().join(",")
    }
}

fn parse_fields(body: &[u8]) -> Result<(ClientPatch, Vec<FieldError>), Invalid> {
    let fields = json_object::<Value>(body, BODY_FIELDS)?;
    let mut patch = ClientPatch::default();
    let mut errors = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (field, value) in &fields {
        if seen.contains(&field.as_str()) {
            let repeated = FieldError::new(field, "is given more than once");
            if !errors.contains(&repeated) {
                errors.push(repeated);
            }
            continue;
        }
        seen.push(field);
        let outcome = match field.as_str() {
            "name" => required::<Name>(value).map(|name| patch.name = Some(name)),
            "phone" => phone(value).map(|phone| patch.phone = Some(phone)),
            "status" => required::<Status>(value).map(|status| patch.status = Some(status)),
            "notes" => nullable::<Notes>(value).map(|notes| patch.notes = Some(notes)),
            _ => {
                errors.push(FieldError::unknown("field", field, &NewClient::FIELDS));
                continue;
            }
        };
        if let Err(message) = outcome {
            errors.push(FieldError::new(field, message));
        }
    }
    Ok((patch, errors))
}

fn required<T: FromStr<Err = String>>(value: &Value) -> Result<T, String> {
    value.as_str().ok_or("must be a string")?.parse()
}

fn nullable<T: FromStr<Err = String>>(value: &Value) -> Result<Option<T>, String> {
    if value.is_null() {
        return Ok(None);
    }
    value.as_str().ok_or("must be a string or null")?.parse().map(Some)
}

/// Reads a phone number. An empty one counts as absent, because many programs send the empty field of a
/// form.
fn phone(value: &Value) -> Result<Option<Phone>, String> {
    if value == "" { Ok(None) } else { nullable(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(body: &str) -> Vec<String> {
        let invalid = NewClient::parse(body.as_bytes()).expect_err(body);
        invalid.errors().iter().map(|error| format!("{} {}", error.field, error.message)).collect()
    }

    #[test]
    fn a_name_alone_is_enough() {
        let client = NewClient::parse(br#"{"name":"John Doe"}"#).unwrap();
        assert_eq!((client.phone, client.status, client.notes), (None, Status::Active, None));
    }

    #[test]
    fn an_empty_phone_is_none() {
        assert_eq!(NewClient::parse(br#"{"name":"A","phone":""}"#), NewClient::parse(br#"{"name":"A"}"#));
        assert_eq!(ClientPatch::parse(br#"{"phone":""}"#).unwrap().phone, Some(None));
    }

    #[test]
    fn every_offending_field_is_named_at_once() {
        let all = errors(r#"{"name":" ","phone":5,"status":"gone","notes":[],"id":"1","orgId":"x","nmae":""}"#);
        assert_eq!(all.len(), 7, "{all:?}");
        assert!(all[6].contains("`name`"));
        assert_eq!(errors(r#"{"phone":null}"#), ["name is required"]);
        assert_eq!(errors(r#"{"status":null,"name":null}"#).len(), 2);
    }

    #[test]
    fn a_repeated_field_is_refused() {
        assert_eq!(errors(r#"{"name":"a","name":"a"}"#), ["name is given more than once"]);
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        for body in ["", " ", "[]", "\"a\"", "1", "null", "{", "{\"name\":\"a\"", "{\"name\":\"a\"}}", "{'name':1}"] {
            let all = errors(body);
            assert!(all[0].starts_with("body "), "{body}: {all:?}");
        }
        let deep = format!("{{\"name\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        assert!(errors(&deep)[0].starts_with("body is not valid JSON"));
        assert!(NewClient::parse(b"{\"name\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_body_of_too_many_fields_is_refused_as_a_whole() {
        let fields: Vec<String> = (0..=BODY_FIELDS).map(|n| format!("\"f{n}\":1")).collect();
        assert_eq!(errors(&format!("{{{}}}", fields.join(","))), ["body has more than 100 fields"]);
    }

    #[test]
    fn a_patch_tells_null_from_absent() {
        let patch = ClientPatch::parse(br#"{"phone":null,"notes":"x"}"#).unwrap();
        assert_eq!(patch.phone, Some(None));
        assert_eq!(patch.notes.unwrap().unwrap().as_str(), "x");
        assert_eq!(patch.name, None);
        assert_eq!(ClientPatch::parse(b"{}").unwrap(), ClientPatch::default());
    }
}
