//! The requests whose costs are measured, and the functions that answer them.

use std::{future, net::Ipv4Addr};

use anyhow::Result;
use local::gateway;
use serde_json::json;
use shared::{
    Client, ClientId, Notes, OrgId,
    limits::{FUNCTION_MEMORY_MB, LIST_MEMORY_MB, NOTES_CHARS},
};
use tokio::{net::TcpListener, task::AbortHandle};

use crate::{
    api::{Api, Call},
    lab::Lab,
    load::work::Kind,
    people,
    table::whole,
};

/// How many requests a case has with cold keys, and with a known one.
const SAMPLES: (usize, usize) = (11, 101);
/// The same for first loads, which take long.
const LOADS: (usize, usize) = (3, 6);
/// How many clients there are to read, change and delete.
const CLIENTS: usize = 500;
/// Notes as people write them.
pub(crate) const SHORT_NOTES: &str = "Prefers e-mail. Met at the fair.";
/// The organizations that are filled. Their identifiers, which are part of every item and index entry,
/// are as long as UUIDs.
pub(crate) const SMALL: &str = "small-000000000000000000000000000000";
pub(crate) const LARGE: &str = "large-000000000000000000000000000000";
pub(crate) const WITH_SHORT_NOTES: &str = "short-notes-000000000000000000000000";
pub(crate) const WITH_LONG_NOTES: &str = "long-notes-0000000000000000000000000";

/// Requests that cost the same.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) org: OrgId,
    pub(crate) memory_mb: u32,
    /// Which requests of the mixed load are like these.
    pub(crate) kind: Option<Kind>,
    /// Whether a known key is read beside the data.
    pub(crate) is_read: bool,
    /// Whether each request meets functions that have served nothing yet.
    pub(crate) fresh_functions: bool,
    /// For keys of their own.
    pub(crate) cold: Vec<Call>,
    /// For a known key.
    pub(crate) warm: Vec<Call>,
}

/// All cases. Fills the organizations they are about.
pub(crate) async fn all(lab: &Lab, small: usize, large: usize) -> Result<Vec<Case>> {
    let small_org = organization(lab, SMALL, small, None).await?;
    let large_org = organization(lab, LARGE, large, None).await?;
    let long = "x".repeat(NOTES_CHARS);
    let short_org = organization(lab, WITH_SHORT_NOTES, CLIENTS, Some(SHORT_NOTES)).await?;
    let long_org = organization(lab, WITH_LONG_NOTES, CLIENTS, Some(&long)).await?;
    let of_long = format!("{}-character notes", whole(NOTES_CHARS as f64));
    let ids: Vec<ClientId> = people::clients(CLIENTS).into_iter().map(|feed| feed.client.id).collect();

    let list = |_: usize| Call::list([]);
    let names: Vec<String> =
        people::clients(small).iter().map(|feed| feed.client.name.as_str().chars().take(5).collect()).collect();
    let search = |at: usize| Call::list([("query", names[at % names.len()].clone())]);
    let get = |at: usize| Call::get(ids[at]);
    let update = |at: usize| Call::update(ids[at], json!({ "phone": format!("+1 555-{at:04}") }));
    let delete = |at: usize| Call::delete(ids[CLIENTS - 1 - at]);
    let create = |notes: &str| {
        let body = json!({ "name": "Aisha Kowalczyk", "phone": "+1 555-0100", "notes": notes });
        move |_: usize| Call::create(body.clone())
    };
    let (small, large) = (whole(small as f64), whole(large as f64));
    // Lists first: what is written later is not to be in their overlap.
    Ok(vec![
        Case::new(format!("list of {small}"), &small_org, list).of_lists().like(Kind::List),
        Case::new(format!("search in {small}"), &small_org, search).of_lists().like(Kind::Search),
        Case::new(format!("list of {large}"), &large_org, list).of_lists(),
        Case::new(format!("list, 50 clients with {of_long}"), &long_org, list).of_lists(),
        Case::new(format!("list of {small}, first load"), &small_org, list).of_lists().of_first_loads(list),
        Case::new(format!("list of {large}, first load"), &large_org, list).of_lists().of_first_loads(list),
        Case::new("get".to_owned(), &short_org, get).of_reads().like(Kind::Get),
        Case::new(format!("get, {of_long}"), &long_org, get).of_reads(),
        Case::new("create".to_owned(), &short_org, create(SHORT_NOTES)).like(Kind::Create),
        Case::new(format!("create, {of_long}"), &long_org, create(&long)),
        Case::new("update".to_owned(), &short_org, update).like(Kind::Update),
        Case::new(format!("update, {of_long}"), &long_org, update),
        Case::new("delete".to_owned(), &short_org, delete).like(Kind::Delete),
        Case::new(format!("delete, {of_long}"), &long_org, delete),
    ])
}

async fn organization(lab: &Lab, name: &str, size: usize, notes: Option<&str>) -> Result<OrgId> {
    let org: OrgId = name.parse()?;
    let mut clients: Vec<Client> = people::clients(size).into_iter().map(|feed| feed.client).collect();
    if let Some(notes) = notes {
        clients.iter_mut().for_each(|client| client.notes = Some(Notes::stored(notes.to_owned())));
    }
    lab.fill(&org, &clients).await?;
    Ok(org)
}

impl Case {
    /// Requests to functions that write one client; `call` makes the one with a number.
    fn new(name: String, org: &OrgId, call: impl Fn(usize) -> Call) -> Self {
        let (cold, warm) = series(SAMPLES, call);
        let (org, memory_mb) = (org.clone(), FUNCTION_MEMORY_MB);
        Self { name, org, memory_mb, kind: None, is_read: false, fresh_functions: false, cold, warm }
    }

    fn of_reads(self) -> Self {
        Self { is_read: true, ..self }
    }

    fn of_lists(self) -> Self {
        Self { memory_mb: LIST_MEMORY_MB, ..self.of_reads() }
    }

    fn like(self, kind: Kind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    fn of_first_loads(self, call: impl Fn(usize) -> Call) -> Self {
        let (cold, warm) = series(LOADS, call);
        Self { fresh_functions: true, cold, warm, ..self }
    }
}

fn series((cold, warm): (usize, usize), call: impl Fn(usize) -> Call) -> (Vec<Call>, Vec<Call>) {
    ((0..cold).map(&call).collect(), (cold..cold + warm).map(&call).collect())
}

/// All functions behind a gateway. They end when this is dropped.
pub(crate) struct Functions {
    api: Api,
    gateway: AbortHandle,
}

impl Functions {
    /// New ones, which know nothing.
    pub(crate) async fn start(lab: &Lab) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api = Api::new(&listener.local_addr()?.to_string())?;
        let gateway = tokio::spawn(gateway::serve(listener, local::endpoints(&lab.app), future::pending()));
        Ok(Self { api, gateway: gateway.abort_handle() })
    }

    /// How they are called.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.gateway.abort();
    }
}
