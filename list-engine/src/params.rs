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

/// A field that lists can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The folded name.
    Name,
    /// The phone number as written. Clients without one come last.
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

impl FromStr for SortBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "name" => Ok(Self::Name),
            "phone" => Ok(Self::Phone),
            "status" => Ok(Self::Status),
            "createdAt" => Ok(Self::CreatedAt),
            _ => Err("must be `name`, `phone`, `status` or `createdAt`".to_owned()),
        }
    }
}

impl FromStr for SortOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "asc" => Ok(Self::Asc),
            "desc" => Ok(Self::Desc),
            _ => Err("must be `asc` or `desc`".to_owned()),
        }
    }
}
