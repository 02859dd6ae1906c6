//! `bench instructions`: the instructions of one warm request to each function, by callgrind. Unlike a time, their
//! number is nearly the same in each run, so that a test can hold a change to it.

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use domain::OrgId;
use tokio::{process::Command, runtime::Runtime};

use crate::{
    lambda::{Chosen, Database, Subject},
    people,
    table::{Table, note, whole},
};

/// The numbers on record.
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.json");
/// The growth that is still taken for noise.
const TOLERANCE: f64 = 0.05;
const ORG: &str = "acme";
/// Two runs that differ in nothing but the number of requests.
const FEW: usize = 20;
const MANY: usize = 120;

/// Arguments of `bench instructions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// Record the numbers instead of comparing them
    #[arg(long)]
    write: bool,
}

/// Measures, and compares or records. It fails if a number has grown.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut measured = BTreeMap::new();
    Runtime::new()?.block_on(async {
        let database = Database::start().await?;
        for subject in Subject::functions(&args.chosen)? {
            measured.insert(subject.name.to_owned(), measure(&subject, &database).await?);
        }
        Ok::<_, anyhow::Error>(())
    })?;
    let mut record: BTreeMap<String, u64> = serde_json::from_str(&fs::read_to_string(RECORD)?)?;
    if args.write {
        record.extend(measured.clone());
        fs::write(RECORD, serde_json::to_string_pretty(&record)? + "\n")?;
    }
    let mut table = Table::new(&["function", "instructions a request", "on record", "change"]);
    let mut has_grown = false;
    for (name, instructions) in measured {
        let recorded = record.get(&name).copied().with_context(|| format!("{name} is not on record"))?;
        let change = instructions as f64 / recorded as f64 - 1.0;
        has_grown |= change > TOLERANCE;
        let numbers = [instructions, recorded].map(|number| whole(number as f64));
        table.row([name].into_iter().chain(numbers).chain([format!("{:+.1} %", change * 100.0)]));
    }
    println!("{table}");
    if has_grown {
        note!("More than {:.0} % more. If that is meant, record it: --write", TOLERANCE * 100.0);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The instructions of one more request.
async fn measure(subject: &Subject, database: &Database) -> Result<u64> {
    let more = u64::try_from(MANY - FEW)?;
    Ok((total(subject, database, MANY).await? - total(subject, database, FEW).await?) / more)
}

/// The instructions of a process that answers this many requests.
async fn total(subject: &Subject, database: &Database, requests: usize) -> Result<u64> {
    let org: OrgId = format!("{ORG}-{}-{requests}", subject.name).parse()?;
    let key = database.lab.key(&org).await?;
    let clients = people::clients(MANY);
    database.lab.fill(&org, &clients).await?;
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("profile");
    let mut valgrind = Command::new("/usr/bin/valgrind");
    valgrind.args(["--quiet", "--tool=callgrind"]).arg(format!("--callgrind-out-file={}", profile.display()));
    let function = subject.start_under(valgrind, database).await?;
    for client in &clients[..requests] {
        subject.answer(&function, &key, client.id).await?;
    }
    function.terminate().await?;
    total_in(&profile)
}

fn total_in(profile: &Path) -> Result<u64> {
    let profile = fs::read_to_string(profile).context("callgrind wrote no profile")?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: ")).context("a profile without totals")?;
    Ok(total.trim().parse()?)
}
