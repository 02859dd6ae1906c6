//! `admin org import`: writes the clients of a file, by its format: an export of ours as it is, or any other.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use domain::{Clock, OrgId, UserId};
use encoding_rs::Encoding;
use serde::Serialize;
use shared::store::Store;

use super::{
    Done, check_clock, counted,
    foreign::{self, Format, Mapping, survey},
    input::Input,
    restore,
    write::Totals,
};
use crate::{help, output::Form};

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file [default: standard input]
    file: Option<PathBuf>,
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
    /// are not in the file stay
    #[arg(long)]
    overwrite: bool,
    /// Check the file and say what would be imported, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the records that cannot be imported to this file, with their lines and the reasons
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Read a field from this column, as in `--map name="Full Name"`; without a column, leave the field empty. Fields:
    /// id, name, given, family, company, phone, status, notes
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<Mapping>,
    /// The format, if it is not recognized by the content
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The delimiter of the columns, if it is not recognized: a character, or `tab`
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The encoding, if it is not recognized: utf-8, windows-1252, shift_jis, macintosh, …
    #[arg(long, value_parser = encoding)]
    encoding: Option<&'static Encoding>,
}

pub(super) fn examples() -> String {
    help::examples(&[
        "# What would happen?",
        "admin org import --org acme --user maria contacts.csv --dry-run",
        "# Records that cannot be imported go to a file, to be corrected",
        "admin org import --org acme --user maria contacts.csv --rejects bad.csv",
        "# Columns whose headers say nothing",
        "admin org import --org acme --user maria list.csv --map name=\"Firm\"",
        "# An export of ours, from another organization",
        "admin org import --org acme-test --from acme --user maria acme.ndjson",
    ])
}

pub(super) fn after_long_help() -> String {
    let status = help::section(
        "Exit status",
        "  0  All records were imported, or were there already\n  \
           1  Nothing was imported, or the import stopped: the message says why\n  \
           2  The arguments are wrong\n  \
           3  Some records were rejected and reported; all others were imported",
    );
    format!("{}\n\n{status}", examples())
}

/// The result of an import in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary<'a> {
    pub(super) org_id: &'a str,
    pub(super) format: Format,
    pub(super) dry_run: bool,
    /// The records of the file, and those of them that are no clients.
    pub(super) records: u64,
    pub(super) rejected: u64,
    pub(super) rejects_file: Option<&'a Path>,
    pub(super) possible_duplicates: u64,
    #[serde(flatten)]
    pub(super) totals: &'a Totals,
    #[serde(serialize_with = "in_seconds")]
    pub(super) seconds: Duration,
}

fn in_seconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

pub(crate) async fn run(import: Import, store: &Store, form: Form) -> Result<Done> {
    let Import { file, org, from, user, overwrite, dry_run, rejects, map, format, delimiter, encoding } = import;
    let mut input = Input::open(file.as_deref())?;
    let survey = survey(input.rewound()?, encoding).context("could not read the input")?;
    let format = match format {
        Some(format) => format,
        None => foreign::format(&survey).map_err(|reason| anyhow!("nothing was imported: {reason}"))?,
    };
    let is_table = matches!(format, Format::Csv);
    if !map.is_empty() && !is_table && format != Format::Ndjson {
        bail!("nothing was imported: `--map` is for CSV and NDJSON");
    }
    if delimiter.is_some() && !is_table {
        bail!("nothing was imported: `--delimiter` is for CSV");
    }
    let clock = Clock::system();
    let import = |began| shared::store::Import { org: org.clone(), user, overwrite, began, clock: clock.clone() };
    if format == Format::Export {
        let total = restore::check(&mut input, from.as_ref().unwrap_or(&org))?;
        let begin = Instant::now();
        let (totals, words) = if dry_run {
            let clients = counted(total, "client");
            (Totals::default(), format!("Nothing was written. The export is correct, and has {clients}."))
        } else {
            check_clock(store, &org, &clock).await.context("nothing was imported")?;
            let totals = restore::run(&mut input, total, &import(clock.now()), store).await?;
            let words = totals.summary(&org, begin.elapsed());
            (totals, words)
        };
        let summary = Summary {
            org_id: org.as_str(),
            format,
            dry_run,
            records: total as u64,
            rejected: 0,
            rejects_file: None,
            possible_duplicates: 0,
            totals: &totals,
            seconds: begin.elapsed(),
        };
        form.report(&summary, &words)?;
        return Ok(Done::All);
    }
    check_clock(store, &org, &clock).await.context("nothing was imported")?;
    let options = foreign::Options { format, survey, map, delimiter, rejects, dry_run, form };
    foreign::run(&mut input, options, &import(clock.now()), store).await
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [one] if *one != b'"' && one.is_ascii() && !matches!(one, b'\n' | b'\r') => Ok(*one),
        _ => Err("must be one ASCII character, or `tab`".to_owned()),
    }
}

fn encoding(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| "must be an encoding's label, such as utf-8, utf-16le, windows-1252 or shift_jis".to_owned())
}
