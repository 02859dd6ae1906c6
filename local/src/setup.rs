//! The set-up at a start: the tables, and an API key of an organization. The tables hold only the key's hash, so
//! the key itself is kept in a file of the developer's, and is shown again at the next start.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use domain::{ApiKey, Caller};
use shared::{
    App,
    store::{ApiKeyRecord, ApiKeyState, NewApiKey},
};

/// The organization of the local key.
pub const ORG: &str = "demo";
/// The user who owns the key.
const USER: &str = "developer";
/// The name of the key.
const NAME: &str = "local";
/// What to do if a given key is of no use.
const OTHER_KEY: &str = "give another one, or leave out --key: then one is created";
const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The source of the API key.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// It is given, and is not replaced.
    Given(ApiKey),
    /// It is in this file, and is created at the first start.
    File(PathBuf),
    /// It is created at every start.
    Fresh,
}

/// Creates the tables and the key if they are missing. Gives the key and its caller.
///
/// # Errors
/// Fails if the tables cannot be created, if the file cannot be read or written, or if a given key has expired
/// or was revoked.
pub async fn prepare(app: &App, source: &KeySource) -> Result<(ApiKey, Caller)> {
    app.store.create_tables().await.context("cannot create the tables")?;
    if let Some(key) = known(source)? {
        let record = register(app, &key).await?;
        match (record.state(app.clock.now()), source) {
            (ApiKeyState::Active, _) => return Ok((key, record.caller)),
            (ApiKeyState::Expired, KeySource::Given(_)) => bail!("the key given with --key has expired; {OTHER_KEY}"),
            (ApiKeyState::Revoked, KeySource::Given(_)) => bail!("the key given with --key was revoked; {OTHER_KEY}"),
            (ApiKeyState::Expired | ApiKeyState::Revoked, _) => {}
        }
    }
    let key = ApiKey::generate().context("the operating system gives no randomness")?;
    // The file comes first: a key that is only in the tables would be lost.
    if let KeySource::File(file) = source {
        remember(file, &key).with_context(|| format!("cannot write the key to {}", file.display()))?;
    }
    let record = register(app, &key).await?;
    Ok((key, record.caller))
}

/// The key from before this start, if there is one.
fn known(source: &KeySource) -> Result<Option<ApiKey>> {
    match source {
        KeySource::Given(key) => Ok(Some(key.clone())),
        KeySource::Fresh => Ok(None),
        KeySource::File(file) => match fs::read_to_string(file) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read the key in {}", file.display())),
        },
    }
}

/// Stores the key, unless it is stored already.
async fn register(app: &App, key: &ApiKey) -> Result<ApiKeyRecord> {
    let now = app.clock.now();
    let new = NewApiKey { org: ORG.parse()?, user: USER.parse()?, name: NAME.to_owned(), expires_at: now.after(LIFE) };
    app.store.create_api_key(key, new, now).await.context("cannot create the key")
}

/// Writes the key, whole or not at all, into a file that only its owner can read.
fn remember(file: &Path, key: &ApiKey) -> std::io::Result<()> {
    let unfinished = file.with_extension("new");
    // A file left over from before would keep its mode.
    if let Err(error) = fs::remove_file(&unfinished)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&unfinished)?;
    writeln!(opened, "{}", key.reveal())?;
    opened.sync_all()?;
    fs::rename(unfinished, file)
}

#[cfg(test)]
mod tests {
    use domain::Clock;
    use shared::store::{Store, Tables};

    use super::*;
    use crate::engine::Engine;

    async fn app(engine: &Engine) -> App {
        App::on(Store::new(engine.config(), Tables::default()))
    }

    #[tokio::test]
    async fn the_key_stays_the_same_until_it_is_revoked() {
        let engine = Engine::in_memory().await.unwrap();
        let app = app(&engine).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let source = KeySource::File(file.clone());

        let (first, caller) = prepare(&app, &source).await.unwrap();
        assert_eq!(caller.org.as_str(), ORG);
        assert_eq!(prepare(&app, &source).await.unwrap(), (first.clone(), caller.clone()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }

        let record = app.store.find_api_key(&first.hash()).await.unwrap().unwrap();
        app.store.revoke_api_key(&record, app.clock.now()).await.unwrap();
        let (second, _) = prepare(&app, &source).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(prepare(&app, &source).await.unwrap().0, second);
    }

    #[tokio::test]
    async fn an_expired_key_is_replaced() {
        let engine = Engine::in_memory().await.unwrap();
        let app = app(&engine).await;
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::File(folder.path().join("key"));
        let (first, _) = prepare(&app, &source).await.unwrap();
        let later = App { clock: Clock::new(|| Clock::system().now().after(LIFE)), ..app };
        assert_ne!(prepare(&later, &source).await.unwrap().0, first);
    }

    #[tokio::test]
    async fn a_given_key_is_used_or_refused_but_never_replaced() {
        let engine = Engine::in_memory().await.unwrap();
        let app = app(&engine).await;
        let given = ApiKey::generate().unwrap();
        let source = KeySource::Given(given.clone());
        assert_eq!(prepare(&app, &source).await.unwrap().0, given);
        let record = app.store.find_api_key(&given.hash()).await.unwrap().unwrap();
        app.store.revoke_api_key(&record, app.clock.now()).await.unwrap();
        let error = prepare(&app, &source).await.unwrap_err().to_string();
        assert!(error.starts_with("the key given with --key was revoked"), "{error}");
    }
}
