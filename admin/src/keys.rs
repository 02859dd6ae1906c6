//! `admin keys`: the API keys of organizations. A key is shown once, when it is made, and on
//! standard output alone: everything else that is said names it by its id.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use domain::{ApiKey, Clock, KEY_PREFIX, KeyId, Name, OrgId, Timestamp, UserId};
use serde::Serialize;
use shared::store::{ApiKeyRecord, ApiKeyState, NewApiKey, Store};

use crate::{
    connection::Connection,
    expiry,
    identifier::identifier,
    output::{print, show, table},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a key and prints it, alone, on standard output. It is shown this once.
    Create(Create),
    /// Lists an organization's keys, from the oldest to the newest.
    ///
    /// A key made a moment ago can be missing for a second: the list comes from an index.
    List(List),
    /// Ends a key at once and for good. Repeating it does no harm.
    Revoke(Revoke),
    /// Makes a new key in an old one's place and prints it, alone, on standard output. The old one
    /// ends a while later, so that there is time to change over.
    Rotate(Rotate),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The organization that the key opens
    #[arg(long, value_parser = identifier::<OrgId>())]
    org: OrgId,
    /// The user who owns it: what is done with it is attributed to this user
    #[arg(long, value_parser = identifier::<UserId>())]
    user: UserId,
    /// What people call it
    #[arg(long)]
    name: Name,
    #[command(flatten)]
    life: Life,
}

#[derive(Args, Debug)]
struct Life {
    /// When the new key ends: 30d, 60d, 90d, 1y (any number of days or years), its last day
    /// (2027-01-31, UTC) or an instant (2027-01-31T12:00:00Z)
    #[arg(long, value_name = "END", value_parser = |text: &str| expiry::end(text, Clock::system().now()))]
    expires: Timestamp,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// The organization
    #[arg(long, value_parser = identifier::<OrgId>())]
    org: OrgId,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// The key's id, as `keys list` shows it (key_…)
    // Text, so that no error of clap's can quote it: it may be a key, given by mistake.
    #[arg(value_name = "KEY_ID")]
    id: String,
}

#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// The old key's id, as `keys list` shows it (key_…)
    #[arg(value_name = "KEY_ID")]
    id: String,
    #[command(flatten)]
    life: Life,
    /// How long the old key is kept, unless it ends before: minutes, hours or days (30m, 24h, 7d)
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = expiry::keep)]
    keep: Duration,
}

pub(crate) async fn run(command: Command, connection: &Connection) -> Result<()> {
    match command {
        Command::Create(Create { org, user, name, life }) => {
            let new = NewApiKey { org, user, name: name.as_str().to_owned(), expires_at: life.expires };
            make(&connection.store().await, new).await
        }
        Command::List(list) => self::list(list, &connection.store().await).await,
        Command::Revoke(Revoke { id }) => {
            let id = key_id(&id)?;
            revoke(&id, &connection.store().await).await
        }
        Command::Rotate(Rotate { id, life, keep }) => {
            let id = key_id(&id)?;
            rotate(&id, life.expires, keep, &connection.store().await).await
        }
    }
}

async fn make(store: &Store, new: NewApiKey) -> Result<()> {
    let key = ApiKey::generate().context("the operating system gave no randomness")?;
    let made = store.create_api_key(&key, new, Clock::system().now()).await.context("could not make the key")?;
    let id = &made.caller.key_id;
    print(key.reveal()).with_context(|| {
        format!("the key {id} was made but could not be shown, and cannot be shown again: revoke it")
    })?;
    eprintln!(
        "{id} of {} in {} ends on {} UTC. The key is not shown again.",
        made.caller.user,
        made.caller.org,
        minute(made.expires_at)
    );
    Ok(())
}

async fn list(List { org, json }: List, store: &Store) -> Result<()> {
    let keys = store.list_api_keys(&org).await.context("could not list the keys")?;
    let now = Clock::system().now();
    if json {
        let keys: Vec<Listed> = keys.iter().map(|key| Listed::new(key, now)).collect();
        show(&serde_json::to_string_pretty(&keys)?)?;
    } else if keys.is_empty() {
        eprintln!("{org} has no keys.");
    } else {
        let heading = ["NAME", "HINT", "KEY ID", "OWNER", "CREATED (UTC)", "EXPIRES (UTC)", "LAST USE (UTC)", "STATE"];
        let rows: Vec<_> = keys.iter().map(|key| row(key, now)).collect();
        show(&table(heading, &rows))?;
    }
    Ok(())
}

async fn revoke(id: &KeyId, store: &Store) -> Result<()> {
    let key = find(id, store).await?;
    store.revoke_api_key(&key, Clock::system().now()).await.context("could not revoke the key")?;
    match key.revoked_at {
        Some(before) => eprintln!("{id} has been revoked since {} UTC.", minute(before)),
        None => eprintln!("{id} (`{}` of {}) is revoked as of now.", key.name, key.caller.user),
    }
    Ok(())
}

async fn rotate(id: &KeyId, expires_at: Timestamp, keep: Duration, store: &Store) -> Result<()> {
    let old = find(id, store).await?;
    let now = Clock::system().now();
    if old.state(now) != ApiKeyState::Active {
        bail!("{id} is {}: there is nothing to change over from; make a new key with `keys create`", state(&old, now));
    }
    let new =
        NewApiKey { org: old.caller.org.clone(), user: old.caller.user.clone(), name: old.name.clone(), expires_at };
    // The new key first: should the second step fail, nobody is left without a key.
    make(store, new).await?;
    // A rotation never prolongs the old key's life.
    let end = old.expires_at.min(now.after(keep));
    store.expire_api_key(&old, end).await.with_context(|| {
        format!(
            "the new key works, but the old one could not be given its end: {id} lives until {} UTC",
            minute(old.expires_at)
        )
    })?;
    eprintln!("{id} ends on {} UTC.", minute(end));
    Ok(())
}

/// The id in an argument. No error quotes the argument: it may be a key, given by mistake.
fn key_id(text: &str) -> Result<KeyId> {
    if text.get(..KEY_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(KEY_PREFIX)) {
        bail!(
            "this is a key, not a key's id (key_…); `keys list --org ORG` shows ids beside the keys' first characters"
        );
    }
    text.parse().ok().context("this is not a key's id (key_…); `keys list --org ORG` shows them")
}

async fn find(id: &KeyId, store: &Store) -> Result<ApiKeyRecord> {
    let found = store.find_api_key_by_id(id).await.context("could not look for the key")?;
    found.context("there is no key with this id; `keys list --org ORG` shows the ids")
}

/// A key as `--json` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    key_id: &'a str,
    name: &'a str,
    hint: &'a str,
    org_id: &'a str,
    user_id: &'a str,
    created_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    state: &'static str,
}

impl<'a> Listed<'a> {
    fn new(key: &'a ApiKeyRecord, now: Timestamp) -> Self {
        Self {
            key_id: key.caller.key_id.as_str(),
            name: &key.name,
            hint: &key.hint,
            org_id: key.caller.org.as_str(),
            user_id: key.caller.user.as_str(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            state: state(key, now),
        }
    }
}

fn row(key: &ApiKeyRecord, now: Timestamp) -> [String; 8] {
    [
        key.name.clone(),
        key.hint.clone(),
        key.caller.key_id.to_string(),
        key.caller.user.to_string(),
        minute(key.created_at),
        minute(key.expires_at),
        key.last_used_at.map_or_else(|| "never".to_owned(), minute),
        state(key, now).to_owned(),
    ]
}

fn state(key: &ApiKeyRecord, now: Timestamp) -> &'static str {
    match key.state(now) {
        ApiKeyState::Active => "active",
        ApiKeyState::Expired => "expired",
        ApiKeyState::Revoked => "revoked",
    }
}

/// An instant to the minute, as people read it: `2027-01-31 23:59`.
fn minute(at: Timestamp) -> String {
    at.to_string().chars().take("2027-01-31T23:59".len()).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
