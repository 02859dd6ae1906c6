//! `bench list`: times of lists from a replica's index, by a full scan, and from PostgreSQL with the right indexes;
//! and the index's memory, and the times to load it, to change it, and to write and restore its checkpoint.

mod cases;
mod checkpoints;
pub(crate) mod index_costs;
mod postgres_lists;

use std::time::{Duration, Instant};

use anyhow::Result;
use domain::{Change, ListedClient};
use list_engine::{Index, Loader, Rows, oracle};

use crate::{
    cluster::Cluster,
    people,
    table::{Table, note, ratio, three_digits, time},
};
use postgres_lists::PostgresLists;

/// Arguments of `bench list`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The numbers of clients in the organizations
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    sizes: Vec<usize>,
}

/// Measures and prints.
pub(crate) fn run(args: Args) -> Result<()> {
    let cluster = Cluster::start()?;
    if cluster.is_none() {
        note!("No PostgreSQL server binaries (initdb, pg_ctl, postgres) were found: the column is empty.\n");
    }
    note!("Median times; all data in memory and warm; limit 50. PostgreSQL: the page query and the count query");
    note!("over its Unix socket, with automatic or custom plans, whichever are faster. Replica: the index alone;");
    note!("a list also makes one call to be up to date, see `bench feed`.\n");
    for size in args.sizes {
        let clients = people::listed_clients(size);
        let postgres = cluster.as_ref().map(|cluster| PostgresLists::load(cluster, &clients)).transpose()?;
        let index = index_of(&clients);
        compare(&clients, &index, postgres)?;
        drop(index);
        index_costs::print(&clients);
    }
    Ok(())
}

fn compare(clients: &[ListedClient], index: &Index, mut postgres: Option<PostgresLists>) -> Result<()> {
    let heading = format!("{} clients", clients.len());
    let mut table = Table::new(&[&heading, "matches", "replica", "full scan", "PostgreSQL", "PostgreSQL / replica"]);
    let mut ratios = vec![];
    for case in cases::all(clients) {
        let (page, replica) = median(30, || index.rows(&case.params));
        let (scanned_page, scan) = median(1, || oracle::rows(clients, &case.params));
        assert_eq!(page, scanned_page, "{}: the index is wrong", case.name);
        let mut cells = vec![case.name, page.total.to_string(), time(replica), time(scan)];
        if let Some(postgres) = &mut postgres {
            let answer = postgres.measure(&case.params)?;
            assert_eq!(answer.total, page.total, "{}: PostgreSQL has another total", cells[0]);
            assert_eq!(answer.ids, ids(&page), "{}: PostgreSQL has another page", cells[0]);
            let ratio = ratio(answer.time, replica);
            cells.extend([time(answer.time), three_digits(ratio)]);
            ratios.push(ratio);
        } else {
            cells.extend([String::new(), String::new()]);
        }
        table.row(cells);
    }
    println!("{table}");
    ratios.sort_unstable_by(f64::total_cmp);
    if let (Some(least), Some(median)) = (ratios.first(), ratios.get(ratios.len() / 2)) {
        note!("PostgreSQL / replica: median {}, least {}\n", three_digits(*median), three_digits(*least));
    }
    Ok(())
}

/// Loads an index of the clients.
fn index_of(clients: &[ListedClient]) -> Index {
    let mut loader = Loader::default();
    clients.iter().for_each(|client| loader.push(Change::Upsert(client.clone())));
    loader.finish()
}

fn ids(page: &Rows) -> Vec<uuid::Uuid> {
    page.clients.iter().map(|row| row.client.id.uuid()).collect()
}

/// The last result of `work` and its median time over at least `runs` runs; fast work is repeated for 20 ms.
fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let mut times = vec![];
    loop {
        let start = Instant::now();
        let result = work();
        times.push(start.elapsed());
        let fast_and_few = begin.elapsed() < Duration::from_millis(20) && times.len() < 1_000;
        if times.len() >= runs && !fast_and_few {
            times.sort_unstable();
            return (result, times[times.len() / 2]);
        }
    }
}
