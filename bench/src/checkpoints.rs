//! `bench checkpoints`: the first list of a new instance with and without checkpoints, for tails of some lengths, and
//! of many instances at once.

use std::{ops::AddAssign, time::Duration};

use anyhow::{Context, Result, ensure};
use domain::{Client, ClientPatch, OrgId, Status};
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use list_clients::Settings;
use list_engine::ListParams;
use shared::{
    App,
    store::{ExpectedVersions, WriteContext},
    telemetry::Tally,
};
use testkit::{Listed, Lister, Org, Rate, S3, S3Fault};
use tokio::runtime::Runtime;

use crate::{
    HEAP,
    lab::{Lab, caller},
    list::index_costs::with_peak,
    people,
    sample::Sample,
    table::{Table, note, three_digits, time},
};

/// The number of measured first lists.
const LISTS: usize = 3;
/// The instances that start at once.
const HERD: usize = 20;
/// The number of tries of a list in the herd. The next one goes on from the one before.
const TRIES: u32 = 10;
/// The concurrent writes of a tail.
const CONCURRENCY: usize = 32;
/// The speed of object storage, as a function with one core sees it. A checkpoint is read in two streams at most, which
/// share 75 MB/s.
const RATE: Rate = Rate { first_byte: Duration::from_millis(40), bytes_per_second: 75_000_000 / 2 };

/// Arguments of `bench checkpoints`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The numbers of clients in the organizations
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    sizes: Vec<usize>,
    /// The numbers of changes since the checkpoint, in ascending order
    #[arg(long, value_delimiter = ',', default_values_t = [0, 100, 10_000])]
    tails: Vec<usize>,
    /// The number of clients in the organization of the herd
    #[arg(long, default_value_t = 100_000)]
    herd: usize,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    let runtime = Runtime::new()?;
    let bench = runtime.block_on(Bench::new())?;
    note!(
        "First lists of new instances through the store, without HTTP and authentication: medians of {LISTS}. The\n\
         embedded engine; object storage in this process, with its first byte after {} ms and {} MB/s in all. The peak\n\
         is what a first list allocates at most, and the index is what it leaves. The table is identified already: each\n\
         process does that once, for which this engine counts its items.\n",
        RATE.first_byte.as_millis(),
        2 * RATE.bytes_per_second / 1_000_000,
    );
    let mut lists = Table::new(&[
        "clients",
        "tail",
        "from",
        "calls",
        "units",
        "requests",
        "MB read",
        "first list",
        "peak MB",
        "index MB",
    ]);
    let mut writes =
        Table::new(&["clients", "bytes per client", "written and postings rebuilt in", "search before", "after"]);
    for &size in &args.sizes {
        // A million clients take minutes.
        eprintln!("{size} clients: writing them");
        let (org, clients) = runtime.block_on(bench.organization("organization", size))?;
        writes.row(runtime.block_on(bench.write(&org, size))?);
        let mut changed = 0;
        for &tail in args.tails.iter().filter(|tail| **tail <= size) {
            runtime.block_on(bench.change(&org, &clients[changed..tail]))?;
            changed = tail;
            eprintln!("{size} clients: {LISTS} first lists each, {tail} changes after the checkpoint");
            for (from, org) in [("table", without_storage(&org)), ("checkpoint", org.clone())] {
                lists.row(first_lists(&runtime, &bench.settings(), &org, (from, size, tail))?);
            }
        }
    }
    println!("{lists}\n{writes}");
    note!("{HERD} new instances at once, in this process:\n");
    println!("{}", runtime.block_on(bench.herd(args.herd))?);
    Ok(())
}

struct Bench {
    lab: Lab,
    s3: S3,
    table_id: String,
}

impl Bench {
    async fn new() -> Result<Self> {
        let lab = Lab::embedded().await?;
        let table_id = lab.app.store.clients_table_id().await?.context("the engine identifies its tables")?;
        Ok(Self { lab, s3: S3::start_with(|_| S3Fault::Slow(RATE)).await?, table_id })
    }

    /// A budget that holds every replica, checkpoints that may be replaced at once, and the table's identifier.
    fn settings(&self) -> Settings {
        let (checkpoint_pause, table_id) = (Duration::ZERO, Some(self.table_id.clone()));
        Settings { checkpoint_pause, table_id, ..Settings::new(4 << 30) }
    }

    /// A new organization, whose clients were all written long ago.
    async fn organization(&self, name: &str, size: usize) -> Result<(Org, Vec<Client>)> {
        let id: OrgId = format!("{name}-of-{size}").parse()?;
        let clients = people::clients(size);
        self.lab.fill(&id, &clients).await?;
        let app = App { objects: Some(self.s3.objects()), ..self.lab.app.clone() };
        Ok((Org { caller: caller(&id)?, app }, clients))
    }

    /// Changes some clients now.
    async fn change(&self, org: &Org, clients: &[Client]) -> Result<()> {
        let patch = ClientPatch { status: Some(Status::Inactive), ..ClientPatch::default() };
        stream::iter(clients)
            .map(|client| async {
                let context = WriteContext::new(org.caller.clone(), org.app.clock.now());
                self.lab.app.store.update(&context, client.id, &patch, &ExpectedVersions::ALL).await
            })
            .buffer_unordered(CONCURRENCY)
            .try_for_each(|_| async { Ok(()) })
            .await
            .context("cannot change the clients")
    }

    /// Writes the checkpoint of an organization, and searches before and after.
    async fn write(&self, org: &Org, size: usize) -> Result<Vec<String>> {
        let instance = Lister::new(self.settings());
        instance.list(org).await;
        let before = search(&instance, org).await?;
        let (tally, start) = (Tally::default(), std::time::Instant::now());
        let counted = Org { app: org.app.counting_in(&tally), ..org.clone() };
        instance.upkeep(&counted).await;
        let took = start.elapsed();
        let bytes = tally.object_bytes_written() as f64 / size as f64;
        let after = search(&instance, org).await?;
        Ok(vec![size.to_string(), three_digits(bytes), time(took), time(before), time(after)])
    }

    /// The costs of many first lists at once: with a checkpoint, with none but leases, and without storage.
    async fn herd(&self, size: usize) -> Result<Table> {
        let mut table = Table::new(&["clients", "start from", "loads", "units", "requests", "slowest first list"]);
        let (org, _) = self.organization("herd", size).await?;
        for (name, org) in
            [("the table", without_storage(&org)), ("no checkpoint, with a lease", org.clone()), ("a checkpoint", org)]
        {
            let instances: Vec<_> = (0..HERD).map(|_| Lister::new(self.settings())).collect();
            let lists = instances.iter().map(async |instance| {
                let start = std::time::Instant::now();
                let listed = first_list(instance, &org).await?;
                let took = start.elapsed();
                instance.upkeep(&org).await;
                anyhow::Ok((listed, took))
            });
            let lists = join_all(lists).await.into_iter().collect::<Result<Vec<_>>>()?;
            let mut sum = Sum::default();
            lists.iter().for_each(|(listed, _)| sum += &listed.tally);
            let loads = lists.iter().filter(|(listed, _)| listed.replica.loaded).count();
            let slowest = lists.iter().map(|(_, took)| *took).max().unwrap_or_default();
            table.row([
                size.to_string(),
                name.to_owned(),
                loads.to_string(),
                three_digits(sum.units),
                sum.requests.to_string(),
                time(slowest),
            ]);
        }
        Ok(table)
    }
}

#[derive(Default)]
struct Sum {
    units: f64,
    requests: u32,
}

impl AddAssign<&Tally> for Sum {
    fn add_assign(&mut self, tally: &Tally) {
        self.units += tally.units().read;
        self.requests += tally.object_calls();
    }
}

/// The costs of a new instance's first list, which must come from there.
fn first_lists(
    runtime: &Runtime,
    settings: &Settings,
    org: &Org,
    (from, size, tail): (&str, usize, usize),
) -> Result<Vec<String>> {
    let (mut seconds, mut peaks, mut last) = (Vec::new(), Vec::new(), None);
    for _ in 0..LISTS {
        let instance = Lister::new(settings.clone());
        let before = HEAP.allocated();
        let start = std::time::Instant::now();
        let (listed, peak) = with_peak(|| runtime.block_on(instance.list(org)));
        seconds.push(start.elapsed().as_secs_f64());
        peaks.push(peak.saturating_sub(before) as f64);
        let is_small = size <= usize::from(settings.small);
        ensure!(is_small || listed.replica.loaded == (from == "table"), "a list from {from}: {:?}", listed.replica);
        last = Some(listed);
    }
    let listed = last.context("there is a list")?;
    let (units, megabytes) = (listed.tally.units().read, |bytes: f64| three_digits(bytes / 1e6));
    Ok(vec![
        size.to_string(),
        tail.to_string(),
        from.to_owned(),
        listed.tally.calls().to_string(),
        three_digits(units),
        listed.tally.object_calls().to_string(),
        megabytes(listed.tally.object_bytes_read() as f64),
        time(Duration::from_secs_f64(Sample::of(seconds).median())),
        megabytes(Sample::of(peaks).median()),
        megabytes(listed.replica.bytes as f64),
    ])
}

/// The first list of an instance that shares the processor with others: the engine may meet a timeout of the store.
async fn first_list(instance: &Lister, org: &Org) -> Result<Listed> {
    let mut tries = 1;
    loop {
        match instance.try_list(org, &ListParams::default()).await {
            Ok(listed) => return Ok(listed),
            Err(error) if tries == TRIES => return Err(error.into()),
            Err(_) => tries += 1,
        }
    }
}

/// The time of a search.
async fn search(instance: &Lister, org: &Org) -> Result<Duration> {
    let params = ListParams { query: Some("smith j".to_owned()), ..ListParams::default() };
    let start = std::time::Instant::now();
    instance.try_list(org, &params).await?;
    Ok(start.elapsed())
}

fn without_storage(org: &Org) -> Org {
    Org { app: App { objects: None, ..org.app.clone() }, ..org.clone() }
}
