//! The operator's operations: find and create the tables; export, import and purge an organization. The functions
//! do not compile this.

mod clock;
mod export;
mod found;
mod import;
mod mark;
mod purge;
mod sdk;
mod tables;

pub use export::{ClientPage, ClientRecord};
pub use found::FoundTable;
pub use import::{IMPORTED_WITH, Import, ImportOutcome};
pub use sdk::{sdk_client, sdk_connector, sdk_http_client};
