//! The program's messages: addresses and key on standard output, an error on standard error.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use domain::ApiKey;

/// Prints the URLs of the API and of DynamoDB, which the admin tool needs, the key, and a line to paste. The key
/// is shown here and nowhere else.
pub(crate) fn greet(address: SocketAddr, dynamodb: &str, key: &ApiKey) -> io::Result<()> {
    let base = format!("http://{address}/api/v1");
    let key = key.reveal();
    let greeting = format!(
        "Base URL  {base}\n\
         API key   {key}\n\
         DynamoDB  {dynamodb}\n\
         \n\
         curl {base}/clients -H \"Authorization: Bearer {key}\"\n\
         \n"
    );
    // In one write: a reader that stops after the line it needs must not end the program.
    let mut out = io::stdout().lock();
    out.write_all(greeting.as_bytes())?;
    out.flush()
}

/// Prints the error that ends the program, on one line.
pub(crate) fn complain(error: &anyhow::Error) {
    // If standard error is closed, nobody can be told.
    drop(writeln!(io::stderr(), "error: {error:#}"));
}
