//! The program's messages: addresses and key on standard output, an error on standard error.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use domain::ApiKey;
use serde::Serialize;
use shared::store::{Obstacle, StoreError};

/// What a person or a script needs to begin: the URLs of the pages, of the API and of DynamoDB, which the admin tool
/// needs, and the key. The key is shown here and nowhere else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Greeting<'a> {
    front_page: String,
    docs: String,
    console: String,
    base_url: String,
    api_key: &'a str,
    dynamodb: &'a str,
}

impl<'a> Greeting<'a> {
    pub(crate) fn new(address: SocketAddr, dynamodb: &'a str, key: &'a ApiKey) -> Self {
        let url = |path| format!("http://{address}{path}");
        Self {
            front_page: url("/"),
            docs: url("/docs"),
            console: url("/console"),
            base_url: url("/api/v1"),
            api_key: key.reveal(),
            dynamodb,
        }
    }

    /// For people, with a line to paste.
    pub(crate) fn in_words(&self) -> String {
        let Self { front_page, docs, console, base_url, api_key, dynamodb } = self;
        format!(
            "Front page  {front_page}\n\
             Reference   {docs}\n\
             Console     {console}\n\
             Base URL    {base_url}\n\
             API key     {api_key}\n\
             DynamoDB    {dynamodb}\n\
             \n\
             curl {base_url}/clients -H \"Authorization: Bearer {api_key}\"\n\
             \n\
             Ctrl-C stops it.\n"
        )
    }

    /// For scripts, on one line.
    pub(crate) fn in_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

/// Prints to standard output, in one write: a reader that stops after the line it needs must not end the program.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints the error that ends the program, on one line, and what to do next on another.
pub(crate) fn complain(error: &anyhow::Error) {
    let obstacle = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>()?.obstacle());
    let hint = match obstacle {
        Some(Obstacle::NotDynamoDb) => "\nhint: what answers at the URL of --endpoint-url is not DynamoDB",
        Some(Obstacle::NoAnswer) => {
            "\nhint: the DynamoDB of --endpoint-url does not answer; without it, one is embedded"
        }
        Some(
            Obstacle::NoCredentials
            | Obstacle::ExpiredCredentials
            | Obstacle::UnknownCredentials
            | Obstacle::NotPermitted,
        ) => "\nhint: the DynamoDB of --endpoint-url wants other credentials: AWS_PROFILE chooses them",
        Some(Obstacle::NoTable) | None => "",
    };
    // If standard error is closed, nobody can be told.
    drop(writeln!(io::stderr(), "error: {error:#}{hint}"));
}
