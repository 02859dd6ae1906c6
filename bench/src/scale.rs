//! `bench scale`: the figures of `docs/scale.md`. What requests use is measured, as in `bench cost`; with
//! AWS's prices and quotas it says what they cost, where one organization, key or account ends, and what
//! gives out first as the load grows.

mod document;
mod item_bytes;
mod quotas;
mod workload;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use list_clients::{replica::OVERLAP, replicas::PART_OF_MEMORY};
use shared::{
    ClientId, OrgId,
    limits::{LIST_MEMORY_MB, NOTES_CHARS, TOMBSTONE_LIFE},
};
use tokio::runtime::Runtime;

use crate::{
    cost::{self, Measured, Meter, cases, prices},
    feed,
    lab::Lab,
    load::work::Kind,
    people,
    table::{Table, three_digits, whole},
};
use document::Section;
use item_bytes::ItemBytes;
use quotas::Quota;
use workload::{Part, Spread, Workload, gives_out, reads_left, units_again};

/// The rates that are looked at, in requests a second.
const RATES: [f64; 3] = [10.0, 1_000.0, 100_000.0];
/// The size whose first load is too long to measure each time, in clients.
const LARGER: f64 = 1_000_000.0;

/// What to measure, and what to assume.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    cost: cost::Args,
    /// How many organizations there are; one has the size of the large organization, all others
    /// that of the small one
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    organizations: u32,
    /// How many of a hundred requests are the largest organization's
    #[arg(long, default_value_t = 5.0)]
    largest_percent: f64,
    /// How many of a hundred requests come with the busiest key
    #[arg(long, default_value_t = 1.0)]
    busiest_key_percent: f64,
    /// How long an instance of a function lives, in minutes
    #[arg(long, default_value_t = 120.0)]
    instance_life_minutes: f64,
    /// How many writes a second an organization takes while it is listed
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10, 100], value_parser = clap::value_parser!(u32).range(1..))]
    writes: Vec<u32>,
    /// How long lists are measured at each of these rates
    #[arg(long, default_value_t = 12)]
    seconds: u64,
    /// Put the figures into this document, too
    #[arg(long)]
    write: Option<PathBuf>,
}

/// Measures, prints, and writes.
pub(crate) fn run(args: &Args) -> Result<()> {
    let meter = Meter::install();
    let sections = Runtime::new()?.block_on(async {
        let lab = Lab::embedded().await?;
        let measured = Measured::all(&lab, &meter, &args.cost).await?;
        let facts = Facts::gather(&lab, &measured, args).await?;
        anyhow::Ok(vec![
            Section { name: "usage", text: cost::usage(&lab, &measured).await? },
            Section { name: "money", text: cost::money(&measured, args.cost.round_trip_ms) },
            Section { name: "fixed", text: fixed() },
            Section { name: "organization", text: organization(&facts) },
            Section { name: "lists-and-writes", text: lists_and_writes(&facts) },
            Section { name: "loads", text: loads(&facts, args) },
            Section { name: "rates", text: rates(&facts, args) },
            Section { name: "months", text: months(&facts.workload) },
            Section { name: "quotas", text: all_quotas() },
        ])
    })?;
    for Section { name, text } in &sections {
        println!("## {name}\n\n{text}");
    }
    args.write.as_ref().map_or(Ok(()), |file| document::update(file, &sections))
}

/// What was measured, and the workload that it makes.
struct Facts<'a> {
    measured: &'a [Measured],
    workload: Workload,
    few_notes: ItemBytes,
    short_notes: ItemBytes,
    long_notes: ItemBytes,
    tombstone: ItemBytes,
    /// Bytes of a client in a replica.
    replica_bytes: f64,
    /// Writes a second, as asked for and as achieved, and the read units of a list meanwhile.
    while_written: Vec<(u32, f64, f64)>,
}

impl<'a> Facts<'a> {
    async fn gather(lab: &Lab, measured: &'a [Measured], args: &Args) -> Result<Self> {
        let few_notes = ItemBytes::of(lab, cases::SMALL, false).await?;
        let named = |name: &str| Measured::named(measured, name);
        let large = args.cost.large;
        let (of_small, of_large) = (list_of(args.cost.small), list_of(large));
        // A write reads the key and nothing else. The same with a cold key writes when it was used.
        let create = named("create")?;
        let key_read_units = create.warm.read_units;
        let part = |kind: Kind| {
            let like = measured.iter().find(|measured| measured.kind == Some(kind));
            Ok(Part::of(kind, like.with_context(|| format!("no {} were measured", kind.name()))?, key_read_units))
        };
        let workload = Workload {
            parts: Kind::ALL.into_iter().map(part).collect::<Result<_>>()?,
            spread: Spread {
                organizations: args.organizations.into(),
                largest: args.largest_percent / 100.0,
                busiest_key: args.busiest_key_percent / 100.0,
                instance_life: args.instance_life_minutes * 60.0,
            },
            key_read_units,
            key_write_units: create.cold.write_units - create.warm.write_units,
            units_again: units_again(few_notes.entry, OVERLAP.as_secs_f64()),
            load_units: named(&first(&of_small))?.warm.read_units - key_read_units,
            largest_load_units: named(&first(&of_large))?.warm.read_units - key_read_units,
        };
        let replica_bytes = named(&of_large)?.warm.replica_bytes / large as f64;
        let (short_notes, long_notes) = (cases::WITH_SHORT_NOTES, cases::WITH_LONG_NOTES);
        let tombstone = ItemBytes::of(lab, short_notes, true).await?;
        let (short_notes, long_notes) =
            (ItemBytes::of(lab, short_notes, false).await?, ItemBytes::of(lab, long_notes, false).await?);
        let long = format!(", {}-character notes", whole(NOTES_CHARS as f64));
        check_units(measured, key_read_units, "", short_notes)?;
        check_units(measured, key_read_units, &long, long_notes)?;
        // Last: it writes to the large organization.
        let org: OrgId = cases::LARGE.parse()?;
        let ids: Arc<[ClientId]> = people::clients(large).into_iter().map(|feed| feed.client.id).collect();
        let mut while_written = Vec::new();
        for &rate in &args.writes {
            let duration = Duration::from_secs(args.seconds);
            let (achieved, units) = feed::units_while_written(lab, &org, &ids, rate, duration).await?;
            while_written.push((rate, achieved, units));
        }
        Ok(Self { measured, workload, few_notes, short_notes, long_notes, tombstone, replica_bytes, while_written })
    }

    /// The units of the clients table that requests like this read, and those that they write.
    fn units(&self, name: &str) -> (f64, f64) {
        let usage = Measured::named(self.measured, name).map(|measured| &measured.warm);
        usage.map_or((f64::NAN, f64::NAN), |usage| (usage.read_units - self.workload.key_read_units, usage.write_units))
    }
}

/// Whether the engine charges what DynamoDB does, by its rules, for items of this size.
fn check_units(measured: &[Measured], key: f64, notes: &str, size: ItemBytes) -> Result<()> {
    let [read, created, changed] = size.units();
    for (name, expected) in
        [("get", (key + read, 0.0)), ("create", (key, created)), ("update", (key, changed)), ("delete", (key, changed))]
    {
        let usage = &Measured::named(measured, &format!("{name}{notes}"))?.warm;
        let found = (usage.read_units, usage.write_units);
        ensure!(found == expected, "{name}{notes}: the engine says {found:?}, DynamoDB's rules {expected:?}");
    }
    Ok(())
}

/// The name of lists of an organization of this size.
fn list_of(clients: usize) -> String {
    format!("list of {}", whole(clients as f64))
}

/// The name of the first one on an instance.
fn first(list: &str) -> String {
    format!("{list}, first load")
}

/// So many units.
fn units(n: f64, unit: &str) -> String {
    format!("{n} {unit}{}", if n == 1.0 { "" } else { "s" })
}

/// What a stack costs that is not asked anything.
fn fixed() -> String {
    let mut table = Table::new(&["a month, whatever the load", "US$"]);
    let fixed = prices::fixed();
    let sum: f64 = fixed.iter().map(|(_, dollars)| dollars).sum();
    for (name, dollars) in fixed {
        table.row([name, format!("{dollars:.2}")]);
    }
    table.row(["sum".to_owned(), format!("{sum:.2}")]);
    for (name, dollars) in prices::kept() {
        table.row([name.to_owned(), format!("{dollars:.2}")]);
    }
    table.to_string()
}

/// What one organization can have at the most.
fn organization(facts: &Facts<'_>) -> String {
    let mut table = Table::new(&["one organization", "each takes", "bound", "at the most"]);
    let mut row = |name: String, each: String, bound: &str, most: String| {
        table.row([name, each, bound.to_owned(), most]);
    };
    let notes_chars = whole(NOTES_CHARS as f64);
    let collection = quotas::ITEM_COLLECTION.value * prices::GB;
    let bytes = |bytes: f64| format!("{} B", whole(bytes));
    for (name, client) in [
        (format!("clients with {}-character notes", cases::SHORT_NOTES.len()), facts.short_notes),
        ("clients, one in twenty with such notes".to_owned(), facts.few_notes),
        (format!("clients with {notes_chars}-character notes, in ASCII"), facts.long_notes),
    ] {
        row(name, bytes(client.kept()), "10 GB", whole(collection / client.kept()));
    }
    let tombstones = collection / facts.tombstone.kept() / TOMBSTONE_LIFE.as_secs_f64();
    row("deletions/s, week after week".to_owned(), bytes(facts.tombstone.kept()), "10 GB", three_digits(tombstones));
    let long = format!(", {notes_chars}-character notes");
    for kind in ["create", "update", "delete"] {
        for notes in ["", &long] {
            let (_, written) = facts.units(&format!("{kind}{notes}"));
            let most = quotas::PARTITION_WRITES.value / written;
            row(format!("{kind}s/s{notes}"), units(written, "write unit"), "1,000 write units/s", whole(most));
        }
    }
    let list = Measured::named(facts.measured, &format!("list, 50 clients with {notes_chars}-character notes"));
    let reads = ["get", &format!("get{long}")].map(|name| (name.replace("get", "gets/s"), facts.units(name).0));
    let lists = [
        (
            "lists/s, at rest".to_owned(),
            facts.workload.parts.iter().find(|part| part.is_list).map(|part| part.read_units),
        ),
        ("lists/s of 50 such clients, at rest".to_owned(), list.ok().map(|list| facts.units(&list.name).0)),
    ];
    let lists = lists.into_iter().filter_map(|(name, units)| Some((name, units?)));
    for (name, read) in reads.into_iter().chain(lists) {
        let most = quotas::PARTITION_READS.value / read;
        row(name, units(read, "read unit"), "3,000 read units/s", whole(most));
    }
    let budget = f64::from(LIST_MEMORY_MB) / PART_OF_MEMORY as f64;
    let most = budget * 1024.0 * 1024.0 / facts.replica_bytes;
    row(
        "clients in a replica".to_owned(),
        format!("{} B", three_digits(facts.replica_bytes)),
        &format!("{} MB", whole(budget)),
        whole(most),
    );
    let key_units = facts.workload.key_read_units;
    let most = (quotas::PARTITION_READS.value - facts.workload.key(0.0)) / key_units;
    row("requests/s with one key".to_owned(), units(key_units, "read unit"), "3,000 read units/s", whole(most));
    format!(
        "{table}\n\
         Bytes are means of the items that the store wrote, by DynamoDB's rules: the item, its entry in the index,\n\
         and 100 bytes for each of the two; identifiers of organization and user have 36 characters. Units are the\n\
         engine's; DynamoDB's rules give the same for these sizes, or this command fails. Each row is by itself: in\n\
         one partition reads and writes share what there is, and a write unit takes away three read units.\n"
    )
}

/// How many lists an organization has left while it is written.
fn lists_and_writes(facts: &Facts<'_>) -> String {
    let mut table = Table::new(&["writes/s", "read units a list, measured", "computed", "lists/s at the most"]);
    let again = facts.workload.units_again;
    let (_, units_of_update) = facts.units("update");
    for &(rate, achieved, units) in &facts.while_written {
        let computed = (again * f64::from(rate)).max(1.0);
        let lists = reads_left(units_of_update * f64::from(rate)) / units.max(1.0);
        table.row([
            format!("{rate} ({} achieved)", three_digits(achieved)),
            units.to_string(),
            three_digits(computed),
            whole(lists),
        ]);
    }
    format!(
        "{table}\n\
         A list reads the writes of the last {overlap} s again: {entry} bytes each in the index, so {again} read\n\
         units for each write a second, and {break_even} writes a second cost nothing. Lists a second times writes\n\
         a second stay below {product}, less what the writes themselves take: {units_of_update} write units each.\n",
        overlap = OVERLAP.as_secs(),
        entry = whole(facts.few_notes.entry),
        again = three_digits(again),
        break_even = three_digits(1.0 / again),
        product = whole(quotas::PARTITION_READS.value / again),
    )
}

/// What the first list of an organization takes on each instance.
fn loads(facts: &Facts<'_>, args: &Args) -> String {
    let mut table =
        Table::new(&["first load of", "calls", "read units", "US$ per 1,000", "at 3,000 units/s", "replica"]);
    let large = args.cost.large as f64;
    let mut row = |name: String, clients: f64, calls: f64, units: f64| {
        table.row([
            name,
            whole(calls),
            whole(units),
            three_digits(prices::READ_UNIT.of(1e3 * units)),
            format!("{} s", three_digits(units / quotas::PARTITION_READS.value)),
            format!("{} MB", three_digits(clients * facts.replica_bytes / 1024.0 / 1024.0)),
        ]);
    };
    for size in [args.cost.small, args.cost.large] {
        let Ok(load) = Measured::named(facts.measured, &first(&list_of(size))) else { continue };
        let (calls, units) = (load.warm.calls - 1.0, load.warm.read_units - facts.workload.key_read_units);
        row(format!("{} clients", whole(size as f64)), size as f64, calls, units);
        if size as f64 == large && large < LARGER {
            let times = LARGER / large;
            row(format!("{} clients, computed", whole(LARGER)), LARGER, calls * times, units * times);
        }
    }
    let instances = RATES.map(|rate| whole(facts.workload.list_instances(rate).ceil()));
    let share = RATES.map(|rate| {
        let part = facts.workload.load_reads(rate) / facts.workload.clients_reads(rate);
        format!("{} %", three_digits(part * 100.0))
    });
    format!(
        "{table}\n\
         Every instance loads every organization that it serves. With the mix and spread below there are at\n\
         least {} instances at 10, 1,000 and 100,000 requests a second, and first loads\n\
         are {} of what the clients table's reads come to.\n",
        listed(&instances),
        listed(&share),
    )
}

fn listed(three: &[String; 3]) -> String {
    format!("{}, {} and {}", three[0], three[1], three[2])
}

/// What needs how much of what there is, as a load grows.
fn rates(facts: &Facts<'_>, args: &Args) -> String {
    let workload = &facts.workload;
    let replicas = {
        let others = (f64::from(args.organizations) - 1.0) * args.cost.small as f64;
        (others + args.cost.large as f64) * facts.replica_bytes / 1024.0 / 1024.0
    };
    let budget = Quota {
        name: "replicas of an instance",
        value: f64::from(LIST_MEMORY_MB) / PART_OF_MEMORY as f64,
        unit: "MB",
        raise: "more memory",
        source: "",
    };
    let mut resources: Vec<Resource<'_>> = vec![
        Resource::new("largest organization's partition", &quotas::PARTITION_READS, |rate| workload.partition(rate)),
        Resource::new("busiest key's item", &quotas::PARTITION_READS, |rate| workload.key(rate)),
        Resource::new("clients, reads, new table", &quotas::NEW_TABLE_READS, |rate| workload.clients_reads(rate)),
        Resource::new("clients, reads", &quotas::TABLE_READS, |rate| workload.clients_reads(rate)),
        Resource::new("clients, writes, new table", &quotas::NEW_TABLE_WRITES, |rate| workload.clients_writes(rate)),
        Resource::new("clients, writes", &quotas::TABLE_WRITES, |rate| workload.clients_writes(rate)),
        Resource::new("api-keys, reads, new table", &quotas::NEW_TABLE_READS, |rate| workload.key_reads(rate)),
        Resource::new("api-keys, reads", &quotas::TABLE_READS, |rate| workload.key_reads(rate)),
        Resource::new("API Gateway, account", &quotas::GATEWAY, |rate| rate),
        Resource::new("Lambda, at a time, account", &quotas::CONCURRENCY, |rate| workload.concurrency(rate)),
        Resource::new("Lambda, a second, account", &quotas::INVOCATIONS, |rate| rate),
        Resource::new("replicas of an instance", &budget, move |_| replicas),
    ];
    // What gives out first stands first.
    resources.sort_by(|a, b| a.gives_out.total_cmp(&b.gives_out));
    let headings = RATES.map(|rate| format!("at {}/s", whole(rate)));
    let mut table = Table::new(&[
        "resource",
        "quota",
        &headings[0],
        &headings[1],
        &headings[2],
        "gives out at, requests/s",
        "is raised",
    ]);
    let firsts = RATES.map(|rate| first_over(&resources, rate));
    for (at, resource) in resources.iter().enumerate() {
        let cells = RATES.iter().zip(firsts).map(|(&rate, first)| {
            let need = (resource.need)(rate);
            let cell = format!("{} ({} %)", amount(need), percent(need, resource.quota.value));
            if first == Some(at) { format!("**{cell}**") } else { cell }
        });
        let quota = format!("{} {}", whole(resource.quota.value), resource.quota.unit);
        let last = [rounded_down(resource.gives_out), resource.quota.raise.to_owned()];
        table.row([resource.name.to_owned(), quota].into_iter().chain(cells).chain(last));
    }
    let mix: Vec<String> = Kind::ALL.iter().map(|kind| format!("{} % {}", kind.share(), kind.name())).collect();
    format!(
        "{table}\n\
         Needed, and per cent of the quota; **bold**: over it and the first to be, as if nothing before had given\n\
         out. The mix of `bench load`: {mix}.\n\
         {organizations} organizations: one of {large} clients with {largest} % of the requests, the others of {small} \
         clients\n\
         with equal parts of the rest; the busiest key has {key} %; instances live {life} min; a call to DynamoDB\n\
         takes {round_trip} ms. Every write changes another client. (`--organizations`, `--large`, `--largest-percent`,\n\
         `--small`, `--busiest-key-percent`, `--instance-life-minutes`, `--round-trip-ms`)\n",
        mix = mix.join(", "),
        organizations = whole(args.organizations.into()),
        large = whole(args.cost.large as f64),
        small = whole(args.cost.small as f64),
        largest = args.largest_percent,
        key = args.busiest_key_percent,
        life = args.instance_life_minutes,
        round_trip = args.cost.round_trip_ms,
    )
}

/// Something that a load needs and that there is only so much of.
struct Resource<'a> {
    name: &'static str,
    quota: &'a Quota,
    need: Box<dyn Fn(f64) -> f64 + 'a>,
    /// The rate at which the need exceeds the quota; infinite if it never does.
    gives_out: f64,
}

impl<'a> Resource<'a> {
    fn new(name: &'static str, quota: &'a Quota, need: impl Fn(f64) -> f64 + 'a) -> Self {
        let gives_out = gives_out(&need, quota.value).unwrap_or(f64::INFINITY);
        Self { name, quota, need: Box::new(need), gives_out }
    }
}

/// Which of the resources, in the order in which they give out, is the first to have at this rate.
fn first_over(resources: &[Resource<'_>], rate: f64) -> Option<usize> {
    resources.iter().position(|resource| (resource.need)(rate) > resource.quota.value)
}

/// Money for a month at each rate.
fn months(workload: &Workload) -> String {
    let mut table = Table::new(&[
        "US$ a month",
        "requests, million",
        "DynamoDB",
        "Lambda",
        "HTTP API",
        "log",
        "data out",
        "fixed",
        "sum",
        "for a million",
    ]);
    let fixed: f64 = prices::fixed().iter().map(|(_, dollars)| dollars).sum();
    for rate in RATES {
        let parts = workload.month(rate);
        let sum = parts.iter().sum::<f64>() + fixed;
        let million = rate * workload::MONTH / 1e6;
        let cells = parts.into_iter().chain([fixed, sum]).map(whole);
        let first = [format!("{}/s", whole(rate)), whole(million)];
        table.row(first.into_iter().chain(cells).chain([three_digits(sum / million)]));
    }
    let [reads, writes] = prices::provisioned_pays_from().map(|part| whole(part * 100.0));
    format!(
        "{table}\n\
         At list prices with their tiers, day and night, as if nothing gave out; without what is kept. Provisioned\n\
         capacity costs less than on demand where more than {reads} % of its read and {writes} % of its write units\n\
         are in use.\n"
    )
}

/// The quotas and where they are from.
fn all_quotas() -> String {
    let mut table = Table::new(&["quota", "default", "is raised", "source"]);
    for Quota { name, value, unit, raise, source } in quotas::ALL {
        let default = format!("{} {unit}", whole(*value));
        table.row([(*name).to_owned(), default, (*raise).to_owned(), (*source).to_owned()]);
    }
    format!("{table}\nSources are pages of AWS's developer guides, by their names in the address.\n")
}

/// A number, however small, so that it can be read.
fn amount(n: f64) -> String {
    if n < 100.0 { three_digits(n) } else { whole(n) }
}

fn percent(need: f64, quota: f64) -> String {
    let percent = need / quota * 100.0;
    if percent < 10.0 { format!("{percent:.1}") } else { whole(percent) }
}

/// A rate with two digits, rounded down: the rest would be false precision.
fn rounded_down(rate: f64) -> String {
    if !rate.is_finite() {
        return "never".to_owned();
    }
    let unit = 10f64.powf(rate.log10().floor() - 1.0);
    whole((rate / unit * (1.0 + 1e-9)).floor() * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_over_its_limit_is_the_one_with_the_lowest_rate() {
        let quota = |value| Quota { name: "", value, unit: "", raise: "", source: "" };
        let (low, high) = (quota(10.0), quota(1000.0));
        let mut resources = vec![Resource::new("b", &high, |rate| rate * rate), Resource::new("a", &low, |rate| rate)];
        resources.sort_by(|a, b| a.gives_out.total_cmp(&b.gives_out));
        assert_eq!(resources[0].name, "a");
        assert_eq!(first_over(&resources, 9.0), None);
        assert_eq!(first_over(&resources, 11.0), Some(0));
        // Both are over: the one that gave out before.
        assert_eq!(first_over(&resources, 100.0), Some(0));
        assert_eq!(first_over(&resources[1..], 31.0), None);
        assert_eq!(first_over(&resources[1..], 32.0), Some(0));
    }

    #[test]
    fn rates_are_rounded_down_to_two_digits() {
        let shown = [12_345.0, 10_000.0, 999.0, 99.9, f64::INFINITY].map(rounded_down);
        assert_eq!(shown, ["12,000", "10,000", "990", "99", "never"]);
    }
}
