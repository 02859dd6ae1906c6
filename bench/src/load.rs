//! `bench load`: a mixed load on the local gateway over loopback. Every worker sends one request at a time.

mod server;
pub(crate) mod work;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use domain::Client;
use tokio::{runtime::Runtime, task::JoinSet};

pub(crate) use server::{ServeArgs, serve};

use crate::{
    people,
    process::resident_bytes,
    sample::Sample,
    table::{Table, note, three_digits, time},
};
use server::Server;
use work::{Kind, Record, Worker};

/// The number of memory samples, from the start to the end.
const MEMORY_SAMPLES: u32 = 6;

/// Arguments of `bench load`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The seconds of measured load
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The seconds of load before that, which are not counted
    #[arg(long, default_value_t = 10)]
    warm_up: u64,
    /// The number of clients in the organization
    #[arg(long, default_value_t = 10_000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    clients: usize,
    /// The number of concurrent requests
    #[arg(long, default_value_t = 16)]
    workers: u64,
}

/// Measures and prints. It fails if any request failed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    Runtime::new()?.block_on(async {
        let mix: Vec<String> = Kind::ALL.iter().map(|kind| format!("{} % {}", kind.share(), kind.name())).collect();
        note!(
            "{} workers over loopback, each with one request at a time, for {} s after {} s of",
            args.workers,
            args.seconds,
            args.warm_up
        );
        note!("warm-up; an organization of {} clients; the database in a file, as under `cargo run`.", args.clients);
        note!("{}\n", mix.join(", "));

        let server = Server::start(args.clients).await?;
        let clients: Arc<[Client]> = people::clients(args.clients).into();
        let api = testkit::Server::at(&format!("http://{}/api/v1", server.address));
        let mut workers: Vec<Worker> =
            (0..args.workers).map(|seed| Worker::new(api.clone(), server.key.clone(), clients.clone(), seed)).collect();
        let warm_up = round(workers, Duration::from_secs(args.warm_up)).await?;
        workers = warm_up.0;

        let memory = tokio::spawn(sample_memory(server.pid(), Duration::from_secs(args.seconds)));
        let start = Instant::now();
        let (_, records) = round(workers, Duration::from_secs(args.seconds)).await?;
        let elapsed = start.elapsed();
        let resident = memory.await?;
        server.stop().await?;

        println!("{}", requests(&records, elapsed));
        println!("{}", memory_table(&resident));
        let mut errors = BTreeMap::<String, u32>::new();
        for error in warm_up.1.iter().chain(&records).filter_map(|record| record.error.as_ref()) {
            *errors.entry(error.clone()).or_default() += 1;
        }
        note!("errors, warm-up included: {}", errors.values().sum::<u32>());
        errors.iter().for_each(|(error, count)| note!("  {count} × {error}"));
        Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

/// Runs all workers for a duration. Returns them with their records.
async fn round(workers: Vec<Worker>, duration: Duration) -> Result<(Vec<Worker>, Vec<Record>)> {
    let until = Instant::now() + duration;
    let mut tasks: JoinSet<_> = workers.into_iter().map(|worker| worker.work(until)).collect();
    let (mut workers, mut records) = (Vec::new(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (worker, done) = done.context("a worker ended early")?;
        workers.push(worker);
        records.extend(done);
    }
    Ok((workers, records))
}

/// Samples a process's memory now, at the end, and in between.
async fn sample_memory(pid: u32, duration: Duration) -> Vec<Option<u64>> {
    let mut resident = vec![resident_bytes(pid)];
    for _ in 1..MEMORY_SAMPLES {
        tokio::time::sleep(duration / (MEMORY_SAMPLES - 1)).await;
        resident.push(resident_bytes(pid));
    }
    resident
}

fn requests(records: &[Record], elapsed: Duration) -> Table {
    let mut table = Table::new(&["request", "requests", "per second", "p50", "p99", "max", "errors"]);
    let mut row = |name: &str, kind: Option<Kind>| {
        let of_kind = || records.iter().filter(|record| kind.is_none_or(|kind| record.kind == kind));
        let times = Sample::of(of_kind().map(|record| record.duration.as_secs_f64()));
        let mut cells = vec![name.to_owned(), times.len().to_string()];
        cells.push(three_digits(times.len() as f64 / elapsed.as_secs_f64()));
        let shown = [times.median(), times.percentile(99), times.max()];
        cells.extend(shown.map(|seconds| time(Duration::from_secs_f64(seconds))));
        cells.push(of_kind().filter(|record| record.error.is_some()).count().to_string());
        table.row(cells);
    };
    Kind::ALL.iter().for_each(|&kind| row(kind.name(), Some(kind)));
    row("all", None);
    table
}

fn memory_table(resident: &[Option<u64>]) -> Table {
    let percent = |at: usize| format!("{} %", at * 100 / (resident.len() - 1));
    let headings: Vec<String> = (0..resident.len()).map(percent).collect();
    let heading: Vec<&str> =
        std::iter::once("memory, MiB resident after").chain(headings.iter().map(String::as_str)).collect();
    let mut table = Table::new(&heading);
    let mebibytes =
        |bytes: &Option<u64>| bytes.map_or("?".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1048576.0));
    table.row(std::iter::once("serving process".to_owned()).chain(resident.iter().map(mebibytes)));
    table
}
