//! The names of the tables and their indexes.

/// The local secondary index that is an organization's change feed. It is local because only local
/// indexes can be read strongly consistently.
pub const BY_UPDATED_AT: &str = "byUpdatedAt";
/// The global secondary index by which the operator's tool lists an organization's API keys.
pub const BY_ORG: &str = "byOrg";

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The table of clients and tombstones.
    pub clients: String,
    /// The table of API keys.
    pub api_keys: String,
}

impl Default for Tables {
    fn default() -> Self {
        Self { clients: "clients".to_owned(), api_keys: "api-keys".to_owned() }
    }
}

impl Tables {
    /// The names in `CLIENTS_TABLE` and `API_KEYS_TABLE`, or else `clients` and `api-keys`.
    #[must_use]
    pub fn from_env() -> Self {
        let default = Self::default();
        let named = |variable, name| std::env::var(variable).ok().filter(|name| !name.is_empty()).unwrap_or(name);
        Self { clients: named("CLIENTS_TABLE", default.clients), api_keys: named("API_KEYS_TABLE", default.api_keys) }
    }
}
