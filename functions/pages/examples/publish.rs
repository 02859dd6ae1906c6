//! Writes the front page and the reference as files for a static host:
//! `cargo run -p pages --example publish -- FOLDER https://api.example.com/api/v1`

use std::{
    env,
    io::{Write, stderr},
    path::Path,
    process::ExitCode,
};

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [folder, api] = arguments.as_slice() else {
        drop(writeln!(stderr(), "usage: publish FOLDER https://api.example.com/api/v1"));
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
