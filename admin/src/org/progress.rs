//! The progress of an import on standard error, if that is a terminal: the share, the rate and the time left.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for this many clients.
pub(super) fn of_clients(total: u64) -> ProgressBar {
    bar(total, "{bar:30} {pos} of {len} clients, {per_sec}, {eta} left")
}

/// A bar for a file of this many bytes. Its message is the number of clients and the rate.
pub(super) fn of_bytes(total: u64) -> ProgressBar {
    bar(total, "{bar:30} {percent} % of {total_bytes}, {msg}, {eta} left")
}

fn bar(total: u64, template: &str) -> ProgressBar {
    let bar =
        ProgressBar::new(total).with_style(ProgressStyle::with_template(template).expect("the template is correct"));
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}
