//! An organization as a whole, for the operator: exported, imported, deleted. No request of the API
//! comes here.

mod clock;
mod export;
mod import;
mod purge;

pub use clock::ClockError;
pub use export::{ClientPage, ClientRecord};
pub use import::{IMPORTED_WITH, Import, Imported};
