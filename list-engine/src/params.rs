//! The parameters of a list.

use std::str::FromStr;

use domain::{Status, limits::DEFAULT_PAGE};

/// The parameters of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListParams {
    /// The size of the page, 1 to [`MAX_PAGE`](domain::limits::MAX_PAGE).
    pub limit: usize,
    /// The number of clients before the page.
    pub offset: usize,
    /// The search text; `None` lists all clients.
    pub query: Option<String>,
    /// The field to sort by. Ties are sorted by identifier.
    pub sort_by: SortBy,
    /// The direction. Descending is exactly the reverse of ascending.
    pub sort_order: SortOrder,
    /// The status to list; `None` lists all.
    pub status: Option<Status>,
}

/// A field to sort lists by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The name, in its folded form.
    Name,
    /// The phone number, as written. Clients without one come last.
    Phone,
    /// The status.
    Status,
    /// The time of creation.
    CreatedAt,
}

/// The direction of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

impl Default for ListParams {
    fn default() -> Self {
        Self {
            limit: DEFAULT_PAGE,
            offset: 0,
            query: None,
            sort_by: SortBy::CreatedAt,
            sort_order: SortOrder::Asc,
            status: None,
        }
    }
}

impl SortBy {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::Name, Self::Phone, Self::Status, Self::CreatedAt];

    /// The field's name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Status => "status",
            Self::CreatedAt => "createdAt",
        }
    }
}

impl FromStr for SortBy {
    type Err = String;

    /// # Errors
    /// Fails with the names of all fields if the text is not one of them.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|field| field.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(|field| format!("`{}`", field.as_str()));
            let (last, others) = names.split_last().expect("there are fields");
            format!("must be {} or {last}", others.join(", "))
        })
    }
}

impl FromStr for SortOrder {
    type Err = String;

    /// # Errors
    /// Fails with both directions if the text is neither.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err("must be `asc` or `desc`".to_owned()),
        }
    }
}
