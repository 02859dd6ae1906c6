//! `cargo run`: the Clients API on this machine.

mod arguments;
mod screen;

use std::{fs, io::ErrorKind, net::Ipv4Addr, path::PathBuf, process::ExitCode};

use anyhow::{Context, Error, Result, anyhow};
use aws_config::SdkConfig;
use clap::Parser;
use domain::Clock;
use local::{
    config_for, demo,
    engine::{Engine, reach},
    gateway,
    setup::{self, KeySource},
};
use shared::{
    App,
    objects::Objects,
    rate_limit::{Quotas, RateLimiter},
    restore_window_from_env,
    store::{Store, Tables},
    telemetry,
};
use tokio::net::TcpListener;

use arguments::Arguments;
use screen::Greeting;

/// The limits unless the environment sets others: high, for load tests, but there, so that every answer shows them.
const QUOTAS: Quotas = Quotas { key: Some(60_000), organization: Some(300_000) };

#[tokio::main]
async fn main() -> ExitCode {
    arguments::refuse_keys();
    let arguments = Arguments::parse();
    if let Some(shell) = arguments.completions {
        // `| head` may have closed it.
        drop(screen::print(&arguments::completions(shell)));
        return ExitCode::SUCCESS;
    }
    // The key goes to standard output, for people and scripts. The log goes to standard error.
    telemetry::init_with(std::io::stderr);
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    // The port comes first: a second program, started by mistake, must not touch the data of the first.
    let listener = listen(arguments.port).await?;
    let (config, _engine) = dynamodb(&arguments).await?;
    let source = match arguments.key {
        Some(key) => KeySource::Given(key),
        None if arguments.in_memory => KeySource::Fresh,
        None => KeySource::File(data_file("key")?),
    };
    let objects = if arguments.in_memory { None } else { Some(Objects::in_folder(data_file("checkpoints")?)) };
    let rate_limiter = RateLimiter::new(Quotas::from_env().map_err(Error::msg)?.or(QUOTAS));
    let store =
        Store::new(&config, Tables::from_env()).with_restore_window(restore_window_from_env().map_err(Error::msg)?);
    let app = App { store, objects, clock: Clock::system(), rate_limiter };
    let (key, caller) = setup::prepare(&app, &source).await?;
    if let Some(count) = arguments.demo {
        demo::fill(&app, &caller, count).await?;
    }
    let greeting = Greeting::new(listener.local_addr()?, config.endpoint_url().unwrap_or_default(), &key);
    screen::print(&if arguments.json { greeting.in_json()? } else { greeting.in_words() })?;
    gateway::serve(listener, local::services(&app), Some(key), asked_to_stop()).await?;
    Ok(())
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("port {port} is taken by another program; --port chooses another port, --port 0 a free one")
        }
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} is the system's; --port chooses another port, from 1024 on, --port 0 a free one")
        }
        _ => anyhow!("cannot listen on port {port}: {error}"),
    })
}

/// The SDK's configuration for the requested DynamoDB, and the embedded engine, which runs until it is dropped.
async fn dynamodb(arguments: &Arguments) -> Result<(SdkConfig, Option<Engine>)> {
    if let Some(url) = &arguments.endpoint_url {
        reach(url).await.map_err(|error| {
            anyhow!(
                "{error:#}; start it (`scripts/dynamodb-local --port 8000`), or leave out --endpoint-url: one is embedded"
            )
        })?;
        return Ok((config_for(url), None));
    }
    let engine =
        if arguments.in_memory { Engine::in_memory().await? } else { Engine::open(&data_file("database")?).await? };
    Ok((engine.config().clone(), Some(engine)))
}

/// The path of a file or folder that outlives the program. It is in the folder `.local`, beside the workspace's
/// manifest under `cargo run` and in the current folder otherwise. Only the owner can open the folder: it contains a
/// key.
fn data_file(name: &str) -> Result<PathBuf> {
    let root = match std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) {
        Some(package) => package.parent().map(PathBuf::from).unwrap_or(package),
        None => std::env::current_dir().context("cannot find the current folder")?,
    };
    let folder = root.join(".local");
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .with_context(|| format!("cannot make the folder {}; --in-memory needs none", folder.display()))?;
    Ok(folder.join(name))
}

/// Resolves at Ctrl-C, or when a supervisor sends SIGTERM.
async fn asked_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    drop(interrupt.await);
}
