//! `admin org export`: writes an organization's clients to standard output.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result};
use clap::{Args, CommandFactory, ValueEnum, error::ErrorKind};
use domain::{Clock, OrgId};
use shared::store::{ClientRecord, Store};

use super::{
    counted,
    file::{Foot, Head, Line},
    sheet,
};
use crate::{Cli, output::Form, similar};

const INCOMPLETE: &str = "the export is incomplete: writing to standard output failed";

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The organization
    #[arg(long)]
    org: OrgId,
    /// The format
    #[arg(long, value_enum, default_value_t = ExportFormat::Ndjson)]
    format: ExportFormat,
    /// Begin the CSV with a byte order mark: without it, Excel takes UTF-8 for something else
    #[arg(long)]
    bom: bool,
}

impl Export {
    /// Ends the program if JSON is asked for, and another format is too. NDJSON is JSON.
    pub(crate) fn check(&self, form: Form) {
        if form.json && self.format != ExportFormat::Ndjson {
            Cli::command().error(ErrorKind::ArgumentConflict, "--json and --format csv exclude each other").exit();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One JSON object a line, between a first and a last one that show whether the file is complete
    Ndjson,
    /// A table for spreadsheets; formulas in it are defused with an apostrophe
    Csv,
}

pub(crate) async fn run(Export { org, format, bom }: Export, store: &Store) -> Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    let clients = match format {
        ExportFormat::Ndjson => {
            write_line(&mut output, &Head::new(&org, Clock::system().now())).context(INCOMPLETE)?;
            let clients = each(&org, store, |record| write_line(&mut output, &Line::of(record))).await?;
            write_line(&mut output, &Foot { clients: clients as u64 }).context(INCOMPLETE)?;
            clients
        }
        ExportFormat::Csv => {
            if bom {
                output.write_all("\u{feff}".as_bytes()).context(INCOMPLETE)?;
            }
            let mut table = csv::WriterBuilder::new()
                .quote_style(csv::QuoteStyle::Always)
                .terminator(csv::Terminator::CRLF)
                .from_writer(&mut output);
            table.write_record(sheet::COLUMNS).context(INCOMPLETE)?;
            let clients = each(&org, store, |record| Ok(table.write_record(sheet::fields(record))?)).await?;
            table.flush().context(INCOMPLETE)?;
            clients
        }
    };
    output.flush().context(INCOMPLETE)?;
    eprintln!("Exported {} of {org}. The export is personal data.", counted(clients, "client"));
    if clients == 0 {
        similar::suggest_organization(&org, store).await;
    }
    Ok(())
}

/// Writes each client of the organization, and gives their number.
async fn each(org: &OrgId, store: &Store, mut write: impl FnMut(&ClientRecord) -> io::Result<()>) -> Result<usize> {
    let (mut clients, mut next) = (0, None);
    loop {
        let page = store.export(org, next).await.context("the export is incomplete")?;
        for record in &page.clients {
            write(record).context(INCOMPLETE)?;
        }
        clients += page.clients.len();
        next = page.next;
        if next.is_none() {
            return Ok(clients);
        }
    }
}

fn write_line(output: &mut impl Write, line: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}
