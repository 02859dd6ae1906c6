//! `bench feed`: calls, read units and times of lists through the store: the first load of an organization, lists
//! of an organization at rest, and lists of one that is being written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use domain::{ClientId, ClientPatch, OrgId, Status, limits::OVERLAP};
use list_clients::replicas::Replicas;
use list_engine::ListParams;
use shared::{
    App,
    store::{ExpectedVersions, WriteContext},
    telemetry::Tally,
};
use tokio::{
    runtime::Runtime,
    task::{AbortHandle, JoinSet},
    time::interval,
};

use crate::{
    lab::{Lab, caller},
    people,
    sample::Sample,
    table::{Table, note, three_digits, time},
};

/// A byte budget that holds every replica.
const BUDGET: usize = 4 << 30;
/// The number of measured first loads.
const LOADS: usize = 3;
/// The number of measured lists of an organization at rest.
const LISTS: usize = 200;
/// The number of tries of a list.
const TRIES: u32 = 10;
/// The pause between two lists of an organization that is being written.
const PAUSE: Duration = Duration::from_millis(200);

/// Arguments of `bench feed`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The numbers of clients in the organizations
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    sizes: Vec<usize>,
    /// The rates of writes to the last organization, in writes a second
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100], value_parser = clap::value_parser!(u32).range(1..))]
    rates: Vec<u32>,
    /// The seconds of lists at each rate
    #[arg(long, default_value_t = 12)]
    seconds: u64,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    Runtime::new()?.block_on(async {
        let mut table = Table::new(&[
            "list",
            "engine",
            "clients",
            "lists",
            "failed",
            "calls",
            "max",
            "read units",
            "max",
            "time",
            "max",
        ]);
        // After a failure, print the rows before it.
        let result = engines(args, &mut table).await;
        note!(
            "Medians and maxima of lists through the store, without HTTP and authentication; limit 50; no long notes.\n\
             Every write changes another client. Each list reads the writes of the last {overlap} s again, in the\n\
             overlap. Lists are {pause} ms apart. A list that meets a timeout of the store counts as failed; the next\n\
             try goes on from there. DynamoDB Local reports 0 units for a consistent query that finds nothing; AWS\n\
             charges 1.\n",
            overlap = OVERLAP.as_secs(),
            pause = PAUSE.as_millis(),
        );
        println!("{table}");
        result
    })
}

async fn engines(args: &Args, table: &mut Table) -> Result<()> {
    measure(&Lab::embedded().await?, args, table).await?;
    let Some(lab) = Lab::dynamodb_local().await? else {
        note!("DYNAMODB_LOCAL_URL is not set: the embedded engine alone is measured.\n");
        return Ok(());
    };
    let measured = measure(&lab, args, table).await;
    let closed = lab.close().await;
    measured.and(closed)
}

async fn measure(lab: &Lab, args: &Args, table: &mut Table) -> Result<()> {
    let mut last = None;
    for &size in &args.sizes {
        let org: OrgId = format!("organization-of-{size}").parse()?;
        let clients = people::clients(size);
        lab.fill(&org, &clients).await?;

        let mut replicas = Replicas::new(BUDGET);
        let mut loads = Vec::new();
        for _ in 0..LOADS {
            replicas = Replicas::new(BUDGET);
            loads.push(Cost::of_list(&lab.app, &replicas, &org).await?);
        }
        row(table, lab, size, "first load", &loads);
        let mut lists = Vec::new();
        for _ in 0..LISTS {
            lists.push(Cost::of_list(&lab.app, &replicas, &org).await?);
        }
        row(table, lab, size, "unchanged", &lists);
        last = Some((org, clients, replicas));
    }
    let (org, clients, replicas) = last.context("there are no sizes")?;
    let ids: Arc<[ClientId]> = clients.iter().map(|client| client.id).collect();
    for &rate in &args.rates {
        let seconds = Duration::from_secs(args.seconds);
        let (achieved, lists) = while_written(lab, &org, &ids, &replicas, rate, seconds).await?;
        let name = format!("at {rate} writes/s ({} achieved)", three_digits(achieved));
        row(table, lab, ids.len(), &name, &lists);
    }
    Ok(())
}

/// The achieved writes a second, and the costs of lists meanwhile.
async fn while_written(
    lab: &Lab,
    org: &OrgId,
    ids: &Arc<[ClientId]>,
    replicas: &Replicas,
    rate: u32,
    duration: Duration,
) -> Result<(f64, Vec<Cost>)> {
    let writer = Writer::start(&lab.app, org, ids.clone(), rate)?;
    tokio::time::sleep(OVERLAP + Duration::from_secs(1)).await;
    let (start, before) = (Instant::now(), writer.written());
    let mut lists = Vec::new();
    while start.elapsed() < duration {
        lists.push(Cost::of_list(&lab.app, replicas, org).await?);
        tokio::time::sleep(PAUSE).await;
    }
    Ok((f64::from(writer.written() - before) / start.elapsed().as_secs_f64(), lists))
}

fn row(table: &mut Table, lab: &Lab, size: usize, name: &str, costs: &[Cost]) {
    let of = |value: fn(&Cost) -> f64| Sample::of(costs.iter().map(value));
    let (calls, units, seconds) = (of(|cost| cost.calls), of(|cost| cost.read_units), of(|cost| cost.seconds));
    let mut cells = vec![name.to_owned(), lab.engine.to_owned(), size.to_string(), costs.len().to_string()];
    cells.push(costs.iter().map(|cost| cost.failed).sum::<u32>().to_string());
    cells.extend([calls.median(), calls.max(), units.median(), units.max()].map(|value| value.to_string()));
    cells.extend([seconds.median(), seconds.max()].map(|seconds| time(Duration::from_secs_f64(seconds))));
    table.row(cells);
}

/// The cost of a list.
struct Cost {
    calls: f64,
    read_units: f64,
    seconds: f64,
    /// The tries that met a timeout of the store. The next one goes on from there.
    failed: u32,
}

impl Cost {
    async fn of_list(app: &App, replicas: &Replicas, org: &OrgId) -> Result<Self> {
        let tally = Tally::default();
        let (app, after_answer) = (app.counting_in(&tally), testkit::after_answer());
        let start = Instant::now();
        let mut failed = 0;
        while let Err(error) = replicas.page(&app, org, &ListParams::default(), &after_answer).await {
            failed += 1;
            if failed == TRIES {
                return Err(error.into());
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        Ok(Self { calls: tally.calls().into(), read_units: tally.units().read, seconds, failed })
    }
}

/// Writes to an organization at a steady rate until it is dropped. A write does not wait for the one before it.
struct Writer {
    written: Arc<AtomicU32>,
    task: AbortHandle,
}

impl Writer {
    fn start(app: &App, org: &OrgId, ids: Arc<[ClientId]>, rate: u32) -> Result<Self> {
        let (app, caller, written) = (app.clone(), caller(org)?, Arc::new(AtomicU32::new(0)));
        let counted = written.clone();
        let task = tokio::spawn(async move {
            let mut ticks = interval(Duration::from_secs(1) / rate);
            let mut writes = JoinSet::new();
            for id in ids.iter().copied().cycle() {
                ticks.tick().await;
                // Forget the writes that have ended.
                while writes.try_join_next().is_some() {}
                let (app, caller, counted) = (app.clone(), caller.clone(), counted.clone());
                writes.spawn(async move {
                    let context = WriteContext::new(caller, app.clock.now());
                    let patch = ClientPatch { status: Some(Status::Inactive), ..ClientPatch::default() };
                    // Failures lower the achieved rate.
                    if app.store.update(&context, id, &patch, &ExpectedVersions::ALL).await.is_ok() {
                        counted.fetch_add(1, Relaxed);
                    }
                });
            }
        });
        Ok(Self { written, task: task.abort_handle() })
    }

    /// The number of successful writes.
    fn written(&self) -> u32 {
        self.written.load(Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
