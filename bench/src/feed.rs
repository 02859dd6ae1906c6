//! `bench feed`: what a list costs through the store, in calls, read units and time: the first load
//! of an organization, an organization that rests, and one that is being written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use list_clients::{params::ListParams, replica::OVERLAP, replicas::Replicas};
use shared::{App, Client, ClientId, ClientPatch, OrgId, RequestLog, Stamp, Status};
use tokio::{
    runtime::Runtime,
    task::{AbortHandle, JoinSet},
    time::interval,
};

use crate::{
    lab::{Lab, caller},
    people,
    sample::Sample,
    table::{Table, three_digits, time},
};

/// Room for every replica.
const BUDGET: usize = 4 << 30;
/// How often the first load is measured.
const LOADS: usize = 3;
/// How often a list of a resting organization is measured.
const LISTS: usize = 200;
/// How often a list is asked for until it is given up.
const TRIES: u32 = 10;
/// The pause between two lists of an organization that is being written.
const PAUSE: Duration = Duration::from_millis(200);

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many clients the organizations have
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    sizes: Vec<usize>,
    /// How many writes a second the largest organization takes meanwhile
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100], value_parser = clap::value_parser!(u32).range(1..))]
    rates: Vec<u32>,
    /// How long lists are measured at each of these rates
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
        // What was measured before a failure is shown all the same.
        let measured = engines(args, &mut table).await;
        println!("Medians and maxima of lists through the store (no key is read, no HTTP); no long notes; limit 50.");
        let (overlap, pause) = (OVERLAP.as_secs(), PAUSE.as_millis());
        println!(
            "While it is written: every write changes another client; the writes of the last {overlap} s are in the"
        );
        println!("overlap, and each list reads them again. Lists come {pause} ms apart.");
        println!(
            "A list that met a timeout of the store counts as failed, and goes on in the next try, as a caller's."
        );
        println!("DynamoDB Local reports 0 units for a consistent query that finds nothing; AWS charges 1.\n");
        println!("{table}");
        measured
    })
}

async fn engines(args: &Args, table: &mut Table) -> Result<()> {
    measure(&Lab::embedded().await?, args, table).await?;
    let Some(lab) = Lab::dynamodb_local().await? else {
        println!("DYNAMODB_LOCAL_URL is not set: only the embedded engine is measured.\n");
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
        let clients: Vec<Client> = people::clients(size).into_iter().map(|feed| feed.client).collect();
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
    let (org, clients, replicas) = last.context("no sizes")?;
    let ids: Arc<[ClientId]> = clients.iter().map(|client| client.id).collect();
    for &rate in &args.rates {
        let seconds = Duration::from_secs(args.seconds);
        let (achieved, lists) = while_written(lab, &org, &ids, &replicas, rate, seconds).await?;
        let name = format!("at {rate} writes/s ({} achieved)", three_digits(achieved));
        row(table, lab, ids.len(), &name, &lists);
    }
    Ok(())
}

/// What lists cost while their organization takes so many writes a second, and how many it took.
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

/// The writes a second that an organization took, and the median of the read units of its lists
/// meanwhile.
pub(crate) async fn units_while_written(
    lab: &Lab,
    org: &OrgId,
    ids: &Arc<[ClientId]>,
    rate: u32,
    duration: Duration,
) -> Result<(f64, f64)> {
    let replicas = Replicas::new(BUDGET);
    Cost::of_list(&lab.app, &replicas, org).await.context("cannot load the organization")?;
    let (achieved, lists) = while_written(lab, org, ids, &replicas, rate, duration).await?;
    Ok((achieved, Sample::of(lists.iter().map(|cost| cost.read_units)).median()))
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

/// What one list took.
struct Cost {
    calls: f64,
    read_units: f64,
    seconds: f64,
    /// How often it ended early, at a timeout of the store, and was asked for again: what was loaded
    /// until then is kept.
    failed: u32,
}

impl Cost {
    async fn of_list(app: &App, replicas: &Replicas, org: &OrgId) -> Result<Self> {
        let log = RequestLog::default();
        let app = App { store: app.store.counting_into(&log), ..app.clone() };
        let start = Instant::now();
        let mut failed = 0;
        while let Err(error) = replicas.page(&app, org, &ListParams::default()).await {
            failed += 1;
            if failed == TRIES {
                return Err(error.into());
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        Ok(Self { calls: log.calls().into(), read_units: log.units().read, seconds, failed })
    }
}

/// Writes to an organization at a steady rate for as long as it is held. A write does not wait for
/// the one before it.
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
                // What has ended makes room.
                while writes.try_join_next().is_some() {}
                let (app, caller, counted) = (app.clone(), caller.clone(), counted.clone());
                writes.spawn(async move {
                    let stamp = Stamp { caller, at: app.clock.now() };
                    let patch = ClientPatch { status: Some(Status::Inactive), ..ClientPatch::default() };
                    // One that fails shows in the rate that was achieved.
                    if app.store.update(&stamp, id, &patch, None).await.is_ok() {
                        counted.fetch_add(1, Relaxed);
                    }
                });
            }
        });
        Ok(Self { written, task: task.abort_handle() })
    }

    /// How many writes have succeeded.
    fn written(&self) -> u32 {
        self.written.load(Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
