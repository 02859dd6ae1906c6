//! A replica that has missed something is corrected, and its checkpoint with it.

use domain::limits::HEAL_AFTER;

use super::Scene;

#[tokio::test]
async fn a_day_after_the_last_full_read_a_replica_is_compared_with_the_table() {
    let scene = Scene::with_checkpoint().await;
    // An assumption fails: a client is gone without a tombstone.
    let lost = scene.in_table().await.into_iter().find(|client| client.name.as_str() == "client 03").unwrap();
    scene.vanishes(lost.id).await;
    let read_in_full = scene.header().await.lineage().read_in_full;
    scene.clock.set(read_in_full.after(HEAL_AFTER));
    let instance = scene.instance();
    let wrong = instance.list(&scene.org).await;
    assert_eq!(wrong.replica.state, "restored");
    assert!(wrong.page.clients.iter().any(|client| client.id == lost.id), "nobody can know yet");
    instance.upkeep(&scene.org).await;
    let right = instance.list(&scene.org).await;
    assert_eq!((right.replica.state, scene.shown(&right)), ("hit", scene.in_table().await));
    assert_eq!(scene.header().await.lineage().read_in_full, scene.clock.now());
    scene.is_restored().await;
}

#[tokio::test]
async fn one_instance_compares_for_all() {
    let scene = Scene::with_checkpoint().await;
    scene.clock.set(scene.header().await.lineage().read_in_full.after(HEAL_AFTER));
    let instance = scene.instance();
    instance.list(&scene.org).await;
    let lease = scene.key().await.healing_lease_key();
    let expiry = scene.clock.now().after(super::scene::MINUTE).millis().to_string();
    let held = scene.objects.put(&lease, expiry.into(), &shared::objects::Expected::Absent).await.unwrap();
    let before = scene.header().await.lineage().read_in_full;
    instance.upkeep(&scene.org).await;
    assert_eq!(scene.header().await.lineage().read_in_full, before);
    assert!(held.is_some());
    scene.clock.advance(2 * super::scene::MINUTE);
    instance.list_and_upkeep(&scene.org).await;
    assert!(scene.header().await.lineage().read_in_full > before);
}
