//! `admin org import`: writes the clients of a file, by its format: an export of ours as it is, or any other.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use domain::{Clock, OrgId, UserId};
use encoding_rs::Encoding;
use shared::store::Store;

use super::{
    Done, check_clock, counted,
    foreign::{self, Format, Mapping, survey},
    input::Input,
    restore,
};

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

pub(crate) async fn run(import: Import, store: &Store) -> Result<Done> {
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
        if dry_run {
            eprintln!("Nothing was written. The export is correct, and has {}.", counted(total, "client"));
            return Ok(Done::All);
        }
        check_clock(store, &org, &clock).await.context("nothing was imported")?;
        restore::run(&mut input, total, &import(clock.now()), store).await?;
        return Ok(Done::All);
    }
    check_clock(store, &org, &clock).await.context("nothing was imported")?;
    let options = foreign::Options { format, survey, map, delimiter, rejects, dry_run };
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
