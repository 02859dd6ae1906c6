//! `bench cost`: what each endpoint costs. Calls, units and bytes are measured, on the embedded engine,
//! through the gateway, from the functions' own log lines; prices turn them into money.

pub(crate) mod cases;
mod index_units;
mod meter;
pub(crate) mod prices;
pub(crate) mod template;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use crate::{
    api::Answer,
    lab::Lab,
    load::work::Kind,
    sample::Sample,
    table::{Table, three_digits, time, whole},
};
use cases::{Case, Functions};
pub(crate) use meter::Meter;
use prices::Bill;

/// What to measure.
#[derive(clap::Args)]
// A part of another command's arguments, too: no group of this name there.
#[group(skip)]
pub(crate) struct Args {
    /// How many clients the small organization has
    #[arg(long, default_value_t = 1_000, value_parser = at_least_one())]
    pub(crate) small: usize,
    /// How many clients the large organization has
    #[arg(long, default_value_t = 100_000, value_parser = at_least_one())]
    pub(crate) large: usize,
    /// How long a call to DynamoDB takes on AWS, in milliseconds; locally it takes none of that
    #[arg(long, default_value_t = 5.0)]
    pub(crate) round_trip_ms: f64,
}

fn at_least_one() -> clap::builder::RangedU64ValueParser<usize> {
    clap::builder::RangedU64ValueParser::<usize>::new().range(1..)
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    let meter = Meter::install();
    Runtime::new()?.block_on(async {
        let lab = Lab::embedded().await?;
        let measured = Measured::all(&lab, &meter, args).await?;
        println!("{}", usage(&lab, &measured).await?);
        println!("{}", money(&measured, args.round_trip_ms));
        Ok(())
    })
}

/// What each request uses.
pub(crate) async fn usage(lab: &Lab, measured: &[Measured]) -> Result<String> {
    let mut table = Table::new(&[
        "request",
        "cold key: calls",
        "read units",
        "write units",
        "warm: calls",
        "read units",
        "write units",
        "here",
        "log line",
        "answer",
    ]);
    for Measured { name, cold, warm, .. } in measured {
        let mut cells = vec![name.clone()];
        for usage in [cold, warm] {
            cells.extend([usage.calls, usage.read_units, usage.write_units].map(|count| count.to_string()));
        }
        cells.push(time(warm.here));
        cells.extend([warm.log_bytes, warm.body_bytes].map(|bytes| format!("{} B", whole(bytes))));
        table.row(cells);
    }
    let index = index_units::statement(lab).await?;
    Ok(format!(
        "{table}\n\
         Medians, from the functions' own log lines, on the embedded engine. A cold key is one that the\n\
         function has not seen and that was not used within the last minute; then its use is noted, which\n\
         is one call and its write units more. Warm is every other request. *Here* is how long the handler\n\
         took on this machine, the engine's own time included.\n\n{index}\n"
    ))
}

/// What a million of each cost.
pub(crate) fn money(measured: &[Measured], round_trip_ms: f64) -> String {
    let mut table = Table::new(&["US$ per million, warm", "DynamoDB", "Lambda", "HTTP API", "log", "data out", "sum"]);
    for measured in measured {
        let bill = measured.bill();
        let parts = [bill.dynamodb, bill.lambda, bill.http_api, bill.log, bill.data_out, bill.sum()];
        table.row(std::iter::once(measured.name.clone()).chain(parts.map(three_digits)));
    }
    format!("{table}\n{}\n", prices::statement(round_trip_ms))
}

/// Requests that cost the same, and what they use.
pub(crate) struct Measured {
    pub(crate) name: String,
    /// Which requests of the mixed load they are like.
    pub(crate) kind: Option<Kind>,
    pub(crate) memory_mb: u32,
    pub(crate) cold: Usage,
    pub(crate) warm: Usage,
}

/// What one request uses.
pub(crate) struct Usage {
    pub(crate) calls: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// How long the handler took on this machine.
    pub(crate) here: Duration,
    /// How long it takes on AWS: as long as here, and the network for each call that it waits for.
    pub(crate) on_aws: Duration,
    pub(crate) log_bytes: f64,
    pub(crate) body_bytes: f64,
    /// What the replica of a list holds; 0 for other requests.
    pub(crate) replica_bytes: f64,
}

/// On behalf of which key requests are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// Each has a new one.
    OfItsOwn,
    /// All have the same.
    Known,
}

impl Measured {
    /// All cases, measured.
    pub(crate) async fn all(lab: &Lab, meter: &Meter, args: &Args) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for case in cases::all(lab, args.small, args.large).await? {
            let cold = measure(lab, meter, &case, Key::OfItsOwn, args.round_trip_ms).await?;
            let warm = measure(lab, meter, &case, Key::Known, args.round_trip_ms).await?;
            let Case { name, kind, memory_mb, .. } = case;
            all.push(Self { name, kind, memory_mb, cold, warm });
        }
        Ok(all)
    }

    /// The one with this name.
    pub(crate) fn named<'a>(all: &'a [Self], name: &str) -> Result<&'a Self> {
        all.iter().find(|measured| measured.name == name).with_context(|| format!("`{name}` was not measured"))
    }

    /// The bill for a million of them.
    pub(crate) fn bill(&self) -> Bill {
        Bill::of_a_million(&self.warm, self.memory_mb)
    }
}

/// Sends a case's requests, and takes the medians of what they used. The first one is not counted:
/// it makes the connection, shows a known key, and loads an organization that is not to be loaded
/// each time.
async fn measure(lab: &Lab, meter: &Meter, case: &Case, key: Key, round_trip_ms: f64) -> Result<Usage> {
    let calls = if key == Key::Known { &case.warm } else { &case.cold };
    let known = lab.key(&case.org).await?;
    let mut functions = Functions::start(lab).await?;
    let mut seen = Vec::new();
    for call in calls {
        if case.fresh_functions {
            functions = Functions::start(lab).await?;
        }
        let key = if key == Key::Known { known.clone() } else { lab.key(&case.org).await? };
        meter.clear();
        let answer = functions.api().send(&key, call).await?;
        ensure!(answer.status < 300, "{}: status {}", case.name, answer.status);
        seen.push((meter.last()?.with_context(|| format!("{}: no log line", case.name))?, answer));
    }
    seen.remove(0);
    let median = |value: &dyn Fn(&(meter::Line, Answer)) -> f64| Sample::of(seen.iter().map(value)).median();
    // A known key is read beside the data. A first load meets new functions, to which no key is known.
    let beside = f64::from(u8::from(case.is_read && key == Key::Known && !case.fresh_functions));
    let calls = median(&|(line, _)| f64::from(line.round_trips));
    let here = median(&|(line, _)| line.duration_ms);
    let milliseconds = |ms: f64| Duration::from_secs_f64(ms / 1000.0);
    Ok(Usage {
        calls,
        read_units: median(&|(line, _)| line.read_units),
        write_units: median(&|(line, _)| line.write_units),
        here: milliseconds(here),
        on_aws: milliseconds(here + (calls - beside) * round_trip_ms),
        log_bytes: median(&|(line, _)| line.bytes as f64),
        body_bytes: median(&|(_, answer)| answer.body_bytes() as f64),
        replica_bytes: median(&|(line, _)| f64::from(line.replica_bytes.unwrap_or_default())),
    })
}
