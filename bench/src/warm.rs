//! `bench warm`: what a request takes from a warm function.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use domain::{ApiKey, Client, OrgId};
use testkit::Function;
use tokio::runtime::Runtime;

use crate::{
    lambda::{Budgets, Chosen, Database, Subject, organization},
    people,
    process::cpu_time,
    sample::Sample,
    table::{Table, note, ratio, three_digits, time},
};

/// The number of requests before those that count.
const WARM_UP: usize = 100;
/// The number of requests to a program before it is the next one's turn.
const TURN: usize = 500;

/// Arguments of `bench warm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// The number of requests to each program
    #[arg(long, default_value_t = 10_000, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    requests: usize,
}

/// What a request took from a program.
pub(crate) struct Warm {
    pub(crate) subject: Subject,
    pub(crate) cpu: Duration,
    latencies: Sample,
}

/// Measures and prints. It fails if a budget is exceeded.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let subjects = Subject::with_peers(&args.chosen)?;
    Runtime::new()?.block_on(async {
        let database = Database::start().await?;
        let mut labs = Vec::new();
        for (number, subject) in subjects.into_iter().enumerate() {
            labs.push(WarmLab::new(subject, &database, &organization(number)?, args.requests).await?);
        }
        // In turns, so that whatever else the machine does falls on all alike.
        for done in (0..args.requests).step_by(TURN) {
            for lab in &mut labs {
                lab.answer(TURN.min(args.requests - done)).await?;
            }
        }
        let measured = labs.into_iter().map(WarmLab::warm).collect::<Result<Vec<_>>>()?;
        let floor = measured.iter().find(|warm| warm.subject.is_floor()).map(|floor| floor.cpu);
        let mut table = Table::new(&["program", "CPU a request", "× the floor", "p50", "p99"]);
        for warm in &measured {
            table.row([
                warm.subject.name.to_owned(),
                time(warm.cpu),
                floor.map(|floor| three_digits(ratio(warm.cpu, floor))).unwrap_or_default(),
                time(Duration::from_secs_f64(warm.latencies.median())),
                time(Duration::from_secs_f64(warm.latencies.percentile(99))),
            ]);
        }
        note!("{} requests to each program, one at a time, the engine behind TLS.\n", args.requests);
        println!("{table}");
        let budgets = Budgets::of_warm(&measured);
        println!("{budgets}");
        Ok(budgets.exit_code())
    })
}

/// A warm program, and an organization of its own to measure it on, with a client for each request.
struct WarmLab {
    subject: Subject,
    function: Function,
    key: ApiKey,
    clients: Box<dyn Iterator<Item = Client>>,
    cpu: Duration,
    latencies: Vec<f64>,
}

impl WarmLab {
    async fn new(subject: Subject, database: &Database, org: &OrgId, requests: usize) -> Result<Self> {
        let key = database.lab.key(org).await?;
        let mut clients = people::clients(WARM_UP + requests);
        // Only a deletion needs as many.
        if subject.name != "delete-client" {
            clients.truncate(WARM_UP);
        }
        database.lab.fill(org, &clients).await?;
        let function = subject.start(database).await?;
        function.first_poll().await;
        let clients = Box::new(clients.into_iter().cycle());
        let mut lab = Self { subject, function, key, clients, cpu: Duration::ZERO, latencies: Vec::new() };
        lab.answer(WARM_UP).await?;
        (lab.cpu, lab.latencies) = (Duration::ZERO, Vec::new());
        Ok(lab)
    }

    /// Answers so many requests.
    async fn answer(&mut self, requests: usize) -> Result<()> {
        let pid = self.function.pid().context("the function runs")?;
        let cpu = || cpu_time(pid).context("this needs Linux");
        let before = cpu()?;
        for client in self.clients.by_ref().take(requests) {
            let answer = self.subject.answer(&self.function, &self.key, client.id).await?;
            self.latencies.push(answer.duration.as_secs_f64());
        }
        self.cpu += cpu()? - before;
        Ok(())
    }

    fn warm(self) -> Result<Warm> {
        let requests = u32::try_from(self.latencies.len())?;
        Ok(Warm { cpu: self.cpu / requests, latencies: Sample::of(self.latencies), subject: self.subject })
    }
}
