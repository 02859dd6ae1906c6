//! Functions as processes under a stand-in for the Lambda Runtime API, for `cold` and `warm`.

mod budget;
mod database;
mod reference;
mod subject;

pub(crate) use budget::Budgets;
pub(crate) use database::Database;
pub(crate) use reference::Reference;
pub(crate) use subject::{Chosen, Subject, organization};
