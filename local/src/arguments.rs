//! The command line.

use std::ffi::OsStr;

use clap::{Arg, Command, CommandFactory, Parser, builder::TypedValueParser, error::ErrorKind};
use clap_complete::Shell;
use domain::{ApiKey, InvalidApiKey, contains_key};
use lambda_http::http::Uri;

/// The Clients API on this machine, with an embedded DynamoDB that keeps its data in `.local/`.
///
/// It prints its URLs and an API key of the organization `demo`, and serves until Ctrl-C. The log, a JSON line for each
/// request, goes to standard error.
#[derive(Parser, Debug)]
#[command(name = "local", version, max_term_width = 100, after_help = examples(), after_long_help = after_long_help())]
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

    /// Print URLs and key as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Print a script with which this shell completes these options, and do nothing else
    #[arg(long, value_name = "SHELL", exclusive = true)]
    pub(crate) completions: Option<Shell>,
}

/// A section in the style of `clap`'s own. `clap` leaves the style out where it is not wanted.
fn section(heading: &str, lines: &str) -> String {
    let style = *clap::builder::Styles::styled().get_header();
    format!("{style}{heading}:{style:#}\n{lines}")
}

fn examples() -> String {
    section(
        "Examples",
        "  cargo run\n  \
           cargo run -- --demo 10000\n  \
           cargo run -- --in-memory --port 0 --json\n  \
           cargo run -- --endpoint-url http://127.0.0.1:8000",
    )
}

fn after_long_help() -> String {
    let status = section(
        "Exit status",
        "  0  It was asked to stop\n  \
           1  It failed, and standard error says why and what to do next\n  \
           2  The arguments are wrong",
    );
    let environment = section(
        "Environment",
        "  KEY_REQUESTS_PER_MINUTE           The limit of a key (60000; 0 is none)\n  \
           ORGANIZATION_REQUESTS_PER_MINUTE  That of an organization (300000)\n  \
           DELETED_CLIENTS_DAYS              Days to restore a deleted client (7)\n  \
           CLIENTS_TABLE, API_KEYS_TABLE     The tables (clients, api-keys)\n  \
           AWS_PROFILE, AWS_REGION, …        The account, with --endpoint-url\n  \
           NO_COLOR                          Anything: no colours",
    );
    format!("{}\n\n{status}\n\n{environment}", examples())
}

/// The script with which a shell completes the options.
pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "local", &mut script);
    String::from_utf8_lossy(&script).into_owned()
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
    fn the_examples_are_correct() {
        let help = Arguments::command().render_help().to_string();
        let lines: Vec<_> = help.lines().filter(|line| line.starts_with("  cargo run")).collect();
        assert!(lines.len() > 2, "{help}");
        for line in lines {
            let words = shlex::split(line).unwrap();
            let own: Vec<_> = words.iter().map(String::as_str).skip_while(|word| *word != "--").skip(1).collect();
            assert!(parse(&own).is_ok(), "{line}");
        }
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
            &["--completions", "tcsh"],
            &["--completions", "bash", "--json"],
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
