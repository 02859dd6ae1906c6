//! A client's fields in a request body, read strictly and all errors at once.

use std::str::FromStr;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::{
    client::{ClientPatch, Name, NewClient, Notes, Phone, Status},
    error::{FieldError, Invalid},
    limits::BODY_FIELDS,
    suggest::unknown,
};

/// The fields of a body, in the order of the specification.
const FIELDS: &[&str] = &["name", "phone", "status", "notes"];

impl NewClient {
    /// Reads the body of a create.
    ///
    /// # Errors
    /// Names every field that cannot be accepted.
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
}

impl ClientPatch {
    /// Reads the body of an update.
    ///
    /// # Errors
    /// Names every field that cannot be accepted.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let (patch, errors) = parse_fields(body)?;
        Invalid::unless_empty(errors)?;
        Ok(patch)
    }
}

fn parse_fields(body: &[u8]) -> Result<(ClientPatch, Vec<FieldError>), Invalid> {
    let fields = parse_object(body)?;
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
            "phone" => nullable::<Phone>(value).map(|phone| patch.phone = Some(phone)),
            "status" => required::<Status>(value).map(|status| patch.status = Some(status)),
            "notes" => nullable::<Notes>(value).map(|notes| patch.notes = Some(notes)),
            _ => {
                errors.push(unknown("field", field, FIELDS));
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

/// The fields of a JSON object as they stand, repeated ones included. `serde_json` itself refuses
/// nesting beyond 128 levels.
fn parse_object(body: &[u8]) -> Result<Vec<(String, Value)>, Invalid> {
    struct Fields;

    impl<'de> Visitor<'de> for Fields {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = Vec::new();
            while let Some(field) = map.next_entry()? {
                if fields.len() == BODY_FIELDS {
                    return Err(serde::de::Error::custom(TOO_MANY_FIELDS));
                }
                fields.push(field);
            }
            Ok(fields)
        }
    }

    const TOO_MANY_FIELDS: &str = "too many fields";

    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Invalid::field("body", "is required: a JSON object"));
    }
    let text = std::str::from_utf8(body).map_err(|_| Invalid::field("body", "is not valid UTF-8"))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = json.deserialize_map(Fields).and_then(|fields| json.end().map(|()| fields));
    fields.map_err(|error| {
        let message = if error.is_data() && error.to_string().starts_with(TOO_MANY_FIELDS) {
            format!("has more than {BODY_FIELDS} fields")
        } else if error.is_data() {
            "must be a JSON object".to_owned()
        } else {
            // The position alone: the parser's own words could repeat parts of the body.
            format!("is not valid JSON (line {}, column {})", error.line(), error.column())
        };
        Invalid::field("body", message)
    })
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
