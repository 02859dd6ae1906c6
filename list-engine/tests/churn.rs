//! After waves of inserts and removals, the index gives the right lists and holds no more memory than a new one.

use std::{collections::HashMap, time::Duration};

fn tombstone(id: ClientId, version: u64) -> Change {
    Change::Remove { id, version, deleted_at: Timestamp::from_millis(0) }
}

use domain::{Change, Client, ClientId, ListedClient, Name, NewClient, Phone, Status, Timestamp};
use list_engine::{
    Index, ListParams, Loader, SortBy,
    checkpoint::{Encoder, Header, Key, Lineage, Restore},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

fn client(rng: &mut ChaCha8Rng, ids: u128, version: u64) -> ListedClient {
    let names = ["Ann", "José", "Müller", "Smith", "Łódź", "Straße", "O'Neill", "中文", "Kim"];
    let mut name = || names[rng.random_range(0..names.len())];
    let name = Name::from_stored(format!("{} {} {}", name(), name(), name()));
    let id = ClientId::from(Uuid::from_u128(rng.random_range(0..ids) << 100));
    let client = Client {
        phone: Some(Phone::from_stored(format!("+{} 555-{}", rng.random_range(1..99), rng.random_range(0..99_999)))),
        status: if rng.random_bool(0.5) { Status::Active } else { Status::Inactive },
        updated_at: Timestamp::from_millis(1 << 40),
        version,
        ..NewClient::named(name).created(id, Timestamp::from_millis(rng.random_range(0..1 << 40)))
    };
    ListedClient { client, has_long_notes: false }
}

fn load<'a>(clients: impl IntoIterator<Item = &'a ListedClient>) -> Index {
    let mut loader = Loader::default();
    clients.into_iter().for_each(|client| loader.push(Change::Upsert(client.clone())));
    loader.finish()
}

/// The index as another process restores it, without postings.
fn restored(index: &Index) -> Index {
    let key = Key { table: "clients".to_owned(), organization: [1; 32] };
    let now = Timestamp::from_millis(0);
    let lineage = Lineage { epoch: 0, watermark: now, overlap: Duration::ZERO, read_in_full: now, newest: None };
    let object = Encoder::new(index, &key, lineage).finish();
    let header = Header::parse(&object, &key).expect("it was just written");
    let mut rest = &object[header.first_block()..];
    let mut restore = Restore::new(header);
    while !rest.is_empty() {
        rest = &rest[restore.push(rest).expect("it was just written")..];
    }
    restore.finish().expect("all blocks are restored")
}

#[test]
fn waves_of_changes_leave_no_trace() {
    const IDS: u128 = 10_000;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut index = Loader::default().finish();
    let mut present = HashMap::new();
    for version in 1..150_000 {
        let client = client(&mut rng, IDS, version);
        let growing = version / 15_000 % 2 == 0;
        if rng.random_bool(if growing { 0.1 } else { 0.8 }) {
            present.remove(&client.client.id);
            index.apply(&tombstone(client.client.id, version));
        } else {
            present.insert(client.client.id, client.clone());
            index.apply(&Change::Upsert(client));
        }
    }
    let fresh = load(present.values());
    assert_eq!(index.len(), fresh.len());
    for sort_by in SortBy::ALL {
        for query in [None, Some("o"), Some("ss"), Some("555-1"), Some("strasse"), Some("kim müller"), Some("5551")] {
            for offset in (0..5_000).step_by(100) {
                let query = query.map(str::to_owned);
                let params = ListParams { limit: 100, offset, query, sort_by, ..ListParams::default() };
                assert_eq!(index.rows(&params), fresh.rows(&params), "{params:?}");
            }
        }
    }
    // A free slot costs a few bytes.
    let (bytes, new) = (index.bytes(), fresh.bytes());
    assert!(bytes < 2 * new + 12 * IDS as usize, "{bytes} bytes, {new} in a new index");

    for id in present.into_keys() {
        index.apply(&tombstone(id, u64::MAX));
    }
    assert!(index.is_empty());
    assert!(index.bytes() < 16 * IDS as usize, "{} bytes for no clients", index.bytes());
}

/// A restored index follows changes while its postings are rebuilt, and is then like a loaded one.
#[test]
fn changes_between_the_steps_of_a_rebuild_are_not_lost() {
    const IDS: u128 = 60_000;
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut present = HashMap::new();
    for _ in 0..40_000 {
        let client = client(&mut rng, IDS, 1);
        present.insert(client.client.id, client);
    }
    let mut index = restored(&load(present.values()));
    let mut steps = 0;
    let mut version = 1;
    // The changes end at some time; in each step, more clients are corrected than changed.
    while !index.rebuild_postings() {
        steps += 1;
        for _ in 0..100 {
            version += 1;
            let client = client(&mut rng, IDS, version);
            if rng.random_bool(0.5) {
                present.remove(&client.client.id);
                index.apply(&tombstone(client.client.id, version));
            } else {
                present.insert(client.client.id, client.clone());
                index.apply(&Change::Upsert(client));
            }
        }
    }
    assert!(steps > 5, "only {steps} steps");
    let fresh = load(present.values());
    for query in [None, Some("o"), Some("ss"), Some("555-1"), Some("strasse"), Some("kim müller"), Some("5551")] {
        for offset in (0..20_000).step_by(500) {
            let query = query.map(str::to_owned);
            let params = ListParams { limit: 100, offset, query, sort_by: SortBy::Name, ..ListParams::default() };
            assert_eq!(index.rows(&params), fresh.rows(&params), "{params:?}");
        }
    }
    let (bytes, new) = (index.bytes(), fresh.bytes());
    assert!(bytes < new + new / 10, "{bytes} bytes, {new} in a new index");
}

/// The removal of a stretch of an order empties whole chunks beside full ones.
#[test]
fn stretches_of_clients_are_removed_and_inserted_again() {
    const IDS: u128 = 20_000;
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut clients: Vec<ListedClient> = (0..IDS)
        .map(|n| {
            let mut client = client(&mut rng, IDS, 1);
            client.client.id = ClientId::from(Uuid::from_u128(n << 100));
            client.client.created_at = Timestamp::from_millis(n as i64);
            client
        })
        .collect();
    let mut index = load(&clients);
    for stretch in [3_000..9_000, 0..2_500, 17_000..20_000] {
        for client in &mut clients[stretch.clone()] {
            index.apply(&tombstone(client.client.id, 2));
        }
        for client in &mut clients[stretch] {
            client.client.version = 1;
            client.client.name = Name::from_stored(format!("{} again", client.client.name.as_str()));
            index.apply(&Change::Upsert(client.clone()));
        }
        let fresh = load(&clients);
        for sort_by in SortBy::ALL {
            for offset in (0..IDS as usize).step_by(100) {
                let params = ListParams { limit: 100, offset, sort_by, ..ListParams::default() };
                assert_eq!(index.rows(&params), fresh.rows(&params), "{params:?}");
            }
        }
    }
}
