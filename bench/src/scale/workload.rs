//! What a load needs of everything that is limited, at any rate, from what single requests use.
//!
//! A list reads the writes of its organization's last seconds again, so what an organization reads grows
//! with its lists times its writes. Nothing else here is worse than linear.

use crate::{
    cost::{
        Measured,
        prices::{self, GB},
    },
    load::work::Kind,
    scale::quotas::{PARTITION_READS, PARTITION_WRITES},
};

/// What DynamoDB rounds reads up to, in bytes.
const READ_UNIT_BYTES: f64 = 4096.0;
/// Seconds in a month.
pub(crate) const MONTH: f64 = 730.0 * 3600.0;

/// How requests spread over organizations, keys and instances.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) organizations: f64,
    /// Which part of all requests is the largest organization's; the others share the rest evenly.
    pub(crate) largest: f64,
    /// Which part of all requests comes with the busiest key.
    pub(crate) busiest_key: f64,
    /// How long an instance lives, in seconds.
    pub(crate) instance_life: f64,
}

/// One kind of request: which part of all it is, and what one takes.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) share: f64,
    pub(crate) is_list: bool,
    /// Of the clients table, the organization at rest.
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) seconds: f64,
    pub(crate) gb_seconds: f64,
    pub(crate) logged_bytes: f64,
    pub(crate) body_bytes: f64,
}

/// A load, its requests in fixed parts.
pub(crate) struct Workload {
    pub(crate) parts: Vec<Part>,
    pub(crate) spread: Spread,
    /// What reading a key takes.
    pub(crate) key_read_units: f64,
    /// What noting its use takes, once a minute.
    pub(crate) key_write_units: f64,
    /// How much of the feed a list reads again for each write a second of its organization, in units.
    pub(crate) units_again: f64,
    /// What the first load of an organization reads.
    pub(crate) load_units: f64,
    /// The same for the largest.
    pub(crate) largest_load_units: f64,
}

/// How many units a list reads again for each write a second, where entries of the feed have this size
/// and the overlap is so long: each write changes another client.
pub(crate) fn units_again(entry_bytes: f64, overlap_seconds: f64) -> f64 {
    entry_bytes * overlap_seconds / READ_UNIT_BYTES
}

/// How many read units a second are left in a partition that takes so many write units a second.
pub(crate) fn reads_left(write_units: f64) -> f64 {
    (1.0 - write_units / PARTITION_WRITES.value).max(0.0) * PARTITION_READS.value
}

impl Part {
    /// What requests of this kind take, as measured.
    pub(crate) fn of(kind: Kind, measured: &Measured, key_read_units: f64) -> Self {
        let usage = &measured.warm;
        Self {
            share: f64::from(kind.share()) / 100.0,
            is_list: matches!(kind, Kind::List | Kind::Search),
            read_units: usage.read_units - key_read_units,
            write_units: usage.write_units,
            seconds: usage.on_aws.as_secs_f64(),
            gb_seconds: prices::gb_seconds(usage, measured.memory_mb),
            logged_bytes: prices::logged_bytes(usage),
            body_bytes: usage.body_bytes,
        }
    }
}

impl Workload {
    /// Instances of the function that lists, at the least: one request at a time each.
    pub(crate) fn list_instances(&self, rate: f64) -> f64 {
        let lists = self.parts.iter().filter(|part| part.is_list);
        (rate * lists.map(|part| part.share * part.seconds).sum::<f64>()).max(1.0)
    }

    /// How often one organization is loaded for the first time, a second: by every instance once in its
    /// life, if it has so many lists.
    fn loads(&self, rate: f64, of_organization: f64) -> f64 {
        (self.list_instances(rate) / self.spread.instance_life).min(of_organization * self.lists())
    }

    /// Which part of all requests lists.
    fn lists(&self) -> f64 {
        self.parts.iter().filter(|part| part.is_list).map(|part| part.share).sum()
    }

    /// Which part of all requests writes.
    fn writes(&self) -> f64 {
        self.parts.iter().filter(|part| part.write_units > 0.0).map(|part| part.share).sum()
    }

    /// What an organization with so many requests a second reads, its replicas loaded.
    fn organization_reads(&self, rate: f64) -> f64 {
        let again = (self.units_again * rate * self.writes() - 1.0).max(0.0);
        let units = |part: &Part| part.read_units + if part.is_list { again } else { 0.0 };
        rate * self.parts.iter().map(|part| part.share * units(part)).sum::<f64>()
    }

    /// Requests a second of the largest organization, and of each other one.
    fn organizations(&self, rate: f64) -> (f64, f64) {
        let Spread { organizations, largest, .. } = self.spread;
        (rate * largest, rate * (1.0 - largest) / (organizations - 1.0).max(1.0))
    }

    /// Read units a second of the largest organization's partition; a write unit counts as three.
    pub(crate) fn partition(&self, rate: f64) -> f64 {
        let (largest, _) = self.organizations(rate);
        let writes = self.write_units() * largest * PARTITION_READS.value / PARTITION_WRITES.value;
        self.organization_reads(largest) + self.loads(rate, largest) * self.largest_load_units + writes
    }

    /// Read units a second of the busiest key's item; a write unit counts as three.
    pub(crate) fn key(&self, rate: f64) -> f64 {
        let noting = self.key_write_units / 60.0 * PARTITION_READS.value / PARTITION_WRITES.value;
        rate * self.spread.busiest_key * self.key_read_units + noting
    }

    /// Read units a second of the clients table.
    pub(crate) fn clients_reads(&self, rate: f64) -> f64 {
        let (largest, other) = self.organizations(rate);
        let others = self.spread.organizations - 1.0;
        self.organization_reads(largest) + others * self.organization_reads(other) + self.load_reads(rate)
    }

    /// The part of that which goes into first loads.
    pub(crate) fn load_reads(&self, rate: f64) -> f64 {
        let (largest, other) = self.organizations(rate);
        let others = self.spread.organizations - 1.0;
        self.loads(rate, largest) * self.largest_load_units + others * self.loads(rate, other) * self.load_units
    }

    /// Write units a second of the clients table.
    pub(crate) fn clients_writes(&self, rate: f64) -> f64 {
        rate * self.write_units()
    }

    fn write_units(&self) -> f64 {
        self.parts.iter().map(|part| part.share * part.write_units).sum()
    }

    /// Read units a second of the table of keys.
    pub(crate) fn key_reads(&self, rate: f64) -> f64 {
        rate * self.key_read_units
    }

    /// Invocations that are under way at a time.
    pub(crate) fn concurrency(&self, rate: f64) -> f64 {
        rate * self.mean(|part| part.seconds)
    }

    fn mean(&self, of: impl Fn(&Part) -> f64) -> f64 {
        self.parts.iter().map(|part| part.share * of(part)).sum()
    }

    /// A month at this rate, in dollars: DynamoDB, Lambda, the gateway, logs, data out.
    pub(crate) fn month(&self, rate: f64) -> [f64; 5] {
        let requests = rate * MONTH;
        let reads = (self.clients_reads(rate) + self.key_reads(rate)) * MONTH;
        [
            prices::READ_UNIT.of(reads) + prices::WRITE_UNIT.of(self.clients_writes(rate) * MONTH),
            prices::LAMBDA_GB_SECOND.of(requests * self.mean(|part| part.gb_seconds)) + prices::INVOCATION.of(requests),
            prices::API_REQUEST.of(requests),
            prices::LOG_GB.of(requests * self.mean(|part| part.logged_bytes) / GB),
            prices::DATA_OUT_GB.of(requests * self.mean(|part| part.body_bytes) / GB),
        ]
    }
}

/// The rate at which a need that grows with it is more than the limit; `None` if it never is.
pub(crate) fn gives_out(need: impl Fn(f64) -> f64, limit: f64) -> Option<f64> {
    let (mut below, mut above) = (0.0, 1e9);
    if need(above) <= limit {
        return None;
    }
    // Halved until the two are neighbours as numbers go.
    for _ in 0..100 {
        let middle = f64::midpoint(below, above);
        if need(middle) > limit { above = middle } else { below = middle }
    }
    Some(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half lists of 1 unit, half writes of 3 units.
    fn workload() -> Workload {
        let part = Part {
            share: 0.5,
            is_list: false,
            read_units: 0.0,
            write_units: 3.0,
            seconds: 0.01,
            gb_seconds: 0.0,
            logged_bytes: 0.0,
            body_bytes: 0.0,
        };
        Workload {
            parts: vec![Part { is_list: true, read_units: 1.0, write_units: 0.0, ..part }, part],
            spread: Spread { organizations: 11.0, largest: 0.5, busiest_key: 0.1, instance_life: 1000.0 },
            key_read_units: 1.0,
            key_write_units: 0.0,
            units_again: 0.5,
            load_units: 0.0,
            largest_load_units: 0.0,
        }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6 * b.abs().max(1.0)
    }

    #[test]
    fn what_gives_out_is_found_for_linear_quadratic_and_constant_needs() {
        assert!(close(gives_out(|rate| 2.0 * rate, 100.0).unwrap(), 50.0));
        assert!(close(gives_out(|rate| rate * rate, 100.0).unwrap(), 10.0));
        assert_eq!(gives_out(|_| 100.0, 100.0), None);
        assert!(gives_out(|_| 101.0, 100.0).unwrap() < 1e-6);
    }

    #[test]
    fn lists_read_writes_again_once_they_exceed_a_unit() {
        let workload = workload();
        // 2 writes a second, 0.5 units each: within the one unit that a list takes anyway.
        assert!(close(workload.organization_reads(4.0), 2.0));
        // 20 writes a second make 10 units of each of 20 lists.
        assert!(close(workload.organization_reads(40.0), 200.0));
    }

    #[test]
    fn a_partition_is_shared_by_reads_and_writes() {
        assert!(close(reads_left(0.0), 3000.0));
        assert!(close(reads_left(500.0), 1500.0));
        assert_eq!(reads_left(1000.0), 0.0);
        assert_eq!(reads_left(2000.0), 0.0);
        // The largest organization has 40 of 80 requests: 200 units for lists, 60 write units.
        assert!(close(workload().partition(80.0), 200.0 + 3.0 * 60.0));
    }

    #[test]
    fn an_organization_is_loaded_by_every_instance_but_no_more_often_than_it_is_listed() {
        let loading = Workload { load_units: 10.0, largest_load_units: 100.0, ..workload() };
        // 200,000 requests/s: 100,000 lists of 10 ms on 1,000 instances, each new once in 1,000 s.
        assert!(close(loading.list_instances(200_000.0), 1000.0));
        assert!(close(loading.load_reads(200_000.0), 100.0 + 10.0 * 10.0));
        // Nobody asks: nothing is loaded.
        assert!(close(loading.load_reads(0.0), 0.0));
    }

    #[test]
    fn all_tables_needs_add_up() {
        let workload = workload();
        // 80 requests/s: 40 of the largest, 4 of each other one.
        assert!(close(workload.clients_reads(80.0), 200.0 + 10.0 * 2.0));
        assert!(close(workload.clients_writes(80.0), 120.0));
        assert!(close(workload.key_reads(80.0), 80.0));
        assert!(close(workload.key(80.0), 8.0));
        assert!(close(workload.concurrency(80.0), 0.8));
    }
}
