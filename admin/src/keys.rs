//! `admin keys`: the API keys of organizations. A key is shown once, when it is created, on standard output.
//! Messages name it by its id.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use domain::{ApiKey, Clock, KeyId, Name, OrgId, Timestamp, UserId};
use serde::Serialize;
use shared::store::{ApiKeyRecord, ApiKeyState, ExpireOutcome, NewApiKey, Store};

use crate::{
    connection::Connection,
    expiry, help,
    output::{Form, print, show, table},
    similar,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates a key and prints it, alone, on standard output. It is shown only this once.
    #[command(after_help = help::examples(&[
        "admin keys create --org acme --user maria --name \"CRM sync\" --expires 90d",
        "# With its id, for a script",
        "admin keys create --org acme --user maria --name CI --expires 1y --json",
    ]))]
    Create(Create),
    /// Lists an organization's keys, from the oldest to the newest.
    ///
    /// The list comes from an index: a new key may be missing for a second.
    #[command(after_help = help::examples(&[
        "admin keys list --org acme",
        "admin keys list --org acme --json | jq -r '.[].keyId'",
    ]))]
    List(List),
    /// Revokes a key at once and for good. It is safe to repeat.
    #[command(after_help = help::examples(&["admin keys revoke KEY_ID"]))]
    Revoke(Revoke),
    /// Replaces a key: creates a new one, prints it, alone, on standard output, and lets the old one expire
    /// a while later.
    #[command(after_help = help::examples(&[
        "admin keys rotate KEY_ID --expires 90d",
        "# A key that leaked: the old one ends in an hour",
        "admin keys rotate KEY_ID --expires 90d --keep 1h",
    ]))]
    Rotate(Rotate),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The organization that the key gives access to
    #[arg(long)]
    org: OrgId,
    /// The user who owns the key: everything done with it is attributed to this user
    #[arg(long)]
    user: UserId,
    /// The key's name, for people
    #[arg(long)]
    name: Name,
    #[command(flatten)]
    life: Life,
}

#[derive(Args, Debug)]
struct Life {
    /// The expiry of the new key: 30d, 60d, 90d, 1y (any number of days or years), its last day
    /// (2027-01-31, UTC) or an instant (2027-01-31T12:00:00Z)
    #[arg(long, value_name = "END", value_parser = |text: &str| expiry::end(text, Clock::system().now()))]
    expires: Timestamp,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// The organization
    #[arg(long)]
    org: OrgId,
}

#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// The key's id (key_…), which `keys list` shows
    #[arg(value_name = "KEY_ID")]
    id: KeyId,
}

#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// The old key's id (key_…), which `keys list` shows
    #[arg(value_name = "KEY_ID")]
    id: KeyId,
    #[command(flatten)]
    life: Life,
    /// The time for which the old key is kept, unless it expires before: minutes, hours or days (30m, 24h, 7d)
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = expiry::keep)]
    keep: Duration,
}

pub(crate) async fn run(command: Command, connection: &Connection, form: Form) -> Result<()> {
    let store = connection.store().await?;
    match command {
        Command::Create(create) => self::create(create, &store, form).await,
        Command::List(list) => self::list(list, &store, form).await,
        Command::Revoke(Revoke { id }) => revoke(&id, &store, form).await,
        Command::Rotate(rotate) => self::rotate(rotate, &store, form).await,
    }
}

async fn create(Create { org, user, name, life }: Create, store: &Store, form: Form) -> Result<()> {
    let new = NewApiKey { org, user, name: name.as_str().to_owned(), expires_at: life.expires };
    let (key, record) = make(store, new).await?;
    reveal(&key, &record, None, form)
}

async fn make(store: &Store, new: NewApiKey) -> Result<(ApiKey, ApiKeyRecord)> {
    let key = ApiKey::generate().context("the operating system gave no randomness")?;
    let record = store.create_api_key(&key, new, Clock::system().now()).await.context("could not create the key")?;
    Ok((key, record))
}

/// Prints a new key, the one time that it is shown. It may take the place of an old one.
fn reveal(key: &ApiKey, record: &ApiKeyRecord, replaced: Option<&ApiKeyRecord>, form: Form) -> Result<()> {
    let (id, now) = (&record.caller.key_id, Clock::system().now());
    let lost = || format!("the key {id} was created but could not be printed, and cannot be shown again: revoke it");
    if form.json {
        let replaced = replaced.map(|old| Listed::new(old, now));
        let created = Created { key: key.reveal(), record: Listed::new(record, now), replaced };
        return print(&serde_json::to_string_pretty(&created)?).with_context(lost);
    }
    print(key.reveal()).with_context(lost)?;
    eprintln!(
        "{id} of {} in {} expires on {} UTC. The key is not shown again.",
        record.caller.user,
        record.caller.org,
        minute(record.expires_at)
    );
    if let Some(old) = replaced {
        eprintln!("{} expires on {} UTC.", old.caller.key_id, minute(old.expires_at));
    }
    Ok(())
}

async fn list(List { org }: List, store: &Store, form: Form) -> Result<()> {
    let keys = store.list_api_keys(&org).await.context("could not list the keys")?;
    let now = Clock::system().now();
    if keys.is_empty() {
        eprintln!("{org} has no keys.");
        similar::suggest_organization(&org, store).await;
    }
    if form.json {
        let keys: Vec<Listed> = keys.iter().map(|key| Listed::new(key, now)).collect();
        show(&serde_json::to_string_pretty(&keys)?)?;
    } else if !keys.is_empty() {
        let heading = ["NAME", "HINT", "KEY ID", "OWNER", "CREATED (UTC)", "EXPIRES (UTC)", "LAST USE (UTC)", "STATE"];
        let rows: Vec<_> = keys.iter().map(|key| row(key, now)).collect();
        show(&table(heading, &rows))?;
    }
    Ok(())
}

async fn revoke(id: &KeyId, store: &Store, form: Form) -> Result<()> {
    let mut key = find(id, store).await?;
    let now = Clock::system().now();
    let revoked_at = store.revoke_api_key(&key, now).await.context("could not revoke the key")?;
    let words = if revoked_at == now {
        format!("{id} (`{}` of {}) is now revoked.", key.name, key.caller.user)
    } else {
        format!("{id} has been revoked since {} UTC.", minute(revoked_at))
    };
    key.revoked_at = Some(revoked_at);
    Ok(form.report(&Listed::new(&key, now), &words)?)
}

/// Creates the new key first, and prints it even if the table fails to change the old one: nobody is left
/// without a key. If somebody else changed the old key meanwhile, it revokes the new one: of several rotations
/// of one key at once, one succeeds, and its report is true.
async fn rotate(Rotate { id, life, keep }: Rotate, store: &Store, form: Form) -> Result<()> {
    let mut old = find(&id, store).await?;
    let now = Clock::system().now();
    if old.state(now) != ApiKeyState::Active {
        bail!("{id} is {}, so there is nothing to rotate; create a new key with `keys create`", state(&old, now));
    }
    // A rotation never prolongs the old key's life.
    let end = old.expires_at.min(now.after(keep));
    let ApiKeyRecord { caller, name, .. } = old.clone();
    let new = NewApiKey { org: caller.org, user: caller.user, name, expires_at: life.expires };
    let (key, record) = make(store, new).await?;
    match store.expire_api_key(&old, end).await {
        Ok(ExpireOutcome::Set) => {
            old.expires_at = end;
            reveal(&key, &record, Some(&old), form)
        }
        Ok(ExpireOutcome::Changed(current)) => {
            let new_id = &record.caller.key_id;
            store.revoke_api_key(&record, Clock::system().now()).await.with_context(|| {
                format!("{id} was changed by somebody else, and the new key {new_id} could not be revoked: revoke it")
            })?;
            bail!(
                "{id} was changed by somebody else meanwhile: {}. The new key {new_id} was revoked and is not shown; \
                 repeat the command if it is still wanted",
                match current.revoked_at {
                    Some(at) => format!("it has been revoked since {} UTC", minute(at)),
                    None => format!("it expires on {} UTC", minute(current.expires_at)),
                }
            )
        }
        Err(error) => {
            reveal(&key, &record, None, form)?;
            Err(error).with_context(|| {
                format!(
                    "the new key works, but whether {id} expires on {} UTC is unknown: see `keys list`",
                    minute(end)
                )
            })
        }
    }
}

async fn find(id: &KeyId, store: &Store) -> Result<ApiKeyRecord> {
    if let Some(key) = store.find_api_key_by_id(id).await.context("could not look for the key")? {
        return Ok(key);
    }
    match similar::key(id, store).await {
        Some(ApiKeyRecord { caller, name, .. }) => {
            bail!("there is no key with this id; did you mean {} (`{name}` of {})?", caller.key_id, caller.org)
        }
        None => bail!("there is no key with this id; `admin keys list --org ORG` shows the ids"),
    }
}

/// A new key in JSON.
#[derive(Serialize)]
struct Created<'a> {
    key: &'a str,
    #[serde(flatten)]
    record: Listed,
    /// The old key, if this one takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<Listed>,
}

/// A key in JSON: all that may be shown of it again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed {
    key_id: String,
    name: String,
    hint: String,
    org_id: String,
    user_id: String,
    created_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    state: &'static str,
}

impl Listed {
    pub(crate) fn new(key: &ApiKeyRecord, now: Timestamp) -> Self {
        Self {
            key_id: key.caller.key_id.to_string(),
            name: key.name.clone(),
            hint: key.hint.clone(),
            org_id: key.caller.org.to_string(),
            user_id: key.caller.user.to_string(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            state: state(key, now),
        }
    }

    /// A row about its expiry: the time, the organization, the name, the id, the owner, the last use.
    pub(crate) fn expiring_row(&self) -> [String; 6] {
        [
            minute(self.expires_at),
            self.org_id.clone(),
            self.name.clone(),
            self.key_id.clone(),
            self.user_id.clone(),
            last_use(self.last_used_at),
        ]
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
        last_use(key.last_used_at),
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

/// A key's last use, for people.
pub(crate) fn last_use(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), minute)
}

/// A time to the minute, for people: `2027-01-31 23:59`.
fn minute(at: Timestamp) -> String {
    at.to_string().chars().take("2027-01-31T23:59".len()).map(|c| if c == 'T' { ' ' } else { c }).collect()
}
