//! The costs of a checkpoint: its size, and the times to write it, to restore it, to search without postings and to
//! rebuild these.

use std::time::{Duration, Instant};

use domain::Timestamp;
use list_engine::{
    Index, ListParams,
    checkpoint::{Encoder, Header, Key, Lineage, Restore},
};

use crate::{
    HEAP,
    list::{self, index_costs::with_peak},
    table::{Table, time},
};

/// Searches from frequent to absent.
const SEARCHES: [&str; 5] = ["a", "+49 1", "maria", "smith j", "zzzz"];

/// Measures a checkpoint of an index.
pub(super) fn measure(index: &Index) -> Table {
    let key = Key { table: "bench".to_owned(), organization: [0; 32] };
    let now = Timestamp::from_millis(0);
    let lineage = Lineage { epoch: 0, watermark: now, overlap: Duration::ZERO, read_in_full: now, newest: None };
    let mut table = Table::new(&["checkpoint", "time", "longest step", "bytes per client", "peak"]);
    let per_client = |bytes: usize| format!("{:.1}", bytes as f64 / index.len().max(1) as f64);
    let mut row = |name: &str, (took, longest): (Duration, Duration), bytes: usize, peak: usize| {
        table.row([name.to_owned(), time(took), time(longest), per_client(bytes), per_client(peak)]);
    };

    let before = HEAP.allocated();
    let mut encoder = Encoder::new(index, &key, lineage);
    let ((object, times), peak) = with_peak(|| steps(|| encoder.step()));
    drop(encoder);
    row("written", times, object.len(), peak - before);

    let before = HEAP.allocated();
    let ((mut restored, times), peak) = with_peak(|| {
        let header = Header::parse(&object, &key).expect("the checkpoint was just written");
        let mut rest = &object[header.first_block()..];
        let mut restore = Restore::new(header);
        let ((), times) = steps(|| {
            rest = &rest[restore.push(rest).expect("the block was just written")..];
            rest.is_empty().then_some(())
        });
        (restore.finish().expect("all blocks are restored"), times)
    });
    row("restored", times, restored.bytes(), peak - before);

    let scans = SEARCHES.map(|query| search(&restored, query));
    let before = HEAP.allocated() - restored.bytes();
    let (((), times), peak) = with_peak(|| steps(|| restored.rebuild_postings().then_some(())));
    row("postings rebuilt", times, restored.bytes(), peak - before);
    for (query, scan) in SEARCHES.into_iter().zip(scans) {
        let found = search(&restored, query);
        assert_eq!(found.0, scan.0, "a scan for {query:?} finds something else");
        let name = format!("search `{query}`: {} without postings, with", time(scan.1));
        table.row([name, time(found.1), String::new(), String::new(), String::new()]);
    }
    table
}

/// The result of the last step, the time of all and of the longest.
fn steps<T>(mut step: impl FnMut() -> Option<T>) -> (T, (Duration, Duration)) {
    let start = Instant::now();
    let mut longest = Duration::ZERO;
    loop {
        let start_of_step = Instant::now();
        let result = step();
        longest = longest.max(start_of_step.elapsed());
        if let Some(result) = result {
            return (result, (start.elapsed(), longest));
        }
    }
}

fn search(index: &Index, query: &str) -> (list_engine::Rows, Duration) {
    let params = ListParams { query: Some(query.to_owned()), ..ListParams::default() };
    list::median(5, || index.rows(&params))
}
