//! `bench scale`: the figures of `docs/scale.md`. Usage is measured; AWS's prices and quotas turn it into dollars
//! and limits.

mod compression;
mod item_size;
mod limits;
mod meter;
mod prices;
mod stack;
mod usage;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::{
    lab::Lab,
    table::{Table, three_digits, time, whole},
};
use usage::Measured;

/// The seconds of a month.
const MONTH: f64 = 730.0 * 3600.0;

/// Measures, and prints the tables of the page in its order.
pub(crate) fn run() -> Result<()> {
    let measured = Runtime::new()?.block_on(async {
        let lab = Lab::embedded().await?;
        Measured::new(&lab).await
    })?;
    println!("{}", usage_table(&measured));
    println!("{}", dollars_table(&measured));
    println!("{}", compression::of_pages()?);
    println!("{}", compression::by_level()?);
    println!("{}", fixed_table());
    println!("{}", limits::of_an_organization(&measured)?);
    println!("{}", limits::of_the_mix(&measured)?);
    Ok(())
}

fn usage_table(measured: &Measured) -> Table {
    let mut table = Table::new(&["request", "calls", "read units", "write units", "handler", "log line", "answer"]);
    for usage in &measured.usages {
        let counts = [usage.calls, usage.read_units, usage.write_units].map(|count| count.to_string());
        let bytes = [usage.log_bytes, usage.body_bytes].map(|bytes| format!("{} B", whole(bytes)));
        let name = std::iter::once(usage.name.clone());
        table.row(name.chain(counts).chain([time(usage.handler)]).chain(bytes));
    }
    table
}

fn dollars_table(measured: &Measured) -> Table {
    let mut headings = vec!["US$ per million"];
    headings.extend(prices::PARTS);
    headings.push("sum");
    let mut table = Table::new(&headings);
    let mut row = |name: String, parts: [f64; 5]| {
        let sum = parts.iter().sum();
        table.row(std::iter::once(name).chain(parts.into_iter().chain([sum]).map(three_digits)));
    };
    for usage in &measured.usages {
        row(usage.name.clone(), prices::bill(usage));
    }
    let mix = std::array::from_fn(|part| measured.mix(|usage| prices::bill(usage)[part]));
    row("the mix of `bench load`".to_owned(), mix);
    for rate in [10.0, 1_000.0] {
        let months = mix.map(|dollars| dollars * rate * MONTH / 1e6);
        row(format!("a month of it at {} requests/s", whole(rate)), months);
    }
    table
}

fn fixed_table() -> Table {
    let mut table = Table::new(&["a month", "US$"]);
    let parts = stack::fixed();
    let sum = ("sum".to_owned(), parts.iter().map(|(_, dollars)| dollars).sum());
    for (name, dollars) in parts.into_iter().chain([sum]) {
        table.row([name, format!("{dollars:.2}")]);
    }
    table
}
