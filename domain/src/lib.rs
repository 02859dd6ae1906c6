//! The terms of the Clients API: clients, identifiers, API keys, time, limits, and the rules of
//! their input. This crate knows neither AWS nor HTTP.

mod api_key;
mod change;
mod client;
mod id;
mod input;
pub mod limits;
mod restore_window;
mod time;

pub use api_key::{ApiKey, InvalidApiKey, KEY_PREFIX, KeyHash, contains_key, hex};
pub use change::{Change, ListedClient};
pub use client::{Action, Client, ClientPatch, Name, NewClient, Notes, Phone, Status, is_ignorable};
pub use id::{Caller, ClientId, InvalidClientId, InvalidIdentifier, KeyId, OrgId, UserId, parse_uuid};
pub use input::{FieldError, Invalid, json_object};
pub use restore_window::{InvalidRestoreWindow, RestoreWindow};
pub use time::{Clock, Timestamp};
