//! `admin tables`: creates the tables on local engines.

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde::Serialize;
use shared::{endpoint_from_env, store::Tables};

use crate::{connection::Connection, help, output::Form};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Creates the two tables if they are missing.
    ///
    /// This is for local engines such as DynamoDB Local, so it needs AWS_ENDPOINT_URL_DYNAMODB. On AWS
    /// the template creates the tables, with their backups and their protection.
    #[command(after_help = help::examples(&[
        "scripts/dynamodb-local --port 8000",
        "AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000 admin tables create",
    ]))]
    Create,
}

/// The tables that are there now, in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created<'a> {
    endpoint: &'a str,
    clients_table: &'a str,
    api_keys_table: &'a str,
}

pub(crate) async fn run(command: Command, connection: &Connection, form: Form) -> Result<()> {
    match command {
        Command::Create => create(connection, form).await,
    }
}

async fn create(connection: &Connection, form: Form) -> Result<()> {
    let Some(endpoint) = endpoint_from_env("DYNAMODB") else {
        bail!(
            "set AWS_ENDPOINT_URL_DYNAMODB to a local engine, such as http://127.0.0.1:8000: on AWS the template creates \
             the tables"
        );
    };
    connection
        .store()
        .await?
        .create_tables()
        .await
        .with_context(|| format!("could not create tables on {endpoint}"))?;
    let Tables { clients, api_keys } = connection.tables();
    let created = Created { endpoint: &endpoint, clients_table: &clients, api_keys_table: &api_keys };
    Ok(form.report(&created, &format!("The tables `{clients}` and `{api_keys}` exist."))?)
}
