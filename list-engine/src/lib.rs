//! All clients of one organization in memory: load them, apply changes, and list pages in any order, with
//! any filter, search text and offset, and with an exact total. This crate knows neither AWS nor HTTP.
//!
//! | file | purpose |
//! |---|---|
//! | `params.rs` | the parameters of a list |
//! | `index.rs` | the index, and how it applies a change |
//! | `loader.rs` | builds the index while the change feed is read |
//! | `finish.rs` | the last part of a load, in steps |
//! | `sorter.rs` | sorts the clients by one key, in steps |
//! | `rebuild.rs` | builds the postings in steps |
//! | `page.rs` | answers a list request |
//! | `query.rs` | the meaning of a search text |
//! | `fold.rs` | the folded form of names |
//! | `phone.rs` | the bare form of phone numbers |
//! | `search.rs` | finds the clients that match a query |
//! | `hits.rs` | the slots that a search finds |
//! | `grams.rs` | the three-byte pieces by which clients are found |
//! | `postings.rs` | the compressed set of which slots have which grams |
//! | `records.rs` | the clients, packed |
//! | `sort_keys.rs` | the keys that clients are sorted by |
//! | `orders.rs` | the clients in the order of one sort key, with access by rank |
//! | `checkpoint.rs` | the index as bytes for object storage |
//! | `comparison.rs` | compares the index with the whole change feed |
//! | `oracle.rs` | the same lists, computed plainly, for tests |

mod bits;
pub mod checkpoint;
mod comparison;
mod finish;
mod fold;
mod grams;
mod hits;
mod index;
mod loader;
#[cfg(any(test, feature = "oracle"))]
pub mod oracle;
mod orders;
mod page;
mod params;
mod phone;
mod postings;
mod query;
mod rebuild;
mod records;
mod search;
mod sort_keys;
mod sorter;
#[cfg(test)]
mod tests;
mod varint;

pub use comparison::Comparison;
pub use finish::Finish;
pub use index::{Index, Rows};
pub use loader::Loader;
pub use params::{ListParams, SortBy, SortOrder};
