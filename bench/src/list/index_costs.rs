//! The costs of the index: its memory, and the times to load it and to apply a change.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use domain::{Change, Client, ListedClient, Name, Notes, Status};
use list_engine::Index;
use rand::{SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use crate::{
    HEAP,
    list::{self, checkpoints},
    people::{self, Words},
    table::{Table, time},
};

const CHANGES: usize = 20_000;

/// Measures an index of the clients and prints the results.
pub(crate) fn print(clients: &[ListedClient]) {
    let mut memory =
        Table::new(&["bytes per client", "the index's figure", "allocated", "peak of the load", "bulk load"]);
    let standard = people::standard_clients(clients.len());
    load("20-letter names, 16-character phones, no notes", &standard, &mut memory);
    drop(standard);
    let mut index = load("varied names, phones and notes", clients, &mut memory);
    println!("{memory}");
    println!("{}", checkpoints::measure(&index));
    println!("{}", apply(&mut index, clients));
}

fn load(name: &str, clients: &[ListedClient], table: &mut Table) -> Index {
    let per_client = |bytes: usize| format!("{:.1}", bytes as f64 / clients.len() as f64);
    let before = HEAP.allocated();
    let start = Instant::now();
    let (index, peak) = with_peak(|| list::index_of(clients));
    let took = start.elapsed();
    let held = HEAP.allocated() - before;
    table.row([name.into(), per_client(index.bytes()), per_client(held), per_client(peak - before), time(took)]);
    index
}

/// The result of `work` and the most bytes that were allocated meanwhile, sampled every 200 µs.
pub(crate) fn with_peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Relaxed) {
                peak = peak.max(HEAP.allocated());
                thread::sleep(Duration::from_micros(200));
            }
            peak.max(HEAP.allocated())
        });
        let result = work();
        done.store(true, Relaxed);
        (result, watcher.join().expect("the watcher does not panic"))
    })
}

fn apply(index: &mut Index, clients: &[ListedClient]) -> Table {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let words = Words::new();
    let mut version = 1_000;
    let mut table = Table::new(&["to apply one change", "median", "99 of 100", "slowest"]);
    let mut measure = |name: &str, edit: &dyn Fn(&mut Client, &mut ChaCha8Rng)| {
        let mut times: Vec<Duration> = (0..CHANGES)
            .map(|_| {
                let mut listed = clients.choose(&mut rng).expect("there are clients").clone();
                version += 1;
                listed.client.version = version;
                edit(&mut listed.client, &mut rng);
                let change = Change::Upsert(listed);
                let start = Instant::now();
                index.apply(&change);
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        table.row([name.into(), time(times[CHANGES / 2]), time(times[CHANGES * 99 / 100]), time(times[CHANGES - 1])]);
    };
    measure("another note", &|client, _| {
        client.notes = Some(Notes::from_stored("Call back on Monday.".to_owned()));
    });
    measure("another name", &|client, rng| client.name = Name::from_stored(words.name(rng)));
    measure("another status", &|client, _| client.status = Status::Inactive);
    measure("a new client", &|client, rng| {
        client.id = people::client_id(rng);
        client.name = Name::from_stored(words.name(rng));
    });
    let mut times: Vec<Duration> = clients
        .iter()
        .take(CHANGES)
        .map(|listed| {
            let deleted_at = listed.client.updated_at;
            let change = Change::Remove { id: listed.client.id, version: u64::MAX, deleted_at };
            let start = Instant::now();
            index.apply(&change);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |of_100: usize| time(times[(times.len() * of_100 / 100).min(times.len() - 1)]);
    table.row(["a deletion".into(), at(50), at(99), at(100)]);
    table
}
