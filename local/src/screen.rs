//! What people see: the address and the key on standard output, a complaint on standard error.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use domain::ApiKey;

/// Where the API and its tables are (the admin tool wants to know), the key, and a line to paste.
/// The key is shown here, on purpose, and nowhere else.
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
    // In one piece: who reads only as far as the line it looks for must not end the program.
    let mut out = io::stdout().lock();
    out.write_all(greeting.as_bytes())?;
    out.flush()
}

/// Why the program ends, on one line.
pub(crate) fn complain(error: &anyhow::Error) {
    // With standard error gone, there is nobody left to tell.
    drop(writeln!(io::stderr(), "error: {error:#}"));
}
