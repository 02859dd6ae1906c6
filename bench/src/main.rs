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
use clap::{Parser, Subcommand};

/// Counts the allocated bytes, to check the index's own figures.
#[global_allocator]
static HEAP: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

#[derive(Parser)]
#[command(about)]
struct Cli {
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

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
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

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
