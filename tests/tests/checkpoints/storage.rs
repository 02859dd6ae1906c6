//! Storage that is slow, fails, forbids or is gone costs a list some time at most.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use domain::{Change, ListedClient};
use list_clients::Settings;
use list_engine::{
    Index,
    checkpoint::{Encoder, Header},
};
use shared::objects::Expected;
use testkit::{Lister, Org, Rate, S3, S3Call, S3Fault};

use super::{Scene, scene::MINUTE};

/// An organization with a checkpoint in an S3 whose faults can be set.
struct Remote {
    scene: Scene,
    org: Org,
    fault: Arc<Mutex<S3Fault>>,
    requests: Arc<AtomicUsize>,
    s3: S3,
}

impl Remote {
    async fn new() -> Self {
        let fault = Arc::new(Mutex::new(S3Fault::None));
        let requests = Arc::new(AtomicUsize::new(0));
        let (chosen, counted) = (fault.clone(), requests.clone());
        let chosen = move |_: &S3Call| {
            counted.fetch_add(1, Ordering::Relaxed);
            *chosen.lock().unwrap()
        };
        let s3 = S3::start_with(chosen).await.unwrap();
        let scene = Scene::new().await;
        let app = shared::App { objects: Some(s3.objects()), ..scene.org.app.clone() };
        let org = Org { app, ..scene.org.clone() };
        scene.instance().list_and_upkeep(&org).await;
        scene.clock.advance(MINUTE);
        let remote = Self { scene, org, fault, requests, s3 };
        assert_eq!(remote.list_under(S3Fault::None).await, ("restored", "restored"));
        remote
    }

    /// The state and the checkpoint of a new instance's first list, which must be right.
    async fn list_under(&self, fault: S3Fault) -> (&'static str, &'static str) {
        *self.fault.lock().unwrap() = fault;
        let instance = self.scene.instance();
        let listed = instance.list_and_upkeep(&self.org).await;
        assert_eq!(self.scene.shown(&listed), self.scene.in_table().await, "{fault:?}");
        (listed.replica.state, listed.checkpoint().unwrap())
    }
}

#[tokio::test]
async fn forbidden_differs_from_absent() {
    let remote = Remote::new().await;
    assert_eq!(remote.list_under(S3Fault::Forbidden).await, ("loaded", "forbidden"));
    let nobody = Org { app: remote.org.app.clone(), ..remote.scene.world.org("nobody") };
    for n in 0..9 {
        nobody.create(&serde_json::json!({ "name": format!("client {n}") })).await;
    }
    *remote.fault.lock().unwrap() = S3Fault::None;
    let absent = remote.scene.instance().list(&nobody).await.replica.checkpoint.unwrap();
    assert_eq!((absent.outcome, absent.is_a_fault()), ("absent", false));
    *remote.fault.lock().unwrap() = S3Fault::Forbidden;
    let forbidden = remote.scene.instance().list(&nobody).await.replica.checkpoint.unwrap();
    assert_eq!((forbidden.outcome, forbidden.is_a_fault()), ("forbidden", true));
}

#[tokio::test]
async fn a_list_is_right_whatever_storage_does() {
    let remote = Remote::new().await;
    for fault in [
        S3Fault::Throttled,
        S3Fault::FailedBefore,
        S3Fault::FailedAfter,
        S3Fault::DroppedBefore,
        S3Fault::DroppedAfter,
        S3Fault::CutOff,
        S3Fault::LacksAByte,
        S3Fault::LacksATag,
        S3Fault::NoBucket,
    ] {
        let (state, _) = remote.list_under(fault).await;
        assert_eq!(state, "loaded", "{fault:?}");
        assert_eq!(remote.list_under(S3Fault::None).await.0, "restored", "after {fault:?}");
    }
}

#[tokio::test]
async fn storage_that_hangs_is_waited_for_once_and_then_left_alone() {
    let remote = Remote::new().await;
    *remote.fault.lock().unwrap() = S3Fault::Hangs;
    let settings = Settings { storage_pause: MINUTE, ..remote.scene.settings() };
    let instance = Lister::new(settings);
    let began = Instant::now();
    let listed = instance.list(&remote.org).await;
    assert_eq!((listed.replica.state, listed.checkpoint()), ("loaded", Some("unavailable")));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let requests = remote.requests.load(Ordering::Relaxed);
    let other = Org { app: remote.org.app.clone(), ..remote.scene.world.org("other") };
    for n in 0..9 {
        other.create(&serde_json::json!({ "name": format!("client {n}") })).await;
    }
    instance.upkeep(&remote.org).await;
    assert_eq!(instance.list_and_upkeep(&other).await.replica.state, "loaded");
    assert_eq!(remote.requests.load(Ordering::Relaxed), requests);
}

/// Its ranges are read under one entity tag. The other checkpoint has the same length, so nothing else tells.
#[tokio::test]
async fn a_checkpoint_that_is_replaced_while_it_is_read_is_read_anew() {
    let remote = Remote::new().await;
    let objects = remote.s3.objects();
    let random = |len| std::iter::repeat_with(fastrand::lowercase).take(len).collect::<String>();
    let renamed = remote.scene.in_table().await[0].id;
    remote.scene.org.rename(renamed, &random(60)).await;
    remote.scene.instance().list_and_upkeep(&remote.org).await;
    remote.scene.clock.advance(MINUTE);
    let key = remote.scene.key().await;
    let stored = objects.get(&key.object_key(), 0..1 << 20, None).await.unwrap().unwrap();
    let lineage = Header::parse(&stored.bytes, &key).unwrap().lineage().clone();
    let clients = remote.scene.in_table().await;
    // Some length of the new name makes up for the new version and the new time.
    let mut names = (0..2_000).map(|n| random(20 + n % 100));
    let other = names.find_map(|name| {
        let mut index = Index::default();
        for client in &clients {
            let mut client = client.clone();
            if client.id == renamed {
                client.name = name.parse().unwrap();
                (client.version, client.updated_at) = (3, remote.scene.clock.now());
            }
            index.apply(&Change::Upsert(ListedClient { client, has_long_notes: false }));
        }
        let other = Encoder::new(&index, &key, lineage.clone()).finish();
        (other.len() == stored.bytes.len()).then_some((other, name))
    });
    let (other, name) = other.expect("some name has the right length");
    remote.scene.org.rename(renamed, &name).await;

    *remote.fault.lock().unwrap() =
        S3Fault::Slow(Rate { first_byte: Duration::from_millis(100), bytes_per_second: 1 << 30 });
    let before = remote.requests.load(Ordering::Relaxed);
    let replacing = async {
        // The header is read, and further ranges are under way.
        while remote.requests.load(Ordering::Relaxed) < before + 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        *remote.fault.lock().unwrap() = S3Fault::None;
        let put = objects.put(&key.object_key(), other.into(), &Expected::Unchanged(stored.tag)).await;
        put.unwrap().unwrap();
    };
    let instance = remote.scene.instance();
    let (listed, ()) = tokio::join!(instance.list(&remote.org), replacing);
    assert_eq!((listed.replica.state, listed.checkpoint()), ("restored", Some("restored")));
    assert_eq!(remote.scene.shown(&listed), remote.scene.in_table().await);
}
