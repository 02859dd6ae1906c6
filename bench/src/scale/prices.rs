//! AWS's prices: list prices in US dollars, us-east-1, on demand, without free allowances and volume discounts.
//! As of November 2024 for DynamoDB (its last change that we know of), May 2025 for Lambda's logs, 2025 for the
//! rest; compared with AWS's price pages in November 2026. Check them before you rely on them:
//! <https://aws.amazon.com/dynamodb/pricing/>, and the same for `lambda`, `api-gateway`, `cloudwatch` and `ec2`
//! (data transfer).

use super::meter::Usage;

/// The bytes of a gigabyte, as AWS bills it.
pub(crate) const GB: f64 = (1u64 << 30) as f64;

/// A million write request units of DynamoDB, standard class.
const MILLION_WRITE_UNITS: f64 = 0.625;
/// A million read request units.
const MILLION_READ_UNITS: f64 = 0.125;
/// A second of a gigabyte of memory in Lambda, arm64.
const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
/// A million requests to Lambda.
const MILLION_INVOCATIONS: f64 = 0.20;
/// A million requests to an HTTP API, of up to 512 KB each.
const MILLION_API_REQUESTS: f64 = 1.00;
/// A gigabyte taken in by CloudWatch Logs, standard class.
const LOG_GB: f64 = 0.50;
/// A gigabyte sent to the internet.
const DATA_OUT_GB: f64 = 0.09;

/// A month of a metric that an alarm watches.
pub(crate) const ALARM_METRIC: f64 = 0.10;
/// A month of a dashboard.
pub(crate) const DASHBOARD: f64 = 3.00;
/// A month of a custom or detailed metric, of the first 10,000. It is charged by the hour in which it has data.
pub(crate) const METRIC: f64 = 0.30;

/// The bytes that CloudWatch Logs counts for each line besides its text.
const LINE_OVERHEAD: f64 = 26.0;
/// The estimated bytes of the gateway's line. Lambda writes no lines of its own: their level is `WARN`.
const ACCESS_LINE: f64 = 400.0;

/// The parts of a bill, in the order of [`bill`].
pub(crate) const PARTS: [&str; 5] = ["DynamoDB", "Lambda", "HTTP API", "log", "data out"];

/// The cost of a million times so much time of a function with this memory.
pub(crate) fn lambda_time(seconds: f64, memory_mb: u32) -> f64 {
    1e6 * seconds * f64::from(memory_mb) / 1024.0 * LAMBDA_GB_SECOND
}

/// The cost of a million times so many bytes sent to the internet.
pub(crate) fn data_out(bytes: f64) -> f64 {
    1e6 * bytes / GB * DATA_OUT_GB
}

/// The cost of a million requests: see [`PARTS`].
pub(crate) fn bill(usage: &Usage) -> [f64; 5] {
    // Lambda bills whole milliseconds.
    let billed_seconds = (usage.on_aws.as_secs_f64() * 1e3).ceil() / 1e3;
    let logged_bytes = usage.log_bytes + ACCESS_LINE + 2.0 * LINE_OVERHEAD;
    [
        usage.read_units * MILLION_READ_UNITS + usage.write_units * MILLION_WRITE_UNITS,
        lambda_time(billed_seconds, usage.memory_mb) + MILLION_INVOCATIONS,
        MILLION_API_REQUESTS,
        1e6 * logged_bytes / GB * LOG_GB,
        data_out(usage.body_bytes),
    ]
}
