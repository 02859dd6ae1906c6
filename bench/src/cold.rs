//! `bench cold`: what the start of a function takes, and its first answers.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use domain::{Client, OrgId};
use testkit::Invocation;
use tokio::runtime::Runtime;

use crate::{
    lambda::{Budgets, Chosen, Database, Reference, Subject},
    people,
    process::{cpu_time, resident_bytes},
    sample::Sample,
    table::{Table, note, ratio, three_digits, time},
};

/// The organization of the keys.
const ORG: &str = "acme";
/// The delay of each answer of the engine while round trips are counted. It hides everything else.
const DELAY: Duration = Duration::from_millis(50);

/// Arguments of `bench cold`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// The number of starts of each program
    #[arg(long, default_value_t = 21, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    runs: usize,
    /// The number of clients in the organization
    #[arg(long, default_value_t = 1_000)]
    clients: usize,
}

/// One start.
struct Start {
    first_poll: Duration,
    cpu_at_poll: Duration,
    resident_at_poll: u64,
    first: Duration,
    cpu_of_first: Duration,
    second: Duration,
}

/// Medians of the starts of a program.
pub(crate) struct Cold {
    pub(crate) subject: Subject,
    pub(crate) first_poll: Duration,
    cpu_at_poll: Duration,
    pub(crate) resident_at_poll: f64,
    pub(crate) first: Duration,
    cpu_of_first: Duration,
    second: Duration,
    pub(crate) trips: Option<Trips>,
}

/// What the answers of a function take from DynamoDB.
pub(crate) struct Trips {
    pub(crate) cold: Trip,
    pub(crate) warm: Trip,
    /// A warm function, and a key that it has not seen.
    pub(crate) new_key: Trip,
}

/// Round trips one after the other, and read and write units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trip {
    pub(crate) in_a_row: u32,
    pub(crate) units: f64,
}

/// Measures and prints. It fails if a budget is exceeded.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let subjects = Subject::with_peers(&args.chosen)?;
    Runtime::new()?.block_on(async {
        let database = Database::start().await?;
        let org: OrgId = ORG.parse()?;
        let clients = people::clients(args.clients);
        database.lab.fill(&org, &clients).await?;
        let reference = Reference::measure(&database, args.runs).await?;
        let mut clients = clients.into_iter().cycle();
        let mut measured = Vec::new();
        for subject in subjects {
            let mut starts = Vec::new();
            for _ in 0..args.runs {
                starts.push(start(&subject, &database, &org, &mut clients).await?);
            }
            measured.push(Cold::of(subject, &starts));
        }
        database.delay(DELAY);
        for cold in &mut measured {
            if cold.subject.endpoint().is_some() {
                cold.trips = Some(trips(&cold.subject, &database, &org, &mut clients).await?);
            }
        }
        note!("Medians of {} starts, an organization of {} clients, the engine behind TLS.\n", args.runs, args.clients);
        println!("{}", times(&measured));
        println!("{}", sizes(&measured));
        println!("{}", trips_table(&measured));
        note!(
            "The listener alone: a TLS handshake {}, a round trip {}.\n",
            time(reference.handshake),
            time(reference.round_trip)
        );
        let budgets = Budgets::of_cold(&measured, &reference);
        println!("{budgets}");
        Ok(budgets.exit_code())
    })
}

async fn start(
    subject: &Subject,
    database: &Database,
    org: &OrgId,
    clients: &mut impl Iterator<Item = Client>,
) -> Result<Start> {
    let key = database.lab.key(org).await?;
    let function = subject.start(database).await?;
    let first_poll = function.first_poll().await;
    let pid = function.pid().context("the function runs")?;
    let cpu_at_poll = cpu_time(pid).context("this needs Linux")?;
    let resident_at_poll = resident_bytes(pid).context("this needs Linux")?;
    // On a machine with few cores, whatever the start has left to others goes first.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let mut answer = async || {
        let client = clients.next().context("clients do not end")?;
        succeeded(function.answer(&subject.call(&key, client.id)).await)
    };
    let first = answer().await?.duration;
    let second = answer().await?.duration;
    let cpu_of_first = cpu_time(pid).context("this needs Linux")? - cpu_at_poll;
    Ok(Start { first_poll, cpu_at_poll, resident_at_poll, first, cpu_of_first, second })
}

/// Counts round trips by the time that they take when each is slow, and units by the log line.
async fn trips(
    subject: &Subject,
    database: &Database,
    org: &OrgId,
    clients: &mut impl Iterator<Item = Client>,
) -> Result<Trips> {
    let key = database.lab.key(org).await?;
    let function = subject.start(database).await?;
    function.first_poll().await;
    let mut trip = async |key| {
        let client = clients.next().context("clients do not end")?;
        let invocation = succeeded(function.answer(&subject.call(key, client.id)).await)?;
        let line = function.log_line(&invocation).await;
        let units = |name: &str| line[name].as_f64().unwrap_or_default();
        let in_a_row = (invocation.duration.as_secs_f64() / DELAY.as_secs_f64()).floor();
        Ok::<_, anyhow::Error>(Trip { in_a_row: in_a_row as u32, units: units("read_units") + units("write_units") })
    };
    let cold = trip(&key).await?;
    // The second answer may open a second connection.
    trip(&key).await?;
    let warm = trip(&key).await?;
    let new_key = trip(&database.lab.key(org).await?).await?;
    Ok(Trips { cold, warm, new_key })
}

fn succeeded(invocation: Invocation) -> Result<Invocation> {
    anyhow::ensure!(invocation.status < 300, "an answer with status {}: {}", invocation.status, invocation.body);
    Ok(invocation)
}

impl Cold {
    fn of(subject: Subject, starts: &[Start]) -> Self {
        let median = |value: fn(&Start) -> f64| Sample::of(starts.iter().map(value)).median();
        let duration = |value| Duration::from_secs_f64(median(value));
        Self {
            first_poll: duration(|start| start.first_poll.as_secs_f64()),
            cpu_at_poll: duration(|start| start.cpu_at_poll.as_secs_f64()),
            resident_at_poll: median(|start| start.resident_at_poll as f64),
            first: duration(|start| start.first.as_secs_f64()),
            cpu_of_first: duration(|start| start.cpu_of_first.as_secs_f64()),
            second: duration(|start| start.second.as_secs_f64()),
            trips: None,
            subject,
        }
    }
}

fn times(measured: &[Cold]) -> Table {
    let floor = measured.iter().find(|cold| cold.subject.is_floor()).map(|floor| floor.first_poll);
    let mut table = Table::new(&[
        "program",
        "exec to first poll",
        "× the floor",
        "first answer",
        "second answer",
        "CPU to the poll",
        "CPU of both answers",
    ]);
    for cold in measured {
        table.row([
            cold.subject.name.to_owned(),
            time(cold.first_poll),
            floor.map(|floor| three_digits(ratio(cold.first_poll, floor))).unwrap_or_default(),
            time(cold.first),
            time(cold.second),
            time(cold.cpu_at_poll),
            time(cold.cpu_of_first),
        ]);
    }
    table
}

fn sizes(measured: &[Cold]) -> Table {
    let megabytes = |bytes: f64| format!("{} MB", three_digits(bytes / 1e6));
    let mut table = Table::new(&["program", "resident at the first poll", "deployed", "zipped"]);
    for cold in measured {
        let sizes = [cold.resident_at_poll, cold.subject.bytes as f64, cold.subject.zipped as f64];
        table.row([cold.subject.name.to_owned()].into_iter().chain(sizes.map(megabytes)));
    }
    table
}

fn trips_table(measured: &[Cold]) -> Table {
    let mut table = Table::new(&["round trips in a row, units", "cold", "warm", "warm, new key"]);
    for cold in measured {
        if let Some(trips) = &cold.trips {
            let shown = [trips.cold, trips.warm, trips.new_key];
            let shown = shown.map(|trip| format!("{}, {}", trip.in_a_row, trip.units));
            table.row([cold.subject.name.to_owned()].into_iter().chain(shown));
        }
    }
    table
}
