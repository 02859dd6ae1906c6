//! `bench cost`: what each endpoint costs. Calls and units are measured, on the embedded engine,
//! through the gateway, from the functions' own log lines; prices turn them into money.

mod cases;
mod index_units;
mod meter;
mod prices;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use crate::{
    lab::Lab,
    sample::Sample,
    table::{Table, three_digits, time},
};
use cases::{Case, Functions};
use meter::Meter;
use prices::Bill;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many clients the small organization has
    #[arg(long, default_value_t = 1_000)]
    small: usize,
    /// How many clients the large organization has
    #[arg(long, default_value_t = 100_000)]
    large: usize,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    let meter = Meter::install();
    Runtime::new()?.block_on(async {
        let lab = Lab::embedded().await?;
        let mut usage = Table::new(&[
            "request",
            "cold key: calls",
            "read units",
            "write units",
            "warm: calls",
            "read units",
            "write units",
            "duration",
        ]);
        let mut money = Table::new(&["US$ per million, warm", "DynamoDB", "Lambda", "HTTP API", "sum"]);
        for case in cases::all(&lab, args.small, args.large).await? {
            let cold = measure(&lab, &meter, &case, Key::OfItsOwn).await?;
            let warm = measure(&lab, &meter, &case, Key::Known).await?;
            let bill = Bill::of(&warm, case.memory_mb);
            let mut cells = vec![case.name.clone()];
            for usage in [&cold, &warm] {
                cells.extend([usage.calls, usage.read_units, usage.write_units].map(|count| count.to_string()));
            }
            cells.push(time(warm.duration));
            usage.row(cells);
            let dollars = [bill.dynamodb, bill.lambda, bill.http_api, bill.sum()];
            money.row(std::iter::once(case.name).chain(dollars.map(three_digits)));
        }
        println!("Medians, from the functions' own log lines, on the embedded engine. A cold key is one that the");
        println!("function has not seen and that was not used within the last minute; then its use is noted, which");
        println!("is one call and its write units more. Warm is every other request.\n");
        println!("{usage}");
        println!("{}\n", index_units::statement(&lab).await?);
        println!("{money}");
        println!("{}", prices::STATEMENT);
        Ok(())
    })
}

/// What one request uses.
struct Usage {
    calls: f64,
    read_units: f64,
    write_units: f64,
    duration: Duration,
}

/// On behalf of which key requests are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Each has a new one.
    OfItsOwn,
    /// All have the same.
    Known,
}

/// Sends a case's requests, and takes the medians of what they used. The first one is not counted:
/// it makes the connection, shows a known key, and loads an organization that is not to be loaded
/// each time.
async fn measure(lab: &Lab, meter: &Meter, case: &Case, key: Key) -> Result<Usage> {
    let calls = if key == Key::Known { &case.warm } else { &case.cold };
    let known = lab.key(&case.org).await?;
    let mut functions = Functions::start(lab).await?;
    let mut lines = Vec::new();
    for call in calls {
        if case.fresh_functions {
            functions = Functions::start(lab).await?;
        }
        let key = if key == Key::Known { known.clone() } else { lab.key(&case.org).await? };
        meter.clear();
        let status = functions.api().send(&key, call).await?.status;
        ensure!(status < 300, "{}: status {status}", case.name);
        lines.push(meter.last()?.with_context(|| format!("{}: no log line", case.name))?);
    }
    lines.remove(0);
    let median = |value: fn(&meter::Line) -> f64| Sample::of(lines.iter().map(value)).median();
    Ok(Usage {
        calls: median(|line| f64::from(line.round_trips)),
        read_units: median(|line| line.read_units),
        write_units: median(|line| line.write_units),
        duration: Duration::from_secs_f64(median(|line| line.duration_ms) / 1000.0),
    })
}
