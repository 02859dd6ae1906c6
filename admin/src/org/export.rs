//! `admin org export`: writes an organization's clients to standard output.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result};
use clap::Args;
use domain::{Clock, OrgId};
use shared::store::Store;

use super::{
    counted,
    file::{Foot, Head, Line},
};

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The organization
    #[arg(long)]
    org: OrgId,
}

pub(crate) async fn run(Export { org }: Export, store: &Store) -> Result<()> {
    let incomplete = "the export is incomplete: writing to standard output failed";
    let mut output = BufWriter::new(io::stdout().lock());
    write_line(&mut output, &Head::new(&org, Clock::system().now())).context(incomplete)?;
    let (mut clients, mut next) = (0, None);
    loop {
        let page = store.export(&org, next).await.context("the export is incomplete")?;
        for record in &page.clients {
            write_line(&mut output, &Line::of(record)).context(incomplete)?;
        }
        clients += page.clients.len();
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    write_line(&mut output, &Foot { clients: clients as u64 }).context(incomplete)?;
    output.flush().context(incomplete)?;
    eprintln!("Exported {} of {org}. The export is personal data.", counted(clients, "client"));
    Ok(())
}

fn write_line(output: &mut impl Write, line: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}
