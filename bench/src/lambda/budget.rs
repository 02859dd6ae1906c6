//! The published budgets, and what a run says about them. `docs/performance.md` explains them.

use std::{fmt, process::ExitCode};

use super::Reference;
use crate::{
    cold::{Cold, Trip},
    table::{Table, ratio, three_digits},
    warm::Warm,
};

/// Exec to first poll, by the floor's.
const FIRST_POLL_BY_FLOOR: f64 = 2.0;
/// Node.js's exec to first poll, by ours.
const NODE_FIRST_POLL: f64 = 20.0;
/// The first answer, by Node.js's.
const FIRST_ANSWER_BY_NODE: f64 = 0.25;
/// The first answer, by a TLS handshake and the round trips that it needs.
const FIRST_ANSWER_BY_NETWORK: f64 = 1.3;
/// The resident megabytes at the first poll.
const RESIDENT_MB: f64 = 8.0;
/// The megabytes of a zipped program.
const ZIPPED_MB: f64 = 3.5;
/// The processor time of a warm get, by the floor's.
const WARM_GET_BY_FLOOR: f64 = 2.0;

/// Round trips in a row and units of a function: cold, and warm. A key that a warm function has not seen may take one
/// round trip more than a known one.
const TRIPS: &[(&str, Trip, Trip)] = &[
    ("list-clients", trip(3, 50.0), trip(1, 2.0)),
    ("create-client", trip(2, 3.0), trip(2, 3.0)),
    // A full page from the beginning.
    ("list-changes", trip(2, 15.0), trip(1, 15.0)),
    ("get-client", trip(2, 2.0), trip(1, 2.0)),
    ("put-client", trip(2, 4.0), trip(2, 4.0)),
    ("update-client", trip(2, 4.0), trip(2, 4.0)),
    ("delete-client", trip(2, 4.0), trip(2, 4.0)),
    ("restore-client", trip(2, 4.0), trip(2, 4.0)),
    // Ten creates. A full batch takes one trip more.
    ("batch-clients", trip(2, 21.0), trip(2, 21.0)),
];

const fn trip(in_a_row: u32, units: f64) -> Trip {
    Trip { in_a_row, units }
}

/// The budgets that a run could measure, each with its figure.
pub(crate) struct Budgets(Vec<Budget>);

struct Budget {
    name: String,
    figure: f64,
    limit: f64,
    /// Whether the figure must not be less than the limit, instead of more.
    at_least: bool,
}

impl Budgets {
    /// The budgets of `bench cold`.
    pub(crate) fn of_cold(measured: &[Cold], reference: &Reference) -> Self {
        let mut budgets = Self(Vec::new());
        let floor = measured.iter().find(|cold| cold.subject.is_floor());
        let node = measured.iter().find(|cold| cold.subject.name.contains("Node.js"));
        for cold in measured {
            let (Some(endpoint), Some(trips)) = (cold.subject.endpoint(), &cold.trips) else { continue };
            let mut at_most = |what: &str, figure, limit| budgets.add(endpoint.name, what, figure, limit, false);
            if let Some(floor) = floor {
                let figure = ratio(cold.first_poll, floor.first_poll);
                at_most("exec to first poll, by the floor's", figure, FIRST_POLL_BY_FLOOR);
            }
            // Node.js's answer is a get, and the round trip of the reference is a read.
            if endpoint.name == "get-client" {
                if let Some(node) = node {
                    at_most("first answer, by Node.js's", ratio(cold.first, node.first), FIRST_ANSWER_BY_NODE);
                }
                let network = reference.handshake + reference.round_trip * trips.cold.in_a_row;
                at_most("first answer, by the network's part", ratio(cold.first, network), FIRST_ANSWER_BY_NETWORK);
            }
            at_most("resident MB at the first poll", cold.resident_at_poll / 1e6, RESIDENT_MB);
            at_most("zipped MB", cold.subject.zipped as f64 / 1e6, ZIPPED_MB);
            let more = trips.new_key.in_a_row.saturating_sub(trips.warm.in_a_row);
            at_most("more round trips in a row for a new key", f64::from(more), 1.0);
            let limits = TRIPS.iter().find(|(name, ..)| *name == endpoint.name);
            let (_, cold_limit, warm_limit) = limits.expect("every endpoint has its limits");
            for (when, trip, limit) in [("cold", trips.cold, cold_limit), ("warm", trips.warm, warm_limit)] {
                let (figure, limit_in_a_row) = (f64::from(trip.in_a_row), f64::from(limit.in_a_row));
                at_most(&format!("round trips in a row, {when}"), figure, limit_in_a_row);
                at_most(&format!("units, {when}"), trip.units, limit.units);
            }
            if let Some(node) = node {
                let figure = ratio(node.first_poll, cold.first_poll);
                budgets.add(endpoint.name, "Node.js's exec to first poll, by ours", figure, NODE_FIRST_POLL, true);
            }
        }
        budgets
    }

    /// The budgets of `bench warm`.
    pub(crate) fn of_warm(measured: &[Warm]) -> Self {
        let mut budgets = Self(Vec::new());
        let floor = measured.iter().find(|warm| warm.subject.is_floor());
        let get = measured.iter().find(|warm| warm.subject.name == "get-client");
        if let (Some(floor), Some(get)) = (floor, get) {
            let figure = ratio(get.cpu, floor.cpu);
            budgets.add(get.subject.name, "CPU a request, by the floor's", figure, WARM_GET_BY_FLOOR, false);
        }
        budgets
    }

    fn add(&mut self, function: &str, what: &str, figure: f64, limit: f64, at_least: bool) {
        self.0.push(Budget { name: format!("{function}: {what}"), figure, limit, at_least });
    }

    /// Success if no budget is exceeded.
    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.0.iter().all(Budget::is_kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Budget {
    fn is_kept(&self) -> bool {
        if self.at_least { self.figure >= self.limit } else { self.figure <= self.limit }
    }
}

impl fmt::Display for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["budget", "measured", "limit", ""]);
        for budget in &self.0 {
            let bound = if budget.at_least { "at least" } else { "at most" };
            table.row([
                budget.name.clone(),
                three_digits(budget.figure),
                format!("{bound} {}", budget.limit),
                if budget.is_kept() { "kept" } else { "EXCEEDED" }.to_owned(),
            ]);
        }
        table.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_limits() {
        for endpoint in functions::ENDPOINTS {
            assert!(TRIPS.iter().any(|(name, ..)| *name == endpoint.name), "{}", endpoint.name);
        }
    }
}
