//! `admin org import`.

use std::{
    fs::File,
    io::{self, BufReader, IsTerminal, Seek, SeekFrom},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use domain::{ClientId, Clock, OrgId, UserId, limits::CLOCK_SKEW};
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{
    store::{ClockError, ImportOutcome, Store},
    telemetry::Tally,
};

use super::{
    counted,
    file::{Fault, Reader},
};
use crate::identifier::identifier;

/// Writes under way at the same time.
const PARALLEL: usize = 8;
/// Write units a second: half of what DynamoDB gives an organization, which is one partition. The other
/// half is for the API's writes.
const PACE: f64 = 500.0;
/// How many faults of a file are told at once.
const FAULTS_TOLD: usize = 5;
/// How often a long import says how far it is.
const PROGRESS: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The organization to write to
    #[arg(long, value_parser = identifier::<OrgId>())]
    org: OrgId,
    /// The organization that was exported, where it is another one
    #[arg(long, value_name = "ORG", value_parser = identifier::<OrgId>())]
    from: Option<OrgId>,
    /// Who imports: the clients count as last changed by this user
    #[arg(long, value_parser = identifier::<UserId>())]
    user: UserId,
    /// Replace the clients that are there, and bring deleted ones back: whatever was changed since the
    /// export is undone. Clients that are not in the export stay
    #[arg(long)]
    overwrite: bool,
}

pub(crate) async fn run(Import { org, from, user, overwrite }: Import, store: &Store) -> Result<()> {
    let mut file = input()?;
    let total = check(&mut file, from.as_ref().unwrap_or(&org))?;
    let clock = Clock::system();
    check_clock(store, &org, &clock).await?;

    let mut totals = Totals::new(total);
    let tally = Tally::default();
    let (store, begin) = (store.counting_in(&tally), Instant::now());
    let import = shared::store::Import { org, user, overwrite, began: clock.now(), clock };
    // A file that changes between its two readings is found out here, at the latest at its last line.
    let (mut reader, _) = Reader::open(file.read()?)?;
    let records = std::iter::from_fn(|| reader.next().transpose());
    let written = stream::iter(records)
        .map(|record| async {
            let record = record?;
            // A call that finds the client there is not in the units, but costs one at the least.
            let due = tally.units().write.max(tally.calls().into()) / PACE;
            tokio::time::sleep(Duration::from_secs_f64(due).saturating_sub(begin.elapsed())).await;
            let imported = store.import(&import, &record).await?;
            Ok::<_, anyhow::Error>((record.client.id, imported))
        })
        .buffer_unordered(PARALLEL)
        .try_for_each(|(id, imported)| {
            totals.count(id, imported);
            std::future::ready(Ok(()))
        })
        .await;
    written.with_context(|| {
        format!("the import stopped after {} of {}; repeat it to go on", totals.done(), counted(total, "client"))
    })?;
    eprintln!("{}", totals.summary(&import.org));
    Ok(())
}

/// What is on standard input, to be read twice: all of it is checked before the first write.
struct Input {
    file: File,
    start: u64,
}

impl Input {
    fn read(&mut self) -> Result<BufReader<&mut File>> {
        self.file.seek(SeekFrom::Start(self.start)).context("could not read the input again")?;
        Ok(BufReader::with_capacity(256 * 1024, &mut self.file))
    }
}

fn input() -> Result<Input> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        bail!("give the export on standard input: admin org import … < FILE");
    }
    if let Some(input) = redirected_file(&stdin) {
        return Ok(input);
    }
    // From a pipe: into a file without a name, which is gone with this process however it ends.
    let mut file = tempfile::tempfile().context("could not make a temporary file for the input")?;
    io::copy(&mut stdin.lock(), &mut file).context("could not keep the input in a temporary file")?;
    Ok(Input { file, start: 0 })
}

/// The file that standard input is, where it is one.
#[cfg(unix)]
fn redirected_file(stdin: &io::Stdin) -> Option<Input> {
    use std::os::fd::AsFd;
    let mut file = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let start = file.stream_position().ok()?;
    Some(Input { file, start })
}

#[cfg(not(unix))]
fn redirected_file(_: &io::Stdin) -> Option<Input> {
    None
}

/// Reads the whole input, and says how many clients there are.
fn check(input: &mut Input, exported: &OrgId) -> Result<usize> {
    let no_import = "nothing was imported: the input is not an export that can be used";
    let (mut reader, org) = Reader::open(input.read()?).context(no_import)?;
    if org != *exported {
        bail!(
            "nothing was imported: this is an export of {org}, not of {exported}; if that is meant, say `--from {org}`"
        );
    }
    let (mut clients, mut faults, mut untold) = (0, Vec::new(), 0);
    loop {
        match reader.next() {
            Ok(Some(_)) => clients += 1,
            Ok(None) => break,
            Err(Fault::Line(..)) if faults.len() == FAULTS_TOLD => untold += 1,
            Err(fault @ Fault::Line(..)) => faults.push(fault.to_string()),
            Err(fault) => {
                faults.push(fault.to_string());
                break;
            }
        }
    }
    if untold > 0 {
        faults.push(format!("and {} more", counted(untold, "line")));
    }
    if faults.is_empty() { Ok(clients) } else { Err(anyhow!(faults.join("; ")).context(no_import)) }
}

/// Lists find what was written by its stamp: a clock that is too wrong would hide it from them.
async fn check_clock(store: &Store, org: &OrgId, clock: &Clock) -> Result<()> {
    let error = store.clock_error(org, clock, CLOCK_SKEW).await.context("could not reach the table of clients")?;
    let (by, which) = match error {
        None => return Ok(()),
        Some(ClockError::Ahead(by)) => (by, "ahead of"),
        Some(ClockError::Behind(by)) => (by, "behind"),
    };
    bail!(
        "nothing was imported: this machine's clock is {:.1} s {which} DynamoDB's, and lists find an import by its \
         times; set the clock first",
        by.as_secs_f64()
    );
}

/// What became of the clients so far.
struct Totals {
    total: usize,
    created: usize,
    replaced: usize,
    revived: usize,
    unchanged: usize,
    kept: usize,
    stay_deleted: usize,
    told: Instant,
}

impl Totals {
    fn new(total: usize) -> Self {
        Self {
            total,
            created: 0,
            replaced: 0,
            revived: 0,
            unchanged: 0,
            kept: 0,
            stay_deleted: 0,
            told: Instant::now(),
        }
    }

    fn count(&mut self, id: ClientId, imported: ImportOutcome) {
        let newer = match imported {
            ImportOutcome::Created => (&mut self.created, false),
            ImportOutcome::Replaced { newer } => (&mut self.replaced, newer),
            ImportOutcome::Restored { newer } => (&mut self.revived, newer),
            ImportOutcome::Unchanged => (&mut self.unchanged, false),
            ImportOutcome::Kept => (&mut self.kept, false),
            ImportOutcome::StaysDeleted => (&mut self.stay_deleted, false),
        };
        *newer.0 += 1;
        if newer.1 {
            eprintln!("{id} was changed or deleted by another since the import began: that is overwritten.");
        }
        if self.told.elapsed() >= PROGRESS {
            eprintln!("{} of {}", self.done(), counted(self.total, "client"));
            self.told = Instant::now();
        }
    }

    fn done(&self) -> usize {
        self.created + self.replaced + self.revived + self.unchanged + self.kept + self.stay_deleted
    }

    fn summary(&self, org: &OrgId) -> String {
        let written = self.created + self.replaced + self.revived;
        let mut text = format!(
            "ImportOutcome {} into {org}: {} new, {} replaced, {} brought back.",
            counted(written, "client"),
            self.created,
            self.replaced,
            self.revived
        );
        for (number, what) in [
            (self.unchanged, "as exported already"),
            (self.kept, "there with another content, and kept (--overwrite replaces them)"),
            (self.stay_deleted, "deleted, and left so (--overwrite brings them back)"),
        ] {
            if number > 0 {
                text += &format!(" Not written: {number} {what}.");
            }
        }
        text
    }
}
