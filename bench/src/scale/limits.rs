//! AWS's quotas, as documented in November 2026, and the load at which each is reached.

use anyhow::{Context, Result};
use domain::limits::{OVERLAP, TOMBSTONE_LIFE};
use list_clients::{ENDPOINT, replicas::PART_OF_MEMORY};

use super::{
    meter::Usage,
    prices::GB,
    usage::{LARGE, LONG, Measured},
};
use crate::table::{Table, three_digits, whole};

/// Read units a second of one partition.
const PARTITION_READS: f64 = 3_000.0;
/// Write units a second of one partition. Reads and writes share it: a write unit takes away three read units.
const PARTITION_WRITES: f64 = 1_000.0;
const READS_PER_WRITE: f64 = PARTITION_READS / PARTITION_WRITES;
/// The bytes of an item collection: with a local index, all items and index entries of one partition key.
const ITEM_COLLECTION: f64 = 10.0 * GB;
/// A strongly consistent read is charged by so many bytes.
const READ_UNIT_BYTES: f64 = 4096.0;
const MB: f64 = 1024.0 * 1024.0;

/// The limits of one organization and of one key.
pub(crate) fn of_an_organization(measured: &Measured) -> Result<Table> {
    let mut table = Table::new(&["one organization", "each takes", "bound", "at most"]);
    let mut row = |name: &str, each: String, bound: &str, most: String| {
        table.row([name.to_owned(), each, bound.to_owned(), most]);
    };
    let bytes = |bytes: f64| format!("{} B", whole(bytes));
    for (name, size) in [
        ("clients, one in twenty with short notes", measured.typical),
        ("clients, longest notes in ASCII", measured.with_longest_notes),
    ] {
        row(name, bytes(size.stored()), "10 GB", whole(ITEM_COLLECTION / size.stored()));
    }
    let tombstone = measured.tombstone.stored();
    let deletes = ITEM_COLLECTION / tombstone / TOMBSTONE_LIFE.as_secs_f64();
    row("deletes/s, week after week", bytes(tombstone), "10 GB", three_digits(deletes));

    let budget = f64::from(ENDPOINT.memory_mb) * MB / PART_OF_MEMORY as f64;
    let replica = measured.usage("list of 100,000")?.replica_bytes.context("a list has a replica")? / LARGE as f64;
    row("clients in a replica", bytes(replica), &format!("{} MB", whole(budget / MB)), whole(budget / replica));
    let key_units = measured.key_units()?;
    let load = (measured.usage("list of 100,000, first load")?.read_units - key_units) / LARGE as f64;
    let seconds = ENDPOINT.timeout.as_secs_f64();
    let (each, bound) = (format!("read units: {load:.3}"), format!("{seconds} s of 3,000 read units/s"));
    row("clients loaded by one request", each, &bound, whole(seconds * PARTITION_READS / load));

    for name in ["create", "update", "delete"] {
        for suffix in ["", LONG] {
            let units = measured.usage(&format!("{name}{suffix}"))?.write_units;
            let each = format!("write units: {units}");
            row(&format!("{name}s/s{suffix}"), each, "1,000 write units/s", whole(PARTITION_WRITES / units));
        }
    }
    let mut reads = |name: &str, units: f64, left: f64| {
        row(name, format!("read units: {units}"), &format!("{} read units/s", whole(left)), whole(left / units));
    };
    for (name, case) in [
        ("gets/s", "get".to_owned()),
        ("gets/s, longest notes", format!("get{LONG}")),
        ("lists/s, nothing written", "list of 100,000".to_owned()),
        ("lists/s of 50, longest notes", format!("list{LONG}")),
    ] {
        reads(name, measured.usage(&case)?.read_units - key_units, PARTITION_READS);
    }
    let update = measured.usage("update")?.write_units;
    for writes in [10.0, 100.0] {
        let left = PARTITION_READS - READS_PER_WRITE * update * writes;
        reads(&format!("lists/s, {writes} updates/s"), reread_units(measured, writes).ceil(), left);
    }
    reads("requests/s of one key", key_units, PARTITION_READS);
    Ok(table)
}

/// The read units that a list spends on the writes in its overlap, at `writes` a second.
fn reread_units(measured: &Measured, writes: f64) -> f64 {
    measured.typical.entry * OVERLAP.as_secs_f64() * writes / READ_UNIT_BYTES
}

/// The rates at which the mix of `bench load` reaches each quota, the lowest first.
pub(crate) fn of_the_mix(measured: &Measured) -> Result<Table> {
    let key = measured.key_units()?;
    let reads = measured.mix(|usage| usage.read_units) - key;
    let writes = measured.mix(|usage| usage.write_units);
    let seconds = measured.mix(|usage| usage.on_aws.as_secs_f64());
    let organization = PARTITION_READS / organization_rate(measured, key);
    let growth = "pre-warming, growth";
    // Name, quota, what one request takes of it, how it is raised, and the page of AWS's developer guide.
    let mut limits = [
        (
            "one organization's partition",
            PARTITION_READS,
            "read units/s",
            organization,
            "never",
            "bp-partition-key-design",
        ),
        ("one key's item", PARTITION_READS, "read units/s", key, "never", "bp-partition-key-design"),
        ("clients, new table", 12_000.0, "read units/s", reads, growth, "warm-throughput-scenarios"),
        ("clients, new table", 4_000.0, "write units/s", writes, growth, "warm-throughput-scenarios"),
        ("api-keys, new table", 12_000.0, "read units/s", key, growth, "warm-throughput-scenarios"),
        ("clients", 40_000.0, "read units/s", reads, "on request", "ServiceQuotas"),
        ("clients", 40_000.0, "write units/s", writes, "on request", "ServiceQuotas"),
        ("api-keys", 40_000.0, "read units/s", key, "on request", "ServiceQuotas"),
        ("API Gateway", 10_000.0, "requests/s", 1.0, "on request", "limits"),
        ("Lambda", 10_000.0, "requests/s", 1.0, "with concurrency", "gettingstarted-limits"),
        ("Lambda", 1_000.0, "at a time", seconds, "on request", "gettingstarted-limits"),
    ];
    let rate = |limit: &(&str, f64, &str, f64, &str, &str)| limit.1 / limit.3;
    limits.sort_by(|a, b| rate(a).total_cmp(&rate(b)));
    let mut table = Table::new(&["limit", "default", "reached at, requests/s", "is raised", "source"]);
    for limit in &limits {
        let &(name, quota, unit, _, raised, source) = limit;
        let quota = format!("{} {unit}", whole(quota));
        let rate = whole((rate(limit) / 10.0).round() * 10.0);
        table.row([name.to_owned(), quota, rate, raised.to_owned(), source.to_owned()]);
    }
    Ok(table)
}

/// The rate at which one organization with the whole mix uses up its partition. A list reads the writes in its
/// overlap again, so the need has a part that grows with the square of the rate.
fn organization_rate(measured: &Measured, key_units: f64) -> f64 {
    let lists = measured.mix(|usage| f64::from(u8::from(is_list(usage))));
    let writes = measured.mix(|usage| f64::from(u8::from(usage.write_units > 0.0)));
    let reads = measured.mix(|usage| if is_list(usage) { 0.0 } else { usage.read_units - key_units });
    let linear = reads + READS_PER_WRITE * measured.mix(|usage| usage.write_units);
    positive_root(lists * reread_units(measured, writes), linear, PARTITION_READS)
}

fn is_list(usage: &Usage) -> bool {
    usage.replica_bytes.is_some()
}

/// The `x` at which `square * x² + linear * x` is `value`.
fn positive_root(square: f64, linear: f64, value: f64) -> f64 {
    ((linear * linear + 4.0 * square * value).sqrt() - linear) / (2.0 * square)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_solves_the_equation() {
        let x = positive_root(0.03, 2.0, 3000.0);
        assert!((0.03 * x * x + 2.0 * x - 3000.0).abs() < 1e-6);
    }
}
