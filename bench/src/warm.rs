//! `bench warm`: what a request takes from a warm function.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result};
use domain::OrgId;
use tokio::runtime::Runtime;

use crate::{
    lambda::{Budgets, Chosen, Database, Subject},
    people,
    process::cpu_time,
    sample::Sample,
    table::{Table, note, ratio, three_digits, time},
};

const ORG: &str = "acme";
/// The number of requests before those that count.
const WARM_UP: usize = 100;

/// Arguments of `bench warm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// The number of requests to each program
    #[arg(long, default_value_t = 10_000)]
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
        let mut measured = Vec::new();
        for subject in subjects {
            measured.push(measure(subject, &database, args.requests).await?);
        }
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
        note!("{} requests to each program, one after the other, the engine behind TLS.\n", args.requests);
        println!("{table}");
        let budgets = Budgets::of_warm(&measured);
        println!("{budgets}");
        Ok(budgets.exit_code())
    })
}

/// Measures a program on an organization of its own, with a client for each request.
async fn measure(subject: Subject, database: &Database, requests: usize) -> Result<Warm> {
    let org: OrgId = format!("{ORG}-{}", subject.name.replace([' ', '.'], "-")).parse()?;
    let key = database.lab.key(&org).await?;
    let clients = people::clients(WARM_UP + requests);
    // Only a deletion needs as many.
    let needed = if subject.name == "delete-client" { clients.len() } else { WARM_UP };
    database.lab.fill(&org, &clients[..needed]).await?;
    let function = subject.start(database).await?;
    function.first_poll().await;
    let pid = function.pid().context("the function runs")?;
    let cpu = || cpu_time(pid).context("this needs Linux");
    let (mut before, mut latencies) = (Duration::ZERO, Vec::new());
    for (at, client) in clients[..needed].iter().cycle().take(clients.len()).enumerate() {
        if at == WARM_UP {
            before = cpu()?;
        }
        let answer = function.answer(&subject.call(&key, client.id)).await;
        anyhow::ensure!(answer.status < 300, "an answer with status {}: {}", answer.status, answer.body);
        if at >= WARM_UP {
            latencies.push(answer.duration.as_secs_f64());
        }
    }
    let requests = u32::try_from(requests)?;
    Ok(Warm { cpu: (cpu()? - before) / requests, latencies: Sample::of(latencies), subject })
}
