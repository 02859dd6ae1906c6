//! An operation in a batch, read strictly from its JSON. An operation with an error does not affect the others.

use domain::{
    ClientId, ClientPatch, FieldError, Invalid, NewClient, json_object, limits::OPERATION_FIELDS, parse_uuid,
};
use serde_json::value::RawValue;
use shared::{
    http::{ApiError, Preconditions},
    store::ExpectedVersions,
};

/// The fields of an operation.
const FIELDS: [&str; 5] = ["operation", "id", "client", "ifMatch", "ifNoneMatch"];

/// An operation in a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Creates a client.
    Create(NewClient),
    /// Changes the client with this identifier, if it has an expected version.
    Change {
        /// The client's identifier.
        id: ClientId,
        /// The change.
        change: Change,
        /// The versions that the client may have.
        expected: ExpectedVersions,
    },
}

/// A change of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Changes some of its fields.
    Update(ClientPatch),
    /// Creates it, or replaces all of its fields.
    Put(NewClient),
    /// Deletes it.
    Delete,
}

impl Operation {
    pub(crate) fn read(json: &RawValue) -> Result<Self, ApiError> {
        let fields = Fields::read(json)?;
        match fields.operation()?.as_str() {
            "create" => {
                let ((), new) = Invalid::all((fields.only(&["operation", "client"]), fields.client(NewClient::parse)))?;
                Ok(Self::Create(new))
            }
            "update" => fields.change(&FIELDS, fields.id(), fields.client(ClientPatch::parse).map(Change::Update)),
            "put" => {
                let id = fields.required("id").and_then(|id| ClientId::chosen(parse_uuid(&id)));
                fields.change(&FIELDS, id.map(Some), fields.client(NewClient::parse).map(Change::Put))
            }
            "delete" => fields.change(&["operation", "id", "ifMatch", "ifNoneMatch"], fields.id(), Ok(Change::Delete)),
            _ => {
                let error = FieldError::new("operation", "must be `create`, `update`, `put` or `delete`");
                Err(fields.with(error).into())
            }
        }
    }
}

/// The fields of one operation, and the errors in their names.
struct Fields<'json> {
    values: Vec<(&'static str, &'json RawValue)>,
    errors: Vec<FieldError>,
}

impl<'json> Fields<'json> {
    fn read(json: &'json RawValue) -> Result<Self, Invalid> {
        let mut fields = Self { values: Vec::new(), errors: Vec::new() };
        for (name, value) in json_object::<&RawValue>(json.get().as_bytes(), OPERATION_FIELDS)? {
            match FIELDS.into_iter().find(|known| *known == name) {
                None => fields.errors.push(FieldError::unknown("field", &name, &FIELDS)),
                Some(name) if fields.get(name).is_some() => {
                    fields.errors.push(FieldError::new(name, "is given more than once"));
                }
                Some(name) => fields.values.push((name, value)),
            }
        }
        Ok(fields)
    }

    fn get(&self, name: &str) -> Option<&'json RawValue> {
        self.values.iter().find(|(found, _)| *found == name).map(|(_, value)| *value)
    }

    /// The errors in the names, and one more.
    fn with(&self, error: FieldError) -> Invalid {
        let errors = self.errors.iter().cloned().chain([error]).collect();
        Invalid::unless_empty(errors).expect_err("there is an error")
    }

    /// The kind of the operation.
    fn operation(&self) -> Result<String, Invalid> {
        self.required("operation").map_err(|invalid| self.with(invalid.errors()[0].clone()))
    }

    /// Succeeds if there are no errors in the names, and all fields are among these.
    fn only(&self, names: &[&str]) -> Result<(), Invalid> {
        let others = self.values.iter().filter(|(name, _)| !names.contains(name));
        let others = others.map(|(name, _)| FieldError::new(name, "does not belong to this operation"));
        Invalid::unless_empty(self.errors.iter().cloned().chain(others).collect())
    }

    /// The client's fields, read as the body of a request of its own.
    fn client<T>(&self, parse: impl Fn(&[u8]) -> Result<T, Invalid>) -> Result<T, Invalid> {
        match self.get("client") {
            Some(json) => parse(json.get().as_bytes()),
            None => Err(Invalid::field("client", "is required")),
        }
    }

    /// The change of a client, if the operation has no fields but these.
    fn change(
        &self,
        names: &[&str],
        id: Result<Option<ClientId>, Invalid>,
        change: Result<Change, Invalid>,
    ) -> Result<Operation, ApiError> {
        let ((), id, change, preconditions) = Invalid::all((self.only(names), id, change, self.preconditions()))?;
        let id = id.ok_or(ApiError::NotFound)?;
        Ok(Operation::Change { id, change, expected: preconditions.expected_versions() })
    }

    /// The identifier of a client that should be there; `None` if it is not a UUID, because no client has such an
    /// identifier.
    fn id(&self) -> Result<Option<ClientId>, Invalid> {
        Ok(parse_uuid(&self.required("id")?).map(ClientId::from))
    }

    fn preconditions(&self) -> Result<Preconditions, Invalid> {
        let (if_match, if_none_match) = Invalid::all((self.text("ifMatch"), self.text("ifNoneMatch")))?;
        Preconditions::of_operation(if_match.as_deref(), if_none_match.as_deref())
    }

    fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        let text = self.get(name).map(|json| serde_json::from_str(json.get()));
        text.transpose().map_err(|_| Invalid::field(name, "must be a string"))
    }

    fn required(&self, name: &str) -> Result<String, Invalid> {
        self.text(name)?.ok_or_else(|| Invalid::field(name, "is required"))
    }
}
