//! Tables, as Markdown with aligned columns or as JSON, the lines between them, and numbers for people.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use serde_json::json;

/// Whether tables are JSON. It is set once, before anything is printed.
static JSON: AtomicBool = AtomicBool::new(false);

/// Sets the form of all tables.
pub(crate) fn print_json(json: bool) {
    JSON.store(json, Relaxed);
}

/// Prints a line for people. If tables are JSON, they have standard output for themselves.
macro_rules! note {
    ($($text:tt)*) => {
        $crate::table::print_note(&format!($($text)*))
    };
}
pub(crate) use note;

/// What `note!` does.
pub(crate) fn print_note(text: &str) {
    if JSON.load(Relaxed) {
        eprintln!("{text}");
    } else {
        println!("{text}");
    }
}

/// A table; its first row is the heading.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with a heading and no other rows.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(ToString::to_string).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The cells as they are shown. Columns may have the same heading, so rows are arrays.
    fn json(&self) -> serde_json::Value {
        json!({ "columns": self.rows[0], "rows": self.rows[1..] })
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if JSON.load(Relaxed) {
            return write!(f, "{}", self.json());
        }
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (at, row) in self.rows.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if column == 0 {
                    write!(f, "| {cell:<width$} |")?;
                } else {
                    write!(f, " {cell:>width$} |")?;
                }
            }
            writeln!(f)?;
            if at == 0 {
                let rules = widths.iter().enumerate().map(|(column, width)| match column {
                    0 => format!("|{}|", "-".repeat(width + 2)),
                    _ => format!("{}:|", "-".repeat(width + 1)),
                });
                writeln!(f, "{}", rules.collect::<String>())?;
            }
        }
        Ok(())
    }
}

/// A duration with three digits, in µs, ms or s.
pub(crate) fn time(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{} µs", three_digits(micros)),
        1e3..1e6 => format!("{} ms", three_digits(micros / 1e3)),
        _ => format!("{} s", three_digits(micros / 1e6)),
    }
}

/// A number rounded to a whole one, with thousands separators.
pub(crate) fn whole(n: f64) -> String {
    let digits = format!("{n:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// The ratio of two durations.
pub(crate) fn ratio(slow: Duration, fast: Duration) -> f64 {
    slow.as_secs_f64() / fast.as_secs_f64()
}

/// A number with three digits, or more if it has more before the point.
pub(crate) fn three_digits(n: f64) -> String {
    match n {
        ..10.0 => format!("{n:.2}"),
        10.0..100.0 => format!("{n:.1}"),
        _ => format!("{n:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown_or_json() {
        let mut table = Table::new(&["list", "time", "max"]);
        table.row(["first", "3.1 ms", "9 ms"].map(str::to_owned));
        assert_eq!(
            table.to_string(),
            "| list  |   time |  max |\n|-------|-------:|-----:|\n| first | 3.1 ms | 9 ms |\n"
        );
        assert_eq!(table.json(), json!({ "columns": ["list", "time", "max"], "rows": [["first", "3.1 ms", "9 ms"]] }));
    }
}
