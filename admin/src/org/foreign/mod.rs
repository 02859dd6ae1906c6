//! The import of files that other programs wrote: CSV, NDJSON and vCard. The file is streamed. A record that cannot be
//! imported affects no other: it is reported with its first line and the reason.

mod columns;
mod csv;
mod delimiter;
mod detect;
mod draft;
mod duplicates;
mod encoding;
mod header;
mod headers;
mod identity;
mod lines;
mod name;
mod ndjson;
mod phone;
mod rejects;
mod source;
mod status;
mod vcard;
mod words;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use shared::store::{Import, Store};

use super::{
    Done, counted,
    import::Summary,
    input::Input,
    progress,
    write::{Incoming, Totals, write},
};
use crate::output::Form;
use duplicates::Duplicates;
use encoding::Survey;
use identity::Identities;
use rejects::Rejects;
use source::{Content, Source};

pub(crate) use columns::Mapping;
pub(crate) use detect::Format;
pub(super) use detect::format;
pub(super) use encoding::survey;

/// The most duplicates that are shown one by one.
const SHOWN_DUPLICATES: u64 = 20;

/// The settings of an import.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) format: Format,
    pub(super) survey: Survey,
    pub(super) map: Vec<Mapping>,
    pub(super) delimiter: Option<u8>,
    pub(super) rejects: Option<PathBuf>,
    pub(super) dry_run: bool,
    pub(super) form: Form,
}

/// Imports a file.
///
/// # Errors
/// Fails if nothing can be imported, or if the table fails.
pub(super) async fn run(input: &mut Input, options: Options, import: &Import, store: &Store) -> Result<Done> {
    let begin = Instant::now();
    let bar = progress::of_bytes(options.survey.bytes);
    let file = input.rewound()?;
    let kept = file.try_clone().context("could not read the input")?;
    let source = Source::open(bar.wrap_read(file), &options)
        .and_then(|source| source.map_err(anyhow::Error::msg))
        .context("nothing was imported")?;
    // Each property of a card has its own encoding.
    if options.survey.encoding != encoding_rs::UTF_8 && options.format != Format::Vcard {
        bar.suspend(|| eprintln!("Read as {} (`--encoding` sets another).", options.survey.encoding.name()));
    }
    if let Some(described) = source.described() {
        bar.suspend(|| eprintln!("{described}"));
    }
    let rejects = Rejects::new(options.rejects.as_deref(), &kept, &source.kind())?;
    let mut duplicates = Duplicates::default();
    let mut next = None;
    loop {
        let page = store.export(&import.org, next).await.context("nothing was imported")?;
        page.clients.iter().for_each(|record| duplicates.existing(&record.client));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    let mut records = Records {
        source,
        identities: Identities::new(import.org.clone()),
        duplicates,
        duplicate: 0,
        rejects,
        good: 0,
        bar: bar.clone(),
    };
    let mut totals = Totals::default();
    let written = if options.dry_run {
        std::iter::from_fn(|| records.next().transpose()).try_for_each(|record| record.map(drop))
    } else {
        let clients = std::iter::from_fn(|| records.next().transpose());
        let written = write(store, import, clients, |id, outcome| {
            if totals.count(outcome) {
                bar.suspend(|| eprintln!("{}", super::overwritten(id)));
            }
        });
        written.await
    };
    bar.finish_and_clear();
    written.with_context(|| {
        format!("the import stopped after {}; repeat it to continue", counted(totals.done(), "client"))
    })?;
    records.report(&totals, &options, import, begin.elapsed())
}

/// The clients of a file, in its order. Records that are not clients are reported on the way.
struct Records<'a> {
    source: Source<'a>,
    identities: Identities,
    duplicates: Duplicates,
    duplicate: u64,
    rejects: Rejects,
    good: u64,
    bar: ProgressBar,
}

impl Records<'_> {
    fn next(&mut self) -> Result<Option<Incoming>> {
        while let Some(entry) = self.source.next().context("could not read the input")? {
            let client = entry.content.and_then(|content| match content {
                Content::Draft(draft) => {
                    let id = draft.id.clone();
                    let client = draft.client()?;
                    Ok(Incoming::New(self.identities.next(&id, &client), Box::new(client)))
                }
                Content::New(client) => Ok(Incoming::New(self.identities.next("", &client), client)),
                Content::Shown(id, client) => Ok(Incoming::New(id, client)),
                Content::Exported(record) => Ok(Incoming::Exported(record)),
            });
            let client = match client {
                Ok(client) => client,
                Err(reason) => {
                    let rejects = &mut self.rejects;
                    let added = self.bar.suspend(|| rejects.add(entry.line, &reason, &entry.original));
                    added.context("could not write the rejected records")?;
                    continue;
                }
            };
            self.good += 1;
            if !self.bar.is_hidden() {
                let rate = self.good / self.bar.elapsed().as_secs().max(1);
                self.bar.set_message(format!("{}, {rate} a second", counted(usize::try_from(self.good)?, "client")));
            }
            let duplicate = match &client {
                Incoming::New(id, new) => self.duplicates.check(entry.line, *id, new),
                Incoming::Exported(record) => {
                    let new = record.client.clone().into();
                    self.duplicates.check(entry.line, record.client.id, &new)
                }
            };
            if let Some(duplicate) = duplicate {
                self.duplicate += 1;
                if self.duplicate <= SHOWN_DUPLICATES {
                    self.bar.suspend(|| eprintln!("Possible duplicate, {duplicate}"));
                }
            }
            return Ok(Some(client));
        }
        Ok(None)
    }

    /// The end of the import: what was not read on standard error, and the result.
    fn report(self, totals: &Totals, options: &Options, import: &Import, took: Duration) -> Result<Done> {
        if let Some(ignored) = self.source.ignored() {
            eprintln!("{ignored}");
        }
        if self.duplicate > 0 {
            let records = counted(usize::try_from(self.duplicate)?, "record");
            eprintln!("{records} may be duplicates of others, by name or phone number; they are not left out.");
        }
        let rejected = self.rejects.count();
        let path = self.rejects.finish()?;
        if self.good == 0 && rejected == 0 {
            bail!("nothing was imported: the file has no records");
        }
        let records = counted(usize::try_from(rejected)?, "record");
        let place = path.as_deref().map(|path| format!(": see {}", path.display())).unwrap_or_default();
        if self.good == 0 {
            bail!("nothing was imported: no record is correct, of {records}{place}");
        }
        let mut words = if options.dry_run {
            let clients = counted(usize::try_from(self.good)?, "client");
            format!("Nothing was written. {clients} would be imported into {}.", import.org)
        } else {
            totals.summary(&import.org, took)
        };
        if rejected > 0 {
            words += &format!(
                "\nNot imported: {records}{place}. Correct them and import that file, or the whole one again."
            );
        }
        let summary = Summary {
            org_id: import.org.as_str(),
            format: options.format,
            dry_run: options.dry_run,
            records: self.good + rejected,
            rejected,
            rejects_file: path.as_deref(),
            possible_duplicates: self.duplicate,
            totals,
            seconds: took,
        };
        options.form.report(&summary, &words)?;
        if rejected == 0 {
            return Ok(Done::All);
        }
        Ok(Done::InPart)
    }
}
