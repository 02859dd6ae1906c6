//! What AWS charges: list prices in US dollars, in us-east-1, on demand, without free allowances. As of
//! November 2024 for DynamoDB (its last change that we know of), May 2025 for Lambda's logs, 2025 for
//! the rest; compared with AWS's price pages and reports of them in November 2026. Look them up again
//! before you rely on them: <https://aws.amazon.com/dynamodb/pricing/>, and so on for `lambda`,
//! `api-gateway`, `cloudwatch` and `ec2` (data transfer).

use super::{Usage, template};

/// A price that falls with the volume of a month: up to which volume, and what each unit costs.
pub(crate) struct Price(&'static [(f64, f64)]);

/// Bytes in what AWS calls a gigabyte.
pub(crate) const GB: f64 = (1u64 << 30) as f64;
const TB: f64 = 1024.0;

/// A write request unit of DynamoDB, standard class.
pub(crate) const WRITE_UNIT: Price = Price(&[(f64::INFINITY, 0.625e-6)]);
/// A read request unit.
pub(crate) const READ_UNIT: Price = Price(&[(f64::INFINITY, 0.125e-6)]);
/// A write and a read unit a second, provisioned, for an hour, used or not.
const PROVISIONED_WRITE_HOUR: f64 = 0.000_65;
const PROVISIONED_READ_HOUR: f64 = 0.000_13;
/// A gigabyte of memory for a second in Lambda, arm64.
pub(crate) const LAMBDA_GB_SECOND: Price =
    Price(&[(7.5e9, 0.000_013_333_4), (18.75e9, 0.000_012_000_1), (f64::INFINITY, 0.000_010_666_7)]);
/// A request to Lambda.
pub(crate) const INVOCATION: Price = Price(&[(f64::INFINITY, 0.20e-6)]);
/// A request to an HTTP API, of up to 512 KB.
pub(crate) const API_REQUEST: Price = Price(&[(300e6, 1.00e-6), (f64::INFINITY, 0.90e-6)]);
/// A gigabyte of a function's log, taken in by `CloudWatch` Logs, standard class.
pub(crate) const LOG_GB: Price =
    Price(&[(10.0 * TB, 0.50), (30.0 * TB, 0.25), (50.0 * TB, 0.10), (f64::INFINITY, 0.05)]);
/// A gigabyte sent to the internet.
pub(crate) const DATA_OUT_GB: Price =
    Price(&[(10.0 * TB, 0.09), (50.0 * TB, 0.085), (150.0 * TB, 0.07), (f64::INFINITY, 0.05)]);

/// What `CloudWatch` Logs counts for each line besides its text, in bytes.
pub(crate) const LINE_OVERHEAD: usize = 26;

/// For a month: an alarm's metric, a dashboard, a metric of one's own in its first 10,000.
const ALARM_METRIC: f64 = 0.10;
const DASHBOARD: f64 = 3.00;
const CUSTOM_METRIC: f64 = 0.30;
/// For a month and gigabyte: a table (indexes included), its point-in-time recovery, kept logs (compressed).
const TABLE_GB: f64 = 0.25;
const RECOVERY_GB: f64 = 0.20;
const KEPT_LOG_GB: f64 = 0.03;

/// What the figures mean.
pub(crate) fn statement(round_trip_ms: f64) -> String {
    let price = |price: &Price, of: f64| format!("${}", (of * price.0[0].1 * 1e10).round() / 1e10);
    format!(
        "List prices of us-east-1, of the first tier: DynamoDB on demand {write} per million write and {read} per\n\
         million read request units; Lambda, arm64, {compute} per GB-second and {invocation} per million\n\
         requests; HTTP API {api} per million requests; logs {log} and data out {out} per GB. Lambda's time is\n\
         an estimate: the handler's here and {round_trip_ms} ms (`--round-trip-ms`) for each call that it waits for; a\n\
         known key is read beside the data. The log is the measured line and what else is written for a\n\
         request: {others}. Data out is the answer's body; nothing compresses it.\n\
         Not included: cold starts, headers, what is kept.",
        write = price(&WRITE_UNIT, 1e6),
        read = price(&READ_UNIT, 1e6),
        compute = price(&LAMBDA_GB_SECOND, 1.0),
        invocation = price(&INVOCATION, 1e6),
        api = price(&API_REQUEST, 1e6),
        log = price(&LOG_GB, 1.0),
        out = price(&DATA_OUT_GB, 1.0),
        others = template::other_lines_in_words(),
    )
}

/// Which part of the time provisioned units must be in use to cost less than units on demand: reads, writes.
pub(crate) fn provisioned_pays_from() -> [f64; 2] {
    let hour = 3600.0;
    [PROVISIONED_READ_HOUR / READ_UNIT.of(hour), PROVISIONED_WRITE_HOUR / WRITE_UNIT.of(hour)]
}

/// What requests cost.
pub(crate) struct Bill {
    pub(crate) dynamodb: f64,
    pub(crate) lambda: f64,
    pub(crate) http_api: f64,
    pub(crate) log: f64,
    pub(crate) data_out: f64,
}

impl Bill {
    /// The bill for a million requests like this, answered by a function of this memory.
    pub(crate) fn of_a_million(usage: &Usage, memory_mb: u32) -> Self {
        let million = 1e6;
        Self {
            dynamodb: READ_UNIT.of(million * usage.read_units) + WRITE_UNIT.of(million * usage.write_units),
            lambda: LAMBDA_GB_SECOND.of(million * gb_seconds(usage, memory_mb)) + INVOCATION.of(million),
            http_api: API_REQUEST.of(million),
            log: LOG_GB.of(million * logged_bytes(usage) / GB),
            data_out: DATA_OUT_GB.of(million * usage.body_bytes / GB),
        }
    }

    /// All of it.
    pub(crate) fn sum(&self) -> f64 {
        self.dynamodb + self.lambda + self.http_api + self.log + self.data_out
    }
}

/// What a request is billed for: whole milliseconds.
pub(crate) fn gb_seconds(usage: &Usage, memory_mb: u32) -> f64 {
    f64::from(memory_mb) / 1024.0 * (usage.on_aws.as_secs_f64() * 1e3).ceil() / 1e3
}

/// What a request adds to the logs, in bytes.
pub(crate) fn logged_bytes(usage: &Usage) -> f64 {
    let others: usize = template::other_lines().iter().map(|line| line + LINE_OVERHEAD).sum();
    usage.log_bytes + (LINE_OVERHEAD + others) as f64
}

impl Price {
    /// What this volume costs in a month.
    pub(crate) fn of(&self, volume: f64) -> f64 {
        let (mut sum, mut from) = (0.0, 0.0);
        for &(to, price) in self.0 {
            sum += (volume.min(to) - from).max(0.0) * price;
            from = to;
        }
        sum
    }
}

/// What a stack costs in a month in which nobody asks it anything: what it is for, and what each costs.
pub(crate) fn fixed() -> Vec<(String, f64)> {
    let (alarms, watched) = template::alarms();
    let (dashboards, metrics) = (template::dashboards(), template::custom_metrics());
    vec![
        (format!("alarms: {alarms}, on {watched} metrics"), ALARM_METRIC * watched as f64),
        (format!("dashboards: {dashboards}"), DASHBOARD * dashboards as f64),
        (format!("metrics of its own: {metrics}, in hours with requests"), CUSTOM_METRIC * metrics as f64),
    ]
}

/// The same for what grows with what is kept.
pub(crate) fn kept() -> [(&'static str, f64); 3] {
    [
        ("each GB of tables and their indexes", TABLE_GB),
        ("each GB of their point-in-time recovery", RECOVERY_GB),
        ("each GB of kept logs, compressed", KEPT_LOG_GB),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_beyond_a_tier_pays_that_tiers_price_for_the_rest_alone() {
        let price = Price(&[(10.0, 3.0), (20.0, 2.0), (f64::INFINITY, 1.0)]);
        let sums = [0.0, 5.0, 10.0, 15.0, 25.0].map(|volume| price.of(volume));
        assert_eq!(sums, [0.0, 15.0, 30.0, 40.0, 55.0]);
    }
}
