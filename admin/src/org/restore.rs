//! The import of an export: clients keep their identifiers, and the user and time of their creation. All of the file is
//! checked before the first write.

use anyhow::{Context, Result, anyhow, bail};
use domain::OrgId;
use shared::store::{Import, Store};

use super::{
    counted,
    file::{Fault, Reader},
    input::Input,
    progress,
    write::{Incoming, Totals, write},
};

/// The most errors of a file that are reported at once.
const REPORTED_FAULTS: usize = 5;

/// Checks the whole input, and gives its number of clients.
///
/// # Errors
/// Fails with the errors of the file.
pub(super) fn check(input: &mut Input, exported: &OrgId) -> Result<usize> {
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

/// Writes the clients of an export that was checked, and gives the outcomes.
///
/// # Errors
/// Fails if the table does, or if the file has changed since it was checked.
pub(super) async fn run(input: &mut Input, total: usize, import: &Import, store: &Store) -> Result<Totals> {
    let (mut totals, bar) = (Totals::default(), progress::of_clients(total as u64));
    // If the file has changed since it was checked, this notices it, at the latest on the last line.
    let (mut reader, _) = Reader::open(input.read()?)?;
    let records = std::iter::from_fn(|| reader.next().transpose());
    let clients = records.map(|record| Ok(Incoming::Exported(Box::new(record?))));
    let written = write(store, import, clients, |id, outcome| {
        if totals.count(outcome) {
            bar.suspend(|| eprintln!("{}", super::overwritten(id)));
        }
        bar.inc(1);
    });
    let written = written.await;
    bar.finish_and_clear();
    written.with_context(|| {
        format!("the import stopped after {} of {}; repeat it to continue", totals.done(), counted(total, "client"))
    })?;
    Ok(totals)
}
