//! The command line.

use std::ffi::OsStr;

use clap::{Arg, Command, CommandFactory, Parser, builder::TypedValueParser, error::ErrorKind};
use domain::{ApiKey, InvalidApiKey, contains_key};
use lambda_http::http::Uri;

/// The Clients API on this machine, with an embedded DynamoDB that keeps its data in `.local/`.
#[derive(Parser, Debug)]
#[command(name = "local", version)]
pub(crate) struct Arguments {
    /// The port to listen on (0: any free port)
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub(crate) port: u16,

    /// Keep everything in memory: data and key are gone when the program ends
    #[arg(long, conflicts_with = "endpoint_url")]
    pub(crate) in_memory: bool,

    /// Use this API key instead of one that is created on first use
    #[arg(long, value_name = "ba_…", value_parser = KeyParser)]
    pub(crate) key: Option<ApiKey>,

    /// Fill the organization with N demo clients: adds the missing ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    pub(crate) demo: Option<u32>,

    /// Use the DynamoDB at this URL instead of the embedded one
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) endpoint_url: Option<String>,
}

/// Reads an API key. Unlike clap's own errors, this one does not repeat the value: most of a mistyped key is
/// right.
#[derive(Clone)]
struct KeyParser;

impl TypedValueParser for KeyParser {
    type Value = ApiKey;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<ApiKey, clap::Error> {
        value.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
            let message = format!("the value of '--key' is {InvalidApiKey}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

/// Ends the program if an argument other than the value of `--key` contains an API key: a message about a
/// wrong argument would repeat it.
pub(crate) fn refuse_keys() {
    if is_key_out_of_place(std::env::args_os().map(|argument| argument.to_string_lossy().into_owned())) {
        let message = "an argument other than the value of `--key` contains an API key, or something like one";
        Arguments::command().error(ErrorKind::ValueValidation, message).exit();
    }
}

fn is_key_out_of_place(arguments: impl Iterator<Item = String>) -> bool {
    let mut is_value = false;
    for argument in arguments {
        if !is_value && !argument.starts_with("--key=") && contains_key(&argument) {
            return true;
        }
        is_value = !is_value && argument == "--key";
    }
    false
}

fn url(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "must be like http://127.0.0.1:8000";
    let uri: Uri = text.parse().map_err(|_| WRONG)?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    if is_web && uri.host().is_some_and(|host| !host.is_empty()) { Ok(text.to_owned()) } else { Err(WRONG) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["local"], arguments].concat())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
        assert_eq!(parse(&[]).unwrap().port, 3000);
        assert_eq!(parse(&["--endpoint-url", "http://[::1]:8000"]).unwrap().endpoint_url.unwrap(), "http://[::1]:8000");
    }

    #[test]
    fn a_wrong_argument_is_a_usage_error() {
        for arguments in [
            &["--port", "70000"][..],
            &["--port", "x"],
            &["--demo", "-1"],
            &["--demo", "many"],
            &["--key", "ba_0"],
            &["--endpoint-url", "localhost:8000"],
            &["--endpoint-url", "ftp://localhost"],
            &["--endpoint-url", "http://localhost", "--in-memory"],
            &["--prot", "1"],
            &["3000"],
        ] {
            assert_eq!(parse(arguments).unwrap_err().exit_code(), 2, "{arguments:?}");
        }
    }

    #[test]
    fn a_key_is_accepted_only_as_the_value_of_its_option() {
        const KEY: &str = "ba_00000000000000000000000000000000922a5064";
        let is_out_of_place = |arguments: &[&str]| is_key_out_of_place(arguments.iter().map(ToString::to_string));
        assert!(!is_out_of_place(&["local", "--key", KEY, "--port", "0"]));
        assert!(!is_out_of_place(&["local", &format!("--key={KEY}")]));
        for arguments in [&["local", KEY][..], &["--key", KEY, KEY], &["--port", KEY], &["--key", "--key", KEY]] {
            assert!(is_out_of_place(arguments), "{arguments:?}");
        }
    }
}
