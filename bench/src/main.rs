//! The benchmarks: one command for each set of published figures.
#![allow(clippy::print_stdout, reason = "the benchmarks print their results")]

mod checkpoints;
mod cluster;
mod cold;
mod fairness;
mod feed;
mod instructions;
mod lab;
mod lambda;
mod list;
mod load;
mod people;
mod process;
mod sample;
mod scale;
mod table;
mod warm;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, builder::Styles};

/// Counts the allocated bytes, to check the index's own figures.
#[global_allocator]
static HEAP: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

/// Measures what the documentation publishes: one command for each set of figures.
///
/// Figures are those of a release build. The tables are Markdown, as in the documentation.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = examples(), after_long_help = after_long_help())]
struct Cli {
    /// Print each table as one line of JSON, alone, on standard output: `columns` and `rows`
    #[arg(long, global = true, display_order = 900)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Times of lists: a replica's index, a full scan, and PostgreSQL
    List(list::Args),
    /// Calls, read units and times of lists, at rest and while their organization is written
    Feed(feed::Args),
    /// First lists of new instances, with and without checkpoints
    Checkpoints(checkpoints::Args),
    /// Throughput, latencies, errors and memory under a mixed load on the local gateway
    Load(load::Args),
    /// Latency of a quiet organization beside a noisy one, with limits and without
    Fairness(fairness::Args),
    /// The start of each function and its first answers, beside an empty function, Node.js and Python
    Cold(cold::Args),
    /// Processor time and latency of a request to each warm function, beside the same
    Warm(warm::Args),
    /// Instructions of a warm request to each function, compared with those on record
    Instructions(instructions::Args),
    /// Units and dollars per request, and the limits of organizations, keys and accounts
    Scale,
    /// The server process of `load`
    #[command(hide = true)]
    Serve(load::ServeArgs),
}

/// A section in the style of `clap`'s own. `clap` leaves the style out where it is not wanted.
fn section(heading: &str, lines: &str) -> String {
    let style = *Styles::styled().get_header();
    format!("{style}{heading}:{style:#}\n{lines}")
}

fn examples() -> String {
    section(
        "Examples",
        "  cargo run --release -p bench -- list --sizes 1000,100000\n  \
           cargo run --release -p bench -- load --seconds 20\n  \
           cargo run --release -p bench -- scale --json",
    )
}

fn after_long_help() -> String {
    let status = section(
        "Exit status",
        "  0  All was measured, and is within the budgets\n  \
           1  It failed, a request failed, or a figure exceeds its budget\n  \
           2  The arguments are wrong",
    );
    let environment = section(
        "Environment",
        "  DYNAMODB_LOCAL_URL  DynamoDB Local, for `feed` to measure it too\n  \
           FUNCTIONS_DIR       The functions' binaries: .aws-sam/build",
    );
    format!("{}\n\n{status}\n\n{environment}", examples())
}

fn main() -> ExitCode {
    let Cli { json, command } = Cli::parse();
    table::print_json(json);
    run(command).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::List(args) => list::run(args)?,
        Command::Feed(args) => feed::run(&args)?,
        Command::Checkpoints(args) => checkpoints::run(&args)?,
        Command::Load(args) => return load::run(&args),
        Command::Fairness(args) => fairness::run(&args)?,
        Command::Cold(args) => return cold::run(&args),
        Command::Warm(args) => return warm::run(&args),
        Command::Instructions(args) => return instructions::run(&args),
        Command::Scale => scale::run()?,
        Command::Serve(args) => load::serve(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_examples_are_correct() {
        let help = Cli::command().render_help().to_string();
        let lines: Vec<_> = help.lines().filter(|line| line.starts_with("  cargo run")).collect();
        assert!(lines.len() > 2, "{help}");
        for line in lines {
            let words = shlex::split(line).unwrap();
            let own = words.iter().skip_while(|word| *word != "--").skip(1);
            let arguments = std::iter::once("bench").chain(own.map(String::as_str));
            assert!(Cli::try_parse_from(arguments).is_ok(), "{line}");
        }
    }
}
