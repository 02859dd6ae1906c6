//! Which checkpoints are used, and that a list is right whether they are or not.

use std::time::Duration;

use domain::{
    Change, Clock, ListedClient,
    limits::{CLOCK_SKEW, HEALED_WITHIN, LONGEST_GAP, OVERLAP, WRITE_TIMEOUT},
};
use list_clients::Settings;
use list_engine::{
    Loader,
    checkpoint::{Encoder, Lineage},
};
use testkit::Lister;

use super::{
    Scene,
    scene::{CLIENTS, FIRST_BYTES, MINUTE, RANGE_BYTES},
};

#[tokio::test]
async fn a_new_instance_reads_a_checkpoint_and_the_changes_since() {
    let scene = Scene::with_checkpoint().await;
    let before = scene.in_table().await;
    let [renamed, deleted] =
        ["client 00", "client 01"].map(|name| before.iter().find(|c| c.name.as_str() == name).unwrap());
    let created = scene.create("new").await;
    scene.org.rename(renamed.id, "renamed").await;
    scene.org.delete(deleted.id).await;
    let listed = scene.is_restored().await;
    assert!(listed.page.clients.iter().any(|client| client.id == created.id));
    // The table's identifier, the start of the feed, and the tail.
    let used = listed.replica.checkpoint.unwrap();
    let reads = 1 + (used.bytes - FIRST_BYTES).div_ceil(RANGE_BYTES);
    assert_eq!((listed.tally.calls(), u64::from(listed.tally.object_calls())), (3, reads));
    assert_eq!(listed.tally.object_bytes_read() as u64, used.bytes, "each byte once");
    assert_eq!((used.age_seconds, used.tail), (60, 4), "the newest client, and three changes");
}

#[tokio::test]
async fn a_restored_replica_follows_the_feed_like_any_other() {
    let scene = Scene::with_checkpoint().await;
    let instance = scene.instance();
    instance.list(&scene.org).await;
    scene.clock.advance(MINUTE);
    let hit = instance.list(&scene.org).await;
    assert_eq!((hit.replica.state, hit.tally.calls(), hit.tally.object_calls()), ("hit", 1, 0));
    scene.create("new").await;
    let refreshed = instance.list(&scene.org).await;
    assert_eq!((refreshed.replica.state, refreshed.page.total), ("refreshed", CLIENTS + 1));
}

#[tokio::test]
async fn a_small_organization_is_read_from_the_table() {
    let scene = Scene::new().await;
    let small = scene.world.with_clock(scene.clock.clock()).org("small");
    small.create(&serde_json::json!({ "name": "a" })).await;
    scene.clock.advance(MINUTE);
    let instance = scene.instance();
    let listed = instance.list_and_upkeep(&small).await;
    assert_eq!((listed.replica.state, listed.page.total, listed.checkpoint()), ("loaded", 1, None));
    let key = scene.key_of(&small).await.object_key();
    assert_eq!(scene.objects.get(&key, 0..9, None).await.unwrap(), None);
}

#[tokio::test]
async fn without_storage_everything_is_as_before() {
    let scene = Scene::with_checkpoint().await;
    let org = testkit::Org { app: shared::App { objects: None, ..scene.org.app.clone() }, ..scene.org.clone() };
    let instance = scene.instance();
    let listed = instance.list_and_upkeep(&org).await;
    assert_eq!((listed.replica.state, listed.tally.calls(), listed.checkpoint()), ("loaded", 2, None));
}

#[tokio::test]
async fn a_search_finds_the_same_before_and_after_the_postings_are_rebuilt() {
    let scene = Scene::with_checkpoint().await;
    let instance = scene.instance();
    let params = list_engine::ListParams { query: Some("client 07".to_owned()), ..Default::default() };
    let scanned = instance.try_list(&scene.org, &params).await.unwrap();
    instance.upkeep(&scene.org).await;
    let found = instance.try_list(&scene.org, &params).await.unwrap();
    assert_eq!((scanned.replica.has_postings, found.replica.has_postings), (false, true));
    assert_eq!((scanned.page.total, scanned.page), (1, found.page));
}

#[tokio::test]
async fn a_checkpoint_as_old_as_the_longest_gap_is_not_used() {
    let scene = Scene::with_checkpoint().await;
    scene.clock.set(scene.header().await.lineage().watermark.after(LONGEST_GAP - Duration::from_millis(1)));
    scene.is_restored().await;
    scene.clock.advance(Duration::from_millis(1));
    scene.is_loaded("outdated").await;
}

#[tokio::test]
async fn a_checkpoint_from_the_future_is_refused() {
    let scene = Scene::with_checkpoint().await;
    scene.clock.set(scene.header().await.lineage().watermark.before(CLOCK_SKEW));
    scene.is_restored().await;
    // A write that the checkpoint has no room for: its time lies before the tail.
    scene.clock.advance(Duration::ZERO);
    scene.clock.set(scene.clock.now().before(Duration::from_millis(1)));
    let instance = scene.instance();
    let listed = instance.list(&scene.org).await;
    assert_eq!(listed.checkpoint(), Some("refused"));
    // It would be refused until then, so it is replaced.
    instance.upkeep(&scene.org).await;
    scene.is_restored().await;
}

/// The time for which it lies in storage does not count.
#[tokio::test]
async fn a_lineage_that_was_followed_for_long_without_a_full_read_is_not_used() {
    let scene = Scene::with_checkpoint().await;
    let written = scene.header().await.lineage().clone();
    let mut loader = Loader::default();
    let clients = scene.in_table().await.into_iter();
    let changes = clients.map(|client| Change::Upsert(ListedClient { client, has_long_notes: false }));
    changes.for_each(|change| loader.push(change));
    let (index, key) = (loader.finish(), scene.key().await);
    let followed_for = |time| {
        let lineage = Lineage { read_in_full: written.watermark.before(time), ..written.clone() };
        Encoder::new(&index, &key, lineage).finish()
    };
    scene.clock.set(written.watermark.after(LONGEST_GAP - MINUTE));
    scene.store(followed_for(HEALED_WITHIN - Duration::from_millis(1)).into()).await;
    scene.is_restored().await;
    scene.store(followed_for(HEALED_WITHIN).into()).await;
    scene.is_loaded("outdated").await;
}

/// Its writer had a longer timeout of the writing functions in mind than we have, or a shorter one, and a write may
/// have taken the longer.
#[tokio::test]
async fn the_tail_begins_before_the_longer_of_both_overlaps() {
    let longer = OVERLAP + WRITE_TIMEOUT;
    for (of_writer, of_reader) in [(longer, OVERLAP), (OVERLAP, longer)] {
        let scene = Scene::new().await;
        // Or else the tail would begin with the newest client, long before.
        scene.create("newest").await;
        scene.clock.advance(Duration::from_secs(1));
        Lister::new(Settings { overlap: of_writer, ..scene.settings() }).list_and_upkeep(&scene.org).await;
        let watermark = scene.header().await.lineage().watermark;
        scene.clock.set(watermark.before(longer - Duration::from_secs(1)));
        let late = scene.create("late").await;
        scene.clock.set(watermark.after(MINUTE));
        let listed = Lister::new(Settings { overlap: of_reader, ..scene.settings() }).list(&scene.org).await;
        assert_eq!(listed.replica.state, "restored");
        assert!(listed.page.clients.iter().any(|client| client.id == late.id), "{of_writer:?}, {of_reader:?}");
    }
}

#[tokio::test]
async fn a_checkpoint_whose_newest_client_is_not_in_the_feed_is_refused_and_replaced() {
    let scene = Scene::with_checkpoint().await;
    let newest = scene.header().await.lineage().newest.unwrap().id;
    scene.vanishes(newest).await;
    scene.is_refused_and_replaced_by(&scene.instance()).await;
}

#[tokio::test]
async fn the_newest_client_may_have_changed_or_gone_since() {
    let scene = Scene::with_checkpoint().await;
    let newest = scene.header().await.lineage().newest.unwrap().id;
    scene.org.rename(newest, "changed").await;
    scene.is_restored().await;
    scene.org.delete(newest).await;
    scene.is_restored().await;
}

#[tokio::test]
async fn a_checkpoint_of_another_organization_or_table_is_refused_and_replaced() {
    let scene = Scene::with_checkpoint().await;
    let other = Scene::with_checkpoint().await;
    let object = other.stored().await.unwrap().bytes;
    scene.store(object).await;
    let instance = scene.instance();
    let listed = instance.list_and_upkeep(&scene.org).await;
    let used = listed.replica.checkpoint.clone().unwrap();
    assert_eq!((used.outcome, used.refusal.as_deref()), ("refused", Some("a checkpoint of another table")));
    assert_eq!(scene.shown(&listed), scene.in_table().await);
    scene.is_restored().await;

    let neighbour = scene.world.with_clock(scene.clock.clock()).org("neighbour");
    for n in 0..CLIENTS {
        neighbour.create(&serde_json::json!({ "name": format!("neighbour {n}") })).await;
    }
    scene.instance().list_and_upkeep(&neighbour).await;
    let key = scene.key_of(&neighbour).await.object_key();
    scene.store(scene.objects.get(&key, 0..1 << 24, None).await.unwrap().unwrap().bytes).await;
    let listed = scene.is_loaded("refused").await;
    let refusal = listed.replica.checkpoint.unwrap().refusal;
    assert_eq!(refusal.as_deref(), Some("a checkpoint of another organization"));
}

/// `list_engine::checkpoint` has tests of each kind of damage.
#[tokio::test]
async fn a_damaged_checkpoint_is_refused_and_replaced() {
    let scene = Scene::with_checkpoint().await;
    let good = scene.stored().await.unwrap().bytes;
    let mut flipped = good.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    let long = [&good[..], b"more"].concat();
    let short = [good.len() - 1, 100, 1, 0].map(|len| good.slice(..len));
    for bad in [flipped.into(), long.into()].into_iter().chain(short) {
        scene.store(bad).await;
        scene.is_refused_and_replaced_by(&scene.instance()).await;
    }
}

#[tokio::test]
async fn after_a_panic_a_checkpoint_is_refused_and_replaced() {
    let scene = Scene::with_checkpoint().await;
    let tag = scene.tag().await;
    let instance = scene.instance();
    instance.list(&scene.org).await;
    let broken = Clock::new(|| panic!("a test's panic, in the middle of a list"));
    let org = testkit::Org { app: shared::App { clock: broken, ..scene.org.app.clone() }, ..scene.org.clone() };
    let panicking = instance.clone();
    assert!(tokio::spawn(async move { panicking.list(&org).await }).await.unwrap_err().is_panic());
    scene.is_refused_and_replaced_by(&instance).await;
    assert_ne!(scene.tag().await, tag);
}

#[tokio::test]
async fn a_checkpoint_larger_than_the_budget_is_a_clear_error() {
    let scene = Scene::with_checkpoint().await;
    let instance = Lister::new(Settings { budget: 200, ..scene.settings() });
    let listed = instance.try_list(&scene.org, &list_engine::ListParams::default()).await;
    assert!(matches!(listed, Err(list_clients::ListError::TooLarge)), "{listed:?}");
}
