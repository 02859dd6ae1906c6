//! Writes the front page and the reference as files for a static host:
//! `cargo run -p pages --example publish -- FOLDER https://api.example.com/api/v1`

use std::{
    env,
    io::{Write, stderr, stdout},
    path::Path,
    process::ExitCode,
};

const USAGE: &str = "Writes the front page and the reference as files for a static host.\n\n\
    Usage: cargo run -p pages --example publish -- FOLDER API\n\n\
    FOLDER  where the files go; files of an earlier version stay\n\
    API     the base URL of the API, such as https://api.example.com/api/v1";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        drop(writeln!(stdout(), "{USAGE}"));
        return ExitCode::SUCCESS;
    }
    let [folder, api] = arguments.as_slice() else {
        drop(writeln!(stderr(), "{USAGE}"));
        return ExitCode::from(2);
    };
    match pages::publish(Path::new(folder), api) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(stderr(), "error: {error}"));
            ExitCode::FAILURE
        }
    }
}
