//! Every figure that is published, reproducible with one command each.
#![allow(clippy::print_stdout, reason = "a bench prints")]

mod api;
mod cluster;
mod cost;
mod feed;
mod lab;
mod list;
mod load;
mod people;
mod sample;
mod scale;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Counts what the heap really holds, to check the index's own figures against.
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
    /// Lists: the replica's index, the plain way and PostgreSQL, case by case
    List(list::Args),
    /// What a list costs in calls, read units and time, also while its organization is written
    Feed(feed::Args),
    /// A mixed load on the local gateway: throughput, latencies, errors, memory
    Load(load::Args),
    /// What each endpoint costs on AWS
    Cost(cost::Args),
    /// Costs, limits, and what gives out first as the load grows: the figures of docs/scale.md
    Scale(scale::Args),
    /// The process that `load` puts its load on
    #[command(hide = true)]
    Serve(load::ServeArgs),
}

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::List(args) => list::run(args)?,
        Command::Feed(args) => feed::run(&args)?,
        Command::Load(args) => return load::run(&args),
        Command::Cost(args) => cost::run(&args)?,
        Command::Scale(args) => scale::run(&args)?,
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
