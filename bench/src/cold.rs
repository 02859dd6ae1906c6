//! `bench cold`: what the start of a function takes, and its first answers.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use domain::{ApiKey, Client, OrgId};
use testkit::{Function, Invocation};
use tokio::runtime::Runtime;

use crate::{
    lambda::{Budgets, Chosen, Database, Reference, Subject, organization},
    people,
    process::{cpu_time, resident_bytes},
    sample::Sample,
    table::{Table, note, ratio, three_digits, time},
};

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
    /// The number of clients in each organization
    #[arg(long, default_value_t = 1_000)]
    clients: usize,
}

/// One start.
struct Start {
    first_poll: Duration,
    cpu_at_poll: Duration,
    resident_at_poll: u64,
    first: Duration,
    cpu_of_answers: Duration,
    second: Duration,
}

/// Medians of the starts of a program.
pub(crate) struct Cold {
    pub(crate) subject: Subject,
    pub(crate) first_poll: Duration,
    cpu_at_poll: Duration,
    pub(crate) resident_at_poll: f64,
    pub(crate) first: Duration,
    cpu_of_answers: Duration,
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
        let mut labs = Vec::new();
        for (number, subject) in subjects.into_iter().enumerate() {
            labs.push(StartLab::new(subject, &database, organization(number)?, args.clients).await?);
        }
        database.delay(DELAY);
        for lab in &mut labs {
            lab.count_trips().await?;
        }
        database.delay(Duration::ZERO);
        let reference = Reference::measure(&database, args.runs).await?;
        // In turns, so that whatever else the machine does falls on all alike.
        for _ in 0..args.runs {
            for lab in &mut labs {
                lab.start().await?;
            }
        }
        let measured: Vec<_> = labs.into_iter().map(Cold::of).collect();
        note!(
            "Medians of {} starts, an organization of {} clients for each program, the engine behind TLS.\n",
            args.runs,
            args.clients
        );
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

/// A program, and an organization of its own to measure it on.
struct StartLab<'a> {
    subject: Subject,
    database: &'a Database,
    org: OrgId,
    clients: Box<dyn Iterator<Item = Client>>,
    trips: Option<Trips>,
    starts: Vec<Start>,
}

impl<'a> StartLab<'a> {
    async fn new(subject: Subject, database: &'a Database, org: OrgId, clients: usize) -> Result<Self> {
        let clients = people::clients(clients);
        database.lab.fill(&org, &clients).await?;
        let clients = Box::new(clients.into_iter().cycle());
        Ok(Self { subject, database, org, clients, trips: None, starts: Vec::new() })
    }

    /// Starts the program, for two answers.
    async fn start(&mut self) -> Result<()> {
        let key = self.database.lab.key(&self.org).await?;
        let function = self.subject.start(self.database).await?;
        let first_poll = function.first_poll().await;
        let pid = function.pid().context("the function runs")?;
        let cpu_at_poll = cpu_time(pid).context("this needs Linux")?;
        let resident_at_poll = resident_bytes(pid).context("this needs Linux")?;
        // On a machine with few cores, whatever the start has left to others goes first.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let first = self.answer(&function, &key).await?.duration;
        let second = self.answer(&function, &key).await?.duration;
        let cpu_of_answers = cpu_time(pid).context("this needs Linux")? - cpu_at_poll;
        self.starts.push(Start { first_poll, cpu_at_poll, resident_at_poll, first, second, cpu_of_answers });
        Ok(())
    }

    /// Counts the round trips of a function's answers by the time that they take when each is slow, and units by the
    /// log line.
    async fn count_trips(&mut self) -> Result<()> {
        if self.subject.endpoint().is_none() {
            return Ok(());
        }
        let key = self.database.lab.key(&self.org).await?;
        let function = self.subject.start(self.database).await?;
        function.first_poll().await;
        let cold = self.trip(&function, &key).await?;
        // The second answer may open a second connection.
        self.trip(&function, &key).await?;
        let warm = self.trip(&function, &key).await?;
        let new_key = self.trip(&function, &self.database.lab.key(&self.org).await?).await?;
        self.trips = Some(Trips { cold, warm, new_key });
        Ok(())
    }

    async fn trip(&mut self, function: &Function, key: &ApiKey) -> Result<Trip> {
        let invocation = self.answer(function, key).await?;
        let line = function.log_line(&invocation).await;
        let units = |name: &str| line[name].as_f64().unwrap_or_default();
        let in_a_row = (invocation.duration.as_secs_f64() / DELAY.as_secs_f64()).floor();
        Ok(Trip { in_a_row: in_a_row as u32, units: units("read_units") + units("write_units") })
    }

    async fn answer(&mut self, function: &Function, key: &ApiKey) -> Result<Invocation> {
        let client = self.clients.next().context("clients do not end")?;
        self.subject.answer(function, key, client.id).await
    }
}

impl Cold {
    fn of(StartLab { subject, starts, trips, .. }: StartLab) -> Self {
        let median = |value: fn(&Start) -> f64| Sample::of(starts.iter().map(value)).median();
        let duration = |value| Duration::from_secs_f64(median(value));
        Self {
            first_poll: duration(|start| start.first_poll.as_secs_f64()),
            cpu_at_poll: duration(|start| start.cpu_at_poll.as_secs_f64()),
            resident_at_poll: median(|start| start.resident_at_poll as f64),
            first: duration(|start| start.first.as_secs_f64()),
            cpu_of_answers: duration(|start| start.cpu_of_answers.as_secs_f64()),
            second: duration(|start| start.second.as_secs_f64()),
            trips,
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
            time(cold.cpu_of_answers),
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
