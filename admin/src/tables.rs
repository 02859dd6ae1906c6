//! `admin tables`: creates the tables on local engines.

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use shared::{endpoint_from_env, store::Tables};

use crate::connection::Connection;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates the two tables if they are missing.
    ///
    /// This is for local engines such as DynamoDB Local, so it needs AWS_ENDPOINT_URL_DYNAMODB. On AWS
    /// the template creates the tables, with their backups and their protection.
    Create,
}

pub(crate) async fn run(command: Command, connection: &Connection) -> Result<()> {
    match command {
        Command::Create => create(connection).await,
    }
}

async fn create(connection: &Connection) -> Result<()> {
    let Some(endpoint) = endpoint_from_env("DYNAMODB") else {
        bail!("set AWS_ENDPOINT_URL_DYNAMODB to a local engine: on AWS the template creates the tables");
    };
    connection
        .store()
        .await?
        .create_tables()
        .await
        .with_context(|| format!("could not create tables on {endpoint}"))?;
    let Tables { clients, api_keys } = connection.tables();
    eprintln!("The tables `{clients}` and `{api_keys}` exist.");
    Ok(())
}
