//! The results of commands: JSON on standard output, or words and tables for people.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

/// The form of a result.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Print the result as JSON, alone, on standard output (docs/command-lines.md)
    #[arg(long, global = true, display_order = 900)]
    pub(crate) json: bool,
}

impl Form {
    /// Gives the result of a command that has changed something: JSON on standard output, or `words` on standard
    /// error.
    ///
    /// # Errors
    /// Fails if standard output is closed or full.
    pub(crate) fn report(self, result: &impl Serialize, words: &str) -> io::Result<()> {
        if self.json {
            return print(&serde_json::to_string_pretty(result)?);
        }
        eprintln!("{words}");
        Ok(())
    }
}

/// Prints a text and a line break to standard output.
///
/// # Errors
/// Fails if standard output is closed or full. `println!` would panic.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints a text that the command can print again. If the reader has closed its end, as `| head` does,
/// that is not an error.
///
/// # Errors
/// Fails if standard output is full.
pub(crate) fn show(text: &str) -> io::Result<()> {
    match print(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Formats rows under a heading. Each column is as wide as its widest cell.
pub(crate) fn table<const COLUMNS: usize>(heading: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut widths = heading.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let line = |cells: [&str; COLUMNS]| {
        let padded = cells.iter().zip(widths).map(|(cell, widest)| format!("{cell}{:1$}", "", widest - width(cell)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rows = rows.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(heading)).chain(rows).collect::<Vec<_>>().join("\n")
}

fn width(cell: &str) -> usize {
    cell.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [["José".to_owned(), "active".to_owned()], ["Al".to_owned(), "revoked".to_owned()]];
        assert_eq!(table(["NAME", "STATE"], &rows), "NAME  STATE\nJosé  active\nAl    revoked");
        assert_eq!(table(["NAME", "STATE"], &[]), "NAME  STATE");
    }
}
