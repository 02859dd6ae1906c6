//! The API from end to end, with the client that openapi-generator generates from the contract.

mod http_client;

use std::{collections::BTreeMap, env, sync::Arc};

use anyhow::{Result, anyhow};
use clients_api::{
    apis::{Error, clients_api::*, configuration::Configuration},
    models::{
        Batch, BatchOperation, Change, ClientCreate, ClientRecord, ClientStatus, ClientUpdate, Problem,
        batch_operation::Operation,
    },
};
use uuid::Uuid;

use http_client::Tags;

fn with_key(key: String, tags: &Tags) -> ClientsApiClient {
    ClientsApiClient::new(Arc::new(Configuration {
        base_path: env::var("API_URL").unwrap_or_else(|_| "http://127.0.0.1:3000/api/v1".to_owned()),
        bearer_access_token: Some(key),
        client: http_client::new(tags),
        ..Configuration::default()
    }))
}

/// The problem document of a request that was refused.
fn problem<T, E>(answer: Result<T, Error<E>>) -> Result<Problem> {
    match answer {
        Ok(_) => Err(anyhow!("the request succeeded")),
        Err(Error::ResponseError(refusal)) => Ok(serde_json::from_str(&refusal.content)?),
        Err(error) => Err(anyhow!("{error}")),
    }
}

/// What a successful request got.
fn ok<T, E>(answer: Result<T, Error<E>>) -> Result<T> {
    match answer {
        Ok(value) => Ok(value),
        refused => {
            let Problem { status, detail, .. } = problem(refused)?;
            Err(anyhow!("{status} {detail}"))
        }
    }
}

/// A problem, by its stable code and everything that is wrong with the input.
fn describe(problem: &Problem) -> String {
    let errors = problem.errors.iter().flatten().map(|error| format!("{} {}", error.field, error.message));
    let errors = errors.collect::<Vec<_>>().join(", ");
    format!("{} {}{}{errors}", problem.status, problem.code, if errors.is_empty() { "" } else { ": " })
}

fn names(clients: &[ClientRecord]) -> String {
    clients.iter().map(|client| client.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Reads all changes after a cursor, and returns the next one. A change may come twice, so the version decides.
async fn catch_up(
    api: &ClientsApiClient,
    mut cursor: Option<String>,
    seen: &mut BTreeMap<Uuid, Change>,
) -> Result<String> {
    loop {
        let page = ok(api.list_changes(ListChangesParams::builder().maybe_cursor(cursor).build()).await)?;
        for change in page.changes {
            if seen.get(&change.id).is_none_or(|known| change.version > known.version) {
                seen.insert(change.id, change);
            }
        }
        if !page.has_more {
            return Ok(page.next_cursor);
        }
        cursor = Some(page.next_cursor);
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let tags = Tags::default();
    let api = with_key(env::var("API_KEY")?, &tags);

    // Create. One key for one client to be made: the request can be sent again without making a second one.
    let new_client = ClientCreate {
        phone: Some(Some("+1 555-1234".to_owned())),
        ..ClientCreate::new("John Doe (example)".to_owned())
    };
    let creation =
        CreateClientParams::builder().client_create(new_client).idempotency_key(Uuid::new_v4().to_string()).build();
    let john = ok(api.create_client(creation.clone()).await)?.data;
    println!("Created: {}, {}, {}", john.name, john.phone.as_deref().unwrap_or("null"), john.status);
    let again = ok(api.create_client(creation).await)?.data;
    println!("The same request again: {}", if again.id == john.id { "the same client" } else { "another client" });

    // Batch. Each operation has a result of its own, so some can fail while others succeed.
    let create = |name: &str, phone: Option<String>| BatchOperation {
        client: Some(Box::new(ClientUpdate { name: Some(name.to_owned()), phone: Some(phone), ..ClientUpdate::new() })),
        ..BatchOperation::new(Operation::Create)
    };
    let operations = vec![
        create("Jane Doe (example)", Some("+1 555-5678".to_owned())),
        create("Zoë Doe (example)", None),
        create(" ", Some("5".repeat(51))),
    ];
    let batch = BatchClientsParams::builder().batch(Batch::new(operations)).idempotency_key(Uuid::new_v4().to_string());
    let results = ok(api.batch_clients(batch.build()).await)?.results;
    let created: Vec<ClientRecord> = results.iter().filter_map(|result| result.client.clone()).collect();
    println!("Created in a batch: {}", names(&created));
    for problem in results.iter().filter_map(|result| result.problem.as_ref()) {
        println!("Refused in the batch: {}", describe(problem));
    }
    let ours: Vec<Uuid> = created.iter().chain([&john]).map(|client| client.id).collect();

    // List: all pages of a search, in order.
    let mut listed = Vec::new();
    let total = loop {
        let page = ListClientsParams::builder()
            .query("doe example".to_owned())
            .status(vec![ClientStatus::Active])
            .sort_by("name".to_owned())
            .limit(2)
            .offset(i32::try_from(listed.len())?)
            .build();
        let page = ok(api.list_clients(page).await)?;
        let is_last = page.data.is_empty();
        listed.extend(page.data);
        if is_last || i32::try_from(listed.len())? >= page.total {
            break page.total;
        }
    };
    println!("All pages, by name: {}; {total} in total", names(&listed));
    let search = ListClientsParams::builder().query("example, zoe".to_owned()).build();
    println!("Found by \"example, zoe\": {}", names(&ok(api.list_clients(search).await)?.data));

    // Get, and update only what nobody has changed since.
    let id = john.id.to_string();
    let get = GetClientParams::builder().id(id.clone()).build();
    let update = async |tag: &str, client_update| {
        let params = UpdateClientParams::builder().id(id.clone()).client_update(client_update).if_match(tag.to_owned());
        api.update_client(params.build()).await
    };
    let tag = || tags.of(&id).ok_or_else(|| anyhow!("no entity tag"));
    ok(api.get_client(get.clone()).await)?;
    let read = tag()?;
    let no_longer = ClientUpdate {
        status: Some(ClientStatus::Inactive),
        notes: Some(Some("No longer active".to_owned())),
        ..ClientUpdate::new()
    };
    let updated = ok(update(&read, no_longer).await)?.data;
    println!("Updated {read} to {}: {}, {}", tag()?, updated.status, updated.notes.as_deref().unwrap_or("null"));
    let no_notes = ClientUpdate { notes: Some(None), ..ClientUpdate::new() };
    let late = problem(update(&read, no_notes.clone()).await)?;
    println!("Updated {read} once more: {}", describe(&late));
    if late.status == 412 {
        // Somebody else was first. Read what is there now, and decide again.
        ok(api.get_client(get.clone()).await)?;
        let now = tag()?;
        let merged = ok(update(&now, no_notes).await)?.data;
        println!("Updated {now} to {}: notes are {}", tag()?, merged.notes.as_deref().unwrap_or("null"));
    }

    // Delete and restore.
    ok(api.delete_client(DeleteClientParams::builder().id(id.clone()).build()).await)?;
    println!("Deleted, and read again: {}", describe(&problem(api.get_client(get).await)?));
    let restored = ok(api.restore_client(RestoreClientParams::builder().id(id.clone()).build()).await)?;
    println!("Restored: {}", restored.data.name);

    // Put: create or replace, under an identifier made of another system's. The namespace is yours: choose it once.
    let own = Uuid::new_v5(&Uuid::parse_str("a3b8f3a2-5a0e-4d8e-9a6c-6d0f2b7c1e55")?, b"crm-1842").to_string();
    let put =
        PutClientParams::builder().id(own.clone()).client_create(ClientCreate::new("Ada Doe (example)".to_owned()));
    let put = put.build();
    let first = ok(api.put_client(put.clone()).await)?.data;
    let second = ok(api.put_client(put).await)?.data;
    let is_same = first.created_at == second.created_at;
    println!("Put twice as crm-1842: {}", if is_same { "created, then replaced" } else { "created twice" });
    ok(api.delete_client(DeleteClientParams::builder().id(own).permanently(true).build()).await)?;

    // Changes: the whole organization, then what has changed since.
    let mut seen = BTreeMap::new();
    let cursor = catch_up(&api, None, &mut seen).await?;
    seen.retain(|id, _| ours.contains(id));
    let mut versions: Vec<String> = seen
        .values()
        .map(|change| format!("{} {}", change.name.as_deref().unwrap_or_default(), change.version))
        .collect();
    versions.sort();
    println!("All changes so far, by version: {}", versions.join(", "));
    for id in &ours {
        ok(api.delete_client(DeleteClientParams::builder().id(id.to_string()).permanently(true).build()).await)?;
    }
    catch_up(&api, Some(cursor), &mut seen).await?;
    let deletions = seen.values().filter(|change| ours.contains(&change.id) && change.deleted_at.is_some()).count();
    println!("Deleted all for good, and changes since then: {deletions} deletions");

    // Errors. Match on `code`; the texts are for people.
    let refused = api.list_clients(ListClientsParams::builder().limit(1000).build()).await;
    println!("A limit of 1000: {}", describe(&problem(refused)?));
    let stranger = with_key(format!("ba_{}", "0".repeat(40)), &Tags::default());
    let refused = stranger.list_clients(ListClientsParams::builder().build()).await;
    println!("A wrong key: {}", describe(&problem(refused)?));
    Ok(())
}
