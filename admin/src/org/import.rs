//! `admin org import`: writes exported clients back.

use std::{
    fs::File,
    io::{self, BufReader, IsTerminal, Seek, SeekFrom},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use domain::{ClientId, Clock, OrgId, UserId};
use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{
    store::{ImportOutcome, Store},
    telemetry::Tally,
};

use super::{
    check_clock, counted,
    file::{Fault, Reader},
};

/// The number of writes in progress at the same time.
const PARALLEL: usize = 8;
/// Write units a second: half of DynamoDB's limit on an organization, which is one partition. The other half
/// is for the API.
const PACE: f64 = 500.0;
/// The most errors of a file that are reported at once.
const REPORTED_FAULTS: usize = 5;
/// The time between two reports of progress.
const PROGRESS: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The organization to write to
    #[arg(long)]
    org: OrgId,
    /// The organization that was exported, if it is another one
    #[arg(long, value_name = "ORG")]
    from: Option<OrgId>,
    /// The user who imports, and becomes the user of the clients' last change
    #[arg(long)]
    user: UserId,
    /// Replace existing clients and restore deleted ones: changes since the export are undone. Clients that
    /// are not in the export stay
    #[arg(long)]
    overwrite: bool,
}

pub(crate) async fn run(Import { org, from, user, overwrite }: Import, store: &Store) -> Result<()> {
    let mut file = input()?;
    let total = check(&mut file, from.as_ref().unwrap_or(&org))?;
    let clock = Clock::system();
    check_clock(store, &org, &clock).await.context("nothing was imported")?;

    let mut totals = Totals::new(total);
    let tally = Tally::default();
    let (store, begin) = (store.counting_in(&tally), Instant::now());
    let import = shared::store::Import { org, user, overwrite, began: clock.now(), clock };
    // If the file has changed since it was checked, this notices it, at the latest on the last line.
    let (mut reader, _) = Reader::open(file.read()?)?;
    let records = std::iter::from_fn(|| reader.next().transpose());
    let written = stream::iter(records)
        .map(|record| async {
            let record = record?;
            // A failed condition reports no units, but consumes at least one.
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
        format!("the import stopped after {} of {}; repeat it to continue", totals.done(), counted(total, "client"))
    })?;
    eprintln!("{}", totals.summary(&import.org));
    Ok(())
}

/// Standard input as a file that is read twice: all of it is checked before the first write.
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
    // A pipe is copied into a file without a name, which disappears with this process however it ends.
    let mut file = tempfile::tempfile().context("could not make a temporary file for the input")?;
    io::copy(&mut stdin.lock(), &mut file).context("could not keep the input in a temporary file")?;
    Ok(Input { file, start: 0 })
}

/// Standard input, if it is a file.
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

/// Checks the whole input, and gives its number of clients.
fn check(input: &mut Input, exported: &OrgId) -> Result<usize> {
    let no_import = "nothing was imported: the input is not a correct export";
    let (mut reader, org) = Reader::open(input.read()?).context(no_import)?;
    if org != *exported {
        bail!(
            "nothing was imported: this is an export of {org}, not of {exported}; if that is intended, add `--from {org}`"
        );
    }
    let (mut clients, mut faults, mut unreported) = (0, Vec::new(), 0);
    loop {
        match reader.next() {
            Ok(Some(_)) => clients += 1,
            Ok(None) => break,
            Err(Fault::Line(..)) if faults.len() == REPORTED_FAULTS => unreported += 1,
            Err(fault @ Fault::Line(..)) => faults.push(fault.to_string()),
            Err(fault) => {
                faults.push(fault.to_string());
                break;
            }
        }
    }
    if unreported > 0 {
        faults.push(format!("and {} more", counted(unreported, "line")));
    }
    if faults.is_empty() { Ok(clients) } else { Err(anyhow!(faults.join("; ")).context(no_import)) }
}

/// The outcomes so far, by number.
struct Totals {
    total: usize,
    created: usize,
    replaced: usize,
    restored: usize,
    unchanged: usize,
    kept: usize,
    stay_deleted: usize,
    reported: Instant,
}

impl Totals {
    fn new(total: usize) -> Self {
        Self {
            total,
            created: 0,
            replaced: 0,
            restored: 0,
            unchanged: 0,
            kept: 0,
            stay_deleted: 0,
            reported: Instant::now(),
        }
    }

    fn count(&mut self, id: ClientId, imported: ImportOutcome) {
        let newer = match imported {
            ImportOutcome::Created => (&mut self.created, false),
            ImportOutcome::Replaced { newer } => (&mut self.replaced, newer),
            ImportOutcome::Restored { newer } => (&mut self.restored, newer),
            ImportOutcome::Unchanged => (&mut self.unchanged, false),
            ImportOutcome::Kept => (&mut self.kept, false),
            ImportOutcome::StaysDeleted => (&mut self.stay_deleted, false),
        };
        *newer.0 += 1;
        if newer.1 {
            eprintln!("{id} was changed or deleted by somebody else since the import began, and was overwritten.");
        }
        if self.reported.elapsed() >= PROGRESS {
            eprintln!("{} of {}", self.done(), counted(self.total, "client"));
            self.reported = Instant::now();
        }
    }

    fn done(&self) -> usize {
        self.created + self.replaced + self.restored + self.unchanged + self.kept + self.stay_deleted
    }

    fn summary(&self, org: &OrgId) -> String {
        let written = self.created + self.replaced + self.restored;
        let mut text = format!(
            "Imported {} into {org}: {} created, {} replaced, {} restored.",
            counted(written, "client"),
            self.created,
            self.replaced,
            self.restored
        );
        for (number, outcome) in [
            (self.unchanged, "already as exported"),
            (self.kept, "kept with other content (--overwrite replaces them)"),
            (self.stay_deleted, "still deleted (--overwrite restores them)"),
        ] {
            if number > 0 {
                text += &format!(" Not written: {number} {outcome}.");
            }
        }
        text
    }
}
