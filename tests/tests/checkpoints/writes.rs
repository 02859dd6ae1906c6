//! When a checkpoint is written, and what it never replaces.

use std::time::Duration;

use domain::{
    Clock,
    limits::{CHECKPOINT_PAUSE, CLOCK_SKEW},
};
use list_clients::Settings;
use testkit::Lister;

use super::{
    Scene,
    scene::{DAY, MINUTE},
};

#[tokio::test]
async fn nothing_is_written_if_the_clocks_differ_by_more_than_they_may() {
    let scene = Scene::new().await;
    for (off, is_written) in [(CLOCK_SKEW + Duration::from_millis(1), false), (CLOCK_SKEW, true)] {
        for ahead in [true, false] {
            let clock = scene.clock.clone();
            let database_clock =
                Clock::new(move || if ahead { clock.now().after(off) } else { clock.now().before(off) });
            let instance = Lister::new(Settings { database_clock: Some(database_clock), ..scene.settings() });
            instance.list_and_upkeep(&scene.org).await;
            assert_eq!(scene.stored().await.is_some(), is_written, "{off:?}, ahead: {ahead}");
        }
    }
}

#[tokio::test]
async fn the_database_is_asked_for_its_time() {
    let scene = Scene::new().await;
    scene.clock.set(Clock::system().now());
    let ours = Settings { database_clock: None, ..scene.settings() };
    scene.clock.advance(MINUTE);
    Lister::new(ours.clone()).list_and_upkeep(&scene.org).await;
    assert_eq!(scene.stored().await, None);
    scene.clock.set(Clock::system().now());
    Lister::new(ours).list_and_upkeep(&scene.org).await;
    assert!(scene.stored().await.is_some());
}

#[tokio::test]
async fn an_older_checkpoint_never_replaces_a_newer_one() {
    let scene = Scene::new().await;
    let (older, newer) = (scene.instance(), scene.instance());
    older.list(&scene.org).await;
    scene.clock.advance(MINUTE);
    newer.list_and_upkeep(&scene.org).await;
    let tag = scene.tag().await;
    older.upkeep(&scene.org).await;
    assert_eq!(scene.tag().await, tag);
    // Nor does the same one.
    newer.upkeep(&scene.org).await;
    assert_eq!(scene.tag().await, tag);
}

#[tokio::test]
async fn of_two_writers_at_once_one_writes() {
    let scene = Scene::new().await;
    let instances = [scene.instance(), scene.instance()];
    for instance in &instances {
        instance.list(&scene.org).await;
    }
    tokio::join!(instances[0].upkeep(&scene.org), instances[1].upkeep(&scene.org));
    scene.is_restored().await;
}

#[tokio::test]
async fn a_checkpoint_is_replaced_after_many_changes_or_a_day() {
    let scene = Scene::with_checkpoint().await;
    let instance = scene.instance();
    let tag = scene.tag().await;
    instance.list_and_upkeep(&scene.org).await;
    assert_eq!(scene.tag().await, tag, "nothing has changed");
    scene.create("one of twelve is more than one of twenty").await;
    instance.list_and_upkeep(&scene.org).await;
    let after_a_change = scene.tag().await;
    assert_ne!(after_a_change, tag);
    scene.clock.set(scene.header().await.lineage().watermark.after(DAY));
    instance.list_and_upkeep(&scene.org).await;
    assert_ne!(scene.tag().await, after_a_change);
}

#[tokio::test]
async fn a_checkpoint_is_left_alone_for_some_minutes() {
    let scene = Scene::with_checkpoint().await;
    let settings = || Settings { checkpoint_pause: CHECKPOINT_PAUSE, ..scene.settings() };
    let (restored, loaded) = (Lister::new(settings()), Lister::new(settings()));
    let tag = scene.tag().await;
    let watermark = scene.header().await.lineage().watermark;
    scene.create("new").await;
    scene.clock.set(watermark.after(CHECKPOINT_PAUSE - Duration::from_millis(1)));
    restored.list_and_upkeep(&scene.org).await;
    // An instance that has not seen the checkpoint finds out before it writes.
    let org = testkit::Org { app: shared::App { objects: None, ..scene.org.app.clone() }, ..scene.org.clone() };
    loaded.list(&org).await;
    loaded.upkeep(&scene.org).await;
    assert_eq!(scene.tag().await, tag);
    scene.clock.advance(Duration::from_millis(1));
    restored.list_and_upkeep(&scene.org).await;
    assert_ne!(scene.tag().await, tag);
}

#[tokio::test]
async fn a_write_that_cannot_end_in_time_does_not_begin() {
    let scene = Scene::new().await;
    let instance = scene.instance();
    instance.list(&scene.org).await;
    let until = tokio::time::Instant::now() + Duration::from_millis(500);
    instance.0.clone().upkeep(scene.org.app.clone(), scene.org.id().clone(), until).await;
    assert_eq!(scene.stored().await, None);
    instance.upkeep(&scene.org).await;
    assert!(scene.stored().await.is_some());
}
