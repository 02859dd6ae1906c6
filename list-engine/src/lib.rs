//! All clients of one organization in memory: load them, apply changes, ask for pages in any order,
//! with any filter, search and offset, and with an exact total. This crate knows neither AWS nor HTTP.
//!
//! | file | idea |
//! |---|---|
//! | `params.rs` | the parameters of a list |
//! | `index.rs` | the index, and how a change is applied to it |
//! | `loader.rs` | building the index while the feed is read |
//! | `page.rs` | from the parameters of a list to its page |
//! | `fold.rs` | which letters count as the same |
//! | `records.rs` | the clients themselves, packed |
//! | `orders.rs` | the clients in each sort order, with access by rank |
//! | `grams.rs` | the three-byte pieces that lead to a client |
//! | `postings.rs` | the compressed sorted set that holds those leads |
//! | `search.rs` | from a query to the clients that match it |
//! | `oracle.rs` | the same lists computed plainly, for tests |

mod bits;
mod fold;
mod grams;
mod index;
mod loader;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
mod orders;
mod page;
mod params;
mod postings;
mod records;
mod search;
#[cfg(test)]
mod tests;
mod varint;

pub use fold::fold;
pub use index::{Index, Rows};
pub use loader::Loader;
pub use params::{ListParams, SortBy, SortOrder};
