//! `bench list`: how long a list takes from the replica's index, the plain way, and from PostgreSQL
//! with the right indexes; what the index costs in memory, to load and to change.

mod cases;
mod costs;
mod postgres_way;

use std::time::{Duration, Instant};

use anyhow::Result;
use list_clients::index::{Index, Loader, Rows, oracle};
use shared::{Change, FeedClient};

use crate::{
    cluster::Cluster,
    people,
    table::{Table, ratio, three_digits, time},
};
use postgres_way::PostgresWay;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many clients the organizations have.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    sizes: Vec<usize>,
}

/// Measures and prints.
pub(crate) fn run(args: Args) -> Result<()> {
    let cluster = Cluster::start()?;
    if cluster.is_none() {
        println!("No PostgreSQL server binaries (initdb, pg_ctl, postgres) were found: its column is empty.\n");
    }
    println!("Median times; everything in memory and warm; limit 50. PostgreSQL: the page query and the count");
    println!("query, over its Unix socket, under its own and under custom plans, whichever is faster.");
    println!("The replica: its engine alone; to be up to date it makes one call more, see `bench feed`.\n");
    for size in args.sizes {
        let clients = people::clients(size);
        let postgres = cluster.as_ref().map(|cluster| PostgresWay::load(cluster, &clients)).transpose()?;
        let index = index_of(&clients);
        compare(&clients, &index, postgres)?;
        drop(index);
        costs::print(&clients);
    }
    Ok(())
}

fn compare(clients: &[FeedClient], index: &Index, mut postgres: Option<PostgresWay>) -> Result<()> {
    let heading = format!("{} clients", clients.len());
    let mut table = Table::new(&[&heading, "matches", "replica", "plain way", "PostgreSQL", "PostgreSQL / replica"]);
    let mut ratios = vec![];
    for case in cases::all(clients) {
        let (page, replica) = median(30, || index.rows(&case.params));
        let (plain_page, plain) = median(1, || oracle::rows(clients, &case.params));
        assert_eq!(page, plain_page, "{}: the index is wrong", case.name);
        let mut cells = vec![case.name, page.total.to_string(), time(replica), time(plain)];
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
        println!("PostgreSQL / replica: median {}, least {}\n", three_digits(*median), three_digits(*least));
    }
    Ok(())
}

/// The index of these clients, loaded as from the feed.
fn index_of(clients: &[FeedClient]) -> Index {
    let mut loader = Loader::default();
    clients.iter().for_each(|client| loader.push(Change::Upsert(client.clone())));
    loader.finish()
}

fn ids(page: &Rows) -> Vec<uuid::Uuid> {
    page.clients.iter().map(|row| row.client.id.uuid()).collect()
}

/// The answer, and the median time of at least so many runs; slow ones are not repeated for long.
fn median<T>(runs: usize, mut answer: impl FnMut() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let mut times = vec![];
    loop {
        let start = Instant::now();
        let answered = answer();
        times.push(start.elapsed());
        let fast_and_few = begin.elapsed() < Duration::from_millis(20) && times.len() < 1_000;
        if times.len() >= runs && !fast_and_few {
            times.sort_unstable();
            return (answered, times[times.len() / 2]);
        }
    }
}
