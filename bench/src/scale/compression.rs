//! The compression of pages: its bytes, its time and their prices.

use std::{
    hint::black_box,
    io::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use domain::{Client, limits::NOTES_CHARS};
use flate2::{Compression, write::GzEncoder};
use list_clients::ENDPOINT;
use shared::http::{Preconditions, gzip, response};

use super::prices::{data_out, lambda_time};
use crate::{
    people,
    table::{Table, three_digits, time, whole},
};

/// The number of runs of which a time is the least.
const RUNS: usize = 300;

/// Pages as they are compressed, and what a million of them cost.
pub(crate) fn of_pages() -> Result<Table> {
    let headings =
        ["page", "plain", "gzip", "as base64", "time", "Lambda", "data out, plain", "data out, gzip", "saved"];
    let mut table = Table::new(&headings);
    for (name, body) in pages()? {
        let (compressed, took) = timed(|| gzip(&body));
        let base64 = compressed.len().div_ceil(3) * 4;
        let [plain, smaller] = [&body, &compressed].map(|bytes| data_out(bytes.len() as f64));
        let lambda = lambda_time(took.as_secs_f64(), ENDPOINT.memory_mb);
        let bytes = [body.len(), compressed.len(), base64].map(|bytes| format!("{} B", whole(bytes as f64)));
        let dollars = [plain, smaller, plain - smaller - lambda].map(three_digits);
        let lambda = format!("{lambda:.4}");
        table.row(std::iter::once(name).chain(bytes).chain([time(took), lambda]).chain(dollars));
    }
    Ok(table)
}

/// The levels of gzip: bytes and time of each page, and dollars for a million of them.
pub(crate) fn by_level() -> Result<Table> {
    // Pages of one or two clients are not compressed.
    let pages = pages()?.split_off(2);
    let mut headings = vec!["level"];
    headings.extend(pages.iter().map(|(name, _)| name.as_str()));
    let mut table = Table::new(&headings);
    for level in 1..=6 {
        let cells = pages.iter().map(|(_, body)| {
            let (compressed, took) = timed(|| at_level(body, level));
            let dollars = data_out(compressed.len() as f64) + lambda_time(took.as_secs_f64(), ENDPOINT.memory_mb);
            format!("{} B, {}, ${dollars:.3}", whole(compressed.len() as f64), time(took))
        });
        table.row(std::iter::once(level.to_string()).chain(cells.collect::<Vec<_>>()));
    }
    Ok(table)
}

/// The bodies of pages, as the API writes them, and their names.
fn pages() -> Result<Vec<(String, Vec<u8>)>> {
    let clients = people::clients(1_000);
    let with_longest_notes = people::clients_with_notes(1_000, NOTES_CHARS);
    [
        (1, "", &clients),
        (2, "", &clients),
        (10, "", &clients),
        (50, "", &clients),
        (100, "", &clients),
        (50, ", longest notes", &with_longest_notes),
    ]
    .into_iter()
    .map(|(size, suffix, clients)| Ok((format!("{size}{suffix}"), page(&clients[..size], clients.len())?)))
    .collect()
}

fn page(clients: &[Client], total: usize) -> Result<Vec<u8>> {
    let page =
        response::read_page(clients, total, &Preconditions::default()).context("a page without preconditions")?;
    Ok(page.body().to_vec())
}

fn at_level(body: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::new(level));
    encoder.write_all(body).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte")
}

/// The result of `work`, and its least time: the work is the same each time, and whatever else the machine does only
/// adds to it.
fn timed(work: impl Fn() -> Vec<u8>) -> (Vec<u8>, Duration) {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    });
    let least = times.fold(f64::INFINITY, f64::min);
    (work(), Duration::from_secs_f64(least))
}
