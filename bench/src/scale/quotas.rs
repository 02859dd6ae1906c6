//! What AWS allows, by default, as its documentation had it in November 2026.

/// A quota.
pub(crate) struct Quota {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// How it is raised.
    pub(crate) raise: &'static str,
    /// The page of AWS's documentation that has it.
    pub(crate) source: &'static str,
}

const ON_REQUEST: &str = "on request";
const FIXED: &str = "never";

/// Reads of one partition. A write unit takes away three read units: the two limits share one partition.
pub(crate) const PARTITION_READS: Quota = Quota {
    name: "reads of a partition",
    value: 3_000.0,
    unit: "read units/s",
    raise: FIXED,
    source: "DynamoDB: bp-partition-key-design",
};
/// Writes to one partition.
pub(crate) const PARTITION_WRITES: Quota = Quota {
    name: "writes to a partition",
    value: 1_000.0,
    unit: "write units/s",
    raise: FIXED,
    source: "DynamoDB: bp-partition-key-design",
};
/// An item collection: with a local index, all of a partition key's items and index entries.
pub(crate) const ITEM_COLLECTION: Quota =
    Quota { name: "item collection", value: 10.0, unit: "GB", raise: FIXED, source: "DynamoDB: LSI" };
/// Reads of a table on demand.
pub(crate) const TABLE_READS: Quota = Quota {
    name: "reads of a table",
    value: 40_000.0,
    unit: "read units/s",
    raise: ON_REQUEST,
    source: "DynamoDB: ServiceQuotas",
};
/// Writes to a table on demand.
pub(crate) const TABLE_WRITES: Quota = Quota {
    name: "writes to a table",
    value: 40_000.0,
    unit: "write units/s",
    raise: ON_REQUEST,
    source: "DynamoDB: ServiceQuotas",
};
/// Reads that a table is ready for when it is new.
pub(crate) const NEW_TABLE_READS: Quota = Quota {
    name: "reads of a new table",
    value: 12_000.0,
    unit: "read units/s",
    raise: "pre-warming, growth",
    source: "DynamoDB: warm-throughput-scenarios",
};
/// Writes that a table is ready for when it is new.
pub(crate) const NEW_TABLE_WRITES: Quota = Quota {
    name: "writes to a new table",
    value: 4_000.0,
    unit: "write units/s",
    raise: "pre-warming, growth",
    source: "DynamoDB: warm-throughput-scenarios",
};
/// Requests to all HTTP APIs of an account and region.
pub(crate) const GATEWAY: Quota = Quota {
    name: "API Gateway",
    value: 10_000.0,
    unit: "requests/s",
    raise: ON_REQUEST,
    source: "API Gateway: limits",
};
/// Invocations at a time, of all functions of an account and region.
pub(crate) const CONCURRENCY: Quota = Quota {
    name: "Lambda, at a time",
    value: 1_000.0,
    unit: "invocations",
    raise: ON_REQUEST,
    source: "Lambda: gettingstarted-limits",
};
/// Invocations a second: ten for each that may be under way at a time.
pub(crate) const INVOCATIONS: Quota = Quota {
    name: "Lambda, a second",
    value: 10.0 * CONCURRENCY.value,
    unit: "invocations/s",
    raise: "with the one above",
    source: "Lambda: gettingstarted-limits",
};
/// New instances of one function.
pub(crate) const NEW_INSTANCES: Quota = Quota {
    name: "Lambda, new instances",
    value: 1_000.0,
    unit: "in 10 s and function",
    raise: FIXED,
    source: "Lambda: scaling-behavior",
};

/// All of them.
pub(crate) const ALL: [&Quota; 11] = [
    &PARTITION_READS,
    &PARTITION_WRITES,
    &ITEM_COLLECTION,
    &TABLE_READS,
    &TABLE_WRITES,
    &NEW_TABLE_READS,
    &NEW_TABLE_WRITES,
    &GATEWAY,
    &CONCURRENCY,
    &INVOCATIONS,
    &NEW_INSTANCES,
];
