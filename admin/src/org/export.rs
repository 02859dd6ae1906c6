//! `admin org export`.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result};
use clap::Args;
use domain::{Clock, OrgId};
use shared::store::Store;

use super::{
    counted,
    file::{Foot, Head, Line},
};
use crate::identifier::identifier;

#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The organization
    #[arg(long, value_parser = identifier::<OrgId>())]
    org: OrgId,
}

pub(crate) async fn run(Export { org }: Export, store: &Store) -> Result<()> {
    let cut_short = "the export is incomplete: standard output took no more";
    let mut output = BufWriter::new(io::stdout().lock());
    write_line(&mut output, &Head::new(&org, Clock::system().now())).context(cut_short)?;
    let (mut clients, mut next) = (0, None);
    loop {
        let page = store.export(&org, next).await.context("the export is incomplete")?;
        for record in &page.clients {
            write_line(&mut output, &Line::of(record)).context(cut_short)?;
        }
        clients += page.clients.len();
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    write_line(&mut output, &Foot { clients: clients as u64 }).context(cut_short)?;
    output.flush().context(cut_short)?;
    eprintln!("Exported {} of {org}. They are personal data.", counted(clients, "client"));
    Ok(())
}

fn write_line(output: &mut impl Write, line: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}
