//! Many instances that start at once.

use std::time::Duration;

use domain::Timestamp;
use futures_util::future::join_all;
use list_engine::ListParams;
use shared::{http::AfterAnswer, objects::Expected};
use tokio::time::Instant;

use super::Scene;

/// The load is not interrupted: time stands still.
#[tokio::test]
async fn one_of_many_new_instances_loads_and_the_others_read_its_checkpoint() {
    let scene = Scene::new().await;
    let instances: Vec<_> = (0..20).map(|_| scene.instance()).collect();
    let lists = join_all(instances.iter().map(|instance| instance.list_and_upkeep(&scene.org))).await;
    let loads = lists.iter().filter(|listed| listed.replica.state == "loaded").count();
    assert_eq!(loads, 1);
    let expected = scene.in_table().await;
    for listed in &lists {
        assert_eq!(scene.shown(listed), expected);
    }
    let lease = scene.key().await.load_lease_key();
    assert_eq!(scene.objects.get(&lease, 0..9, None).await.unwrap(), None, "the lease is given back");
}

#[tokio::test]
async fn a_lease_of_an_instance_that_is_gone_expires() {
    let scene = Scene::new().await;
    let lease = scene.key().await.load_lease_key();
    let expired = scene.clock.now().before(Duration::from_secs(60));
    for contents in [expired.millis().to_string(), "?".to_owned(), String::new()] {
        scene.objects.put(&lease, contents.into(), &Expected::Absent).await.unwrap().unwrap();
        assert_eq!(scene.instance().list_and_upkeep(&scene.org).await.replica.state, "loaded");
        assert_eq!(scene.objects.get(&lease, 0..9, None).await.unwrap(), None);
        scene.objects.delete(&scene.key().await.object_key()).await.unwrap();
    }
}

/// Half of the time that a request has is left for a load.
#[tokio::test]
async fn nobody_waits_for_a_checkpoint_for_ever() {
    let scene = Scene::new().await;
    let lease = scene.key().await.load_lease_key();
    let never = Timestamp::from_millis(i64::MAX).millis().to_string();
    scene.objects.put(&lease, never.into(), &Expected::Absent).await.unwrap().unwrap();
    let began = Instant::now();
    let soon = AfterAnswer::new(began + Duration::from_secs(1));
    soon.authorize();
    let page = scene.instance().0.page(&scene.org.app, scene.org.id(), &ListParams::default(), &soon).await.unwrap();
    assert_eq!(page.total, scene.in_table().await.len());
    assert!(began.elapsed() < Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_that_is_not_authorized_yet_takes_no_lease() {
    let scene = Scene::new().await;
    let instance = scene.instance();
    let speculative = AfterAnswer::new(Instant::now() + Duration::from_secs(20));
    let params = ListParams::default();
    instance.0.page(&scene.org.app, scene.org.id(), &params, &speculative).await.unwrap();
    let lease = scene.key().await.load_lease_key();
    assert_eq!(scene.objects.get(&lease, 0..9, None).await.unwrap(), None);
}
