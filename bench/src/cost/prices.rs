//! What AWS charges: on-demand prices in US dollars, in us-east-1, as of November 2024 (DynamoDB's
//! last change that we know of). Look them up again before you rely on them.

use super::Usage;

/// A million write request units of DynamoDB, standard class.
const MILLION_WRITE_UNITS: f64 = 0.625;
/// A million read request units.
const MILLION_READ_UNITS: f64 = 0.125;
/// A gigabyte of memory for a second in Lambda, arm64.
const LAMBDA_GB_SECOND: f64 = 0.000_013_333_4;
/// A million requests to Lambda.
const MILLION_INVOCATIONS: f64 = 0.20;
/// A million requests to an HTTP API, of up to 512 KB each.
const MILLION_API_REQUESTS: f64 = 1.00;

/// What the figures mean.
pub(crate) const STATEMENT: &str = "\
On-demand prices of us-east-1, as of November 2024: DynamoDB $0.625 per million write and $0.125 per
million read request units; Lambda, arm64, $0.0000133334 per GB-second and $0.20 per million requests;
HTTP API $1.00 per million requests. Not included: storage, backups, logs, data transfer, cold starts.
Lambda's duration is a local estimate: the median above, rounded up to a whole millisecond, of a handler
on this machine with an engine on the same machine in place of DynamoDB. On AWS a call takes some
milliseconds: each one adds $0.003 per million requests, for lists $0.023.";

/// What a million requests cost.
pub(crate) struct Bill {
    pub(crate) dynamodb: f64,
    pub(crate) lambda: f64,
    pub(crate) http_api: f64,
}

impl Bill {
    /// The bill for requests like this, answered by a function of this memory.
    pub(crate) fn of(usage: &Usage, memory_mb: u32) -> Self {
        let billed_seconds = (usage.duration.as_secs_f64() * 1e3).ceil() / 1e3;
        let gb_seconds = f64::from(memory_mb) / 1024.0 * billed_seconds;
        Self {
            dynamodb: usage.read_units * MILLION_READ_UNITS + usage.write_units * MILLION_WRITE_UNITS,
            lambda: gb_seconds * 1e6 * LAMBDA_GB_SECOND + MILLION_INVOCATIONS,
            http_api: MILLION_API_REQUESTS,
        }
    }

    /// All of it.
    pub(crate) fn sum(&self) -> f64 {
        self.dynamodb + self.lambda + self.http_api
    }
}
