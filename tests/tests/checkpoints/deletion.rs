//! A deleted organization does not come back, not from a checkpoint and not from an instance that was warm, was reading
//! or was writing meanwhile.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use domain::limits::LONGEST_GAP;
use list_engine::{
    Index,
    checkpoint::{Encoder, Lineage},
};
use serde_json::json;
use shared::store::Import;
use testkit::{Fault, FaultProxy, Listed, Lister};

use super::{
    Scene,
    scene::{CLIENTS, DAY, MINUTE},
};

impl Scene {
    /// Deletes the organization from the table, as the operator does.
    async fn purge(&self) {
        let deleted = self.world.store.purge_clients(self.org.id(), &self.clock.clock(), |_| {}).await.unwrap();
        assert_eq!(deleted, CLIENTS);
    }

    /// Deletes the organization and imports one of its former clients, with a lower version than it had.
    async fn purge_and_import(&self) {
        let mut record = self.org.export().await.remove(0);
        record.client.version = 1;
        self.purge().await;
        let clock = self.clock.clock();
        let user = "operator".parse().unwrap();
        let import = Import { org: self.org.id().clone(), user, overwrite: false, began: clock.now(), clock };
        record.client.name = "imported".parse().unwrap();
        self.world.store.import(&import, &record).await.unwrap();
        // Enough for a checkpoint.
        for n in 1..CLIENTS {
            self.create(&format!("new {n}")).await;
        }
    }

    fn shows_the_table(&self, listed: &Listed, table: &[domain::Client]) {
        assert_eq!(self.shown(listed), table);
        assert!(listed.names().contains(&"imported"), "{:?}", listed.names());
    }
}

#[tokio::test]
async fn an_import_after_a_deletion_is_shown_whatever_the_versions_are() {
    let scene = Scene::with_checkpoint().await;
    for client in scene.in_table().await {
        scene.org.rename(client.id, "of version 2").await;
    }
    let (warm, restored) = (scene.instance(), scene.instance());
    warm.list(&scene.org).await;
    scene.clock.advance(MINUTE);
    restored.list_and_upkeep(&scene.org).await;
    for wait in [Duration::ZERO, MINUTE] {
        scene.purge_and_import().await;
        scene.clock.advance(wait);
        let table = scene.in_table().await;
        // The checkpoint is still there.
        let fresh = scene.instance();
        for instance in [&warm, &restored, &fresh] {
            scene.shows_the_table(&instance.list(&scene.org).await, &table);
            scene.shows_the_table(&instance.list(&scene.org).await, &table);
        }
        // A load that began when the mark was set may have read deleted clients, and is not followed.
        let state = if wait.is_zero() { "loaded" } else { "hit" };
        assert_eq!(fresh.list(&scene.org).await.replica.state, state);
    }
}

#[tokio::test]
async fn a_checkpoint_from_before_a_deletion_is_not_used_and_is_replaced() {
    let scene = Scene::with_checkpoint().await;
    scene.purge_and_import().await;
    scene.clock.advance(MINUTE);
    scene.is_loaded("outdated").await;
    let instance = scene.instance();
    instance.list_and_upkeep(&scene.org).await;
    scene.is_restored().await;
}

#[tokio::test]
async fn a_deleted_organization_is_empty_everywhere() {
    let scene = Scene::with_checkpoint().await;
    let warm = scene.instance();
    warm.list(&scene.org).await;
    scene.purge().await;
    for instance in [&warm, &scene.instance()] {
        assert_eq!(instance.list(&scene.org).await.page.total, 0);
    }
    // The mark is no client.
    assert_eq!(scene.org.get(domain::ClientId::RESERVED).await, None);
    assert_eq!(scene.org.export().await, []);
}

/// An instance that was frozen while the organization was deleted writes what it had.
#[tokio::test]
async fn data_that_is_written_back_after_a_deletion_is_not_shown() {
    let scene = Scene::new().await;
    let late = scene.instance();
    late.list(&scene.org).await;
    scene.purge_and_import().await;
    late.upkeep(&scene.org).await;
    assert_eq!(scene.header().await.clients(), CLIENTS, "it is back, until the operator's second sweep");
    let watermark = scene.header().await.lineage().watermark;
    for age in [MINUTE, LONGEST_GAP - Duration::from_millis(1), LONGEST_GAP] {
        scene.clock.set(watermark.after(age));
        scene.is_loaded("outdated").await;
    }
}

/// Not even one that everybody refuses, because its writer's clock was ahead.
#[tokio::test]
async fn a_replica_from_before_a_deletion_does_not_replace_a_checkpoint_from_after_it() {
    for ahead in [Duration::ZERO, DAY] {
        let scene = Scene::new().await;
        let late = scene.instance();
        late.list(&scene.org).await;
        scene.purge_and_import().await;
        scene.clock.advance(MINUTE);
        scene.instance().list_and_upkeep(&scene.org).await;
        let lineage = scene.header().await.lineage().clone();
        let lineage = Lineage { watermark: lineage.watermark.after(ahead), ..lineage };
        let object = Encoder::new(&Index::default(), &scene.key().await, lineage).finish();
        scene.store(object.into()).await;
        let tag = scene.tag().await;
        late.upkeep(&scene.org).await;
        assert_eq!(scene.tag().await, tag);
    }
}

/// A load that meets its request's deadline goes on with the next request.
#[tokio::test]
async fn a_load_that_began_before_a_deletion_does_not_show_what_it_read() {
    let scene = Scene::new().await;
    let calls = AtomicUsize::new(0);
    let second_query = move |call: &testkit::DynamoDbCall| {
        let is_second = call.operation == "Query" && calls.fetch_add(1, Ordering::Relaxed) == 1;
        if is_second { Fault::Hangs } else { Fault::None }
    };
    let proxy = FaultProxy::start(scene.world.url(), second_query).await.unwrap();
    let org = scene.world.behind(&proxy).with_clock(scene.clock.clock()).org("acme");
    let instance: Lister = scene.instance();
    let first = tokio::time::timeout(Duration::from_millis(500), instance.list(&org)).await;
    assert!(first.is_err(), "it hangs after the first page");
    assert!(instance.0.bytes() > 1024, "and keeps that");
    scene.purge_and_import().await;
    let table = scene.in_table().await;
    let listed = instance.list(&org).await;
    scene.shows_the_table(&listed, &table);
}

#[tokio::test]
async fn nothing_comes_of_a_load_during_a_deletion() {
    let scene = Scene::new().await;
    scene.purge_and_import().await;
    let instance = scene.instance();
    instance.list_and_upkeep(&scene.org).await;
    assert_eq!(scene.stored().await, None, "its data may be from before the deletion");
    let listed = instance.list_and_upkeep(&scene.org).await;
    assert_eq!(listed.replica.state, "loaded", "so it is read again");
    scene.clock.advance(MINUTE);
    instance.list_and_upkeep(&scene.org).await;
    scene.is_restored().await;
}

#[tokio::test]
async fn each_mark_is_later_than_the_one_before() {
    let scene = Scene::new().await;
    let small = scene.world.with_clock(scene.clock.clock()).org("small");
    small.create(&json!({ "name": "a" })).await;
    let mut marks = Vec::new();
    for back in [0, 0, 5_000] {
        scene.clock.set(scene.clock.now().before(Duration::from_millis(back)));
        scene.world.store.mark_as_deleted(small.id(), &scene.clock.clock()).await.unwrap();
        let page = scene.world.store.feed(small.id(), None, None).await.unwrap();
        assert_eq!(page.changes.len(), 1, "the mark is not a client");
        marks.push(page.mark.unwrap());
    }
    assert!(marks.is_sorted_by(|a, b| a < b), "{marks:?}");
}
