//! The limits on the requests of keys and organizations, over twenty instances and over faults of their notes. The
//! simulation in `shared/src/rate_limit/` goes through more of time, demand and instances.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{ApiKey, Timestamp};
use functions::ENDPOINTS;
use futures_util::future::join_all;
use serde_json::json;
use shared::{
    App,
    http::{Service, response},
    rate_limit::Quotas,
};
use testkit::{Answer, Call, Fault, FaultProxy, Instance, ManualClock, NOBODY, World, invoke, on_every_engine};

const MINUTE: u64 = 60_000;

on_every_engine![
    every_answer_to_a_valid_key_says_what_is_left,
    a_request_over_the_limit_is_refused_until_the_minute_ends_and_changes_nothing,
    an_organization_has_one_limit_for_all_of_its_keys,
    another_organization_is_not_affected,
    twenty_instances_admit_the_limit_and_at_most_a_fifth_more,
    twenty_instances_keep_the_limit_of_an_organization,
    twenty_instances_refuse_nothing_below_the_limit,
    a_light_user_causes_no_write,
    an_instance_notes_at_most_once_a_second,
    what_was_noted_in_past_minutes_is_removed,
    a_fault_of_a_note_fails_no_request,
    limits_of_its_own_are_in_effect_from_the_next_request_on,
    a_new_key_has_the_limits_of_its_organization,
    a_request_can_count_as_several,
];

/// Instances on a clock of their own.
struct Scene {
    world: World,
    clock: ManualClock,
    key: ApiKey,
}

impl Scene {
    /// At the start of a minute.
    async fn new(world: World, key: u64, organization: u64) -> Self {
        let start = world.start.millis() / 60_000 * 60_000 + 60_000;
        let clock = ManualClock::at(Timestamp::from_millis(start));
        let quotas = Quotas { key: Some(key), organization: Some(organization) };
        let world = world.with_clock(clock.clock()).with_quotas(quotas);
        Self { key: world.key("acme").await, world, clock }
    }

    fn wait(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    fn get(&self) -> Call {
        Call::get(NOBODY).key(&self.key)
    }

    /// Makes `requests` of these keys within `millis`, each by another of `instances`. Gives how many were admitted.
    async fn demand(&self, instances: &[Instance], keys: &[ApiKey], requests: u64, millis: u64) -> u64 {
        let start = self.clock.now();
        let mut admitted = 0;
        for request in 0..requests {
            self.clock.set(start.after(Duration::from_millis(request * millis / requests)));
            let at = usize::try_from(request).unwrap();
            let call = Call::get(NOBODY).key(&keys[at % keys.len()]);
            let answer = instances[at / keys.len() % instances.len()].answer(&call).await;
            assert!([404, 429].contains(&answer.status), "{answer:?}");
            admitted += u64::from(answer.status == 404);
        }
        admitted
    }
}

fn twenty(world: &World) -> Vec<Instance> {
    (0..20).map(|_| world.instance()).collect()
}

fn fields(answer: &Answer) -> (&str, &str) {
    (answer.header("ratelimit-policy"), answer.header("ratelimit"))
}

async fn every_answer_to_a_valid_key_says_what_is_left(world: World) {
    let scene = Scene::new(world, 100, 500).await;
    let api = scene.world.instance();
    let policy = r#""key";q=100;w=60, "organization";q=500;w=60"#;
    scene.wait(17_001);
    let calls = ENDPOINTS.iter().map(|endpoint| Call::to_endpoint(endpoint)).chain([
        scene.get().method("HEAD"),
        Call::list().query("limit=0"),
        Call::update("x", &json!({})),
    ]);
    for (at, call) in calls.enumerate() {
        let answer = api.answer(&call.key(&scene.key)).await;
        let left = format!(r#""key";r={};t=43, "organization";r={};t=43"#, 99 - at, 499 - at);
        assert_eq!(fields(&answer), (policy, left.as_str()), "{}", answer.status);
    }
    let refused = api.answer(&Call::list()).await;
    assert_eq!((refused.status, fields(&refused)), (401, ("", "")));
    // Each is left out if there is none.
    for (quotas, policy) in [
        (Quotas { key: Some(7), organization: None }, r#""key";q=7;w=60"#),
        (Quotas { key: Some(0), organization: Some(9) }, r#""organization";q=9;w=60"#),
        (Quotas::default(), ""),
    ] {
        let answer = scene.world.with_quotas(quotas).instance().answer(&scene.get()).await;
        assert_eq!((fields(&answer).0, fields(&answer).1.is_empty()), (policy, policy.is_empty()), "{quotas:?}");
    }
}

async fn a_request_over_the_limit_is_refused_until_the_minute_ends_and_changes_nothing(world: World) {
    let scene = Scene::new(world, 3, 100).await;
    let api = scene.world.instance();
    let create = Call::create(&json!({ "name": "Ann" })).key(&scene.key);
    scene.wait(30_500);
    for _ in 0..3 {
        assert_eq!(api.answer(&create).await.status, 201);
    }
    for call in [create.clone(), Call::list().key(&scene.key), scene.get()] {
        let refused = api.answer(&call).await;
        refused.assert_problem(429, "rate_limited", &[]);
        assert_eq!(refused.header("retry-after"), "30");
        assert_eq!(fields(&refused).1, r#""key";r=0;t=30, "organization";r=97;t=30"#);
    }
    scene.wait(29_499);
    assert_eq!(api.answer(&create).await.header("retry-after"), "1");
    scene.wait(1);
    // What was refused did not count, and made nothing.
    let list = api.answer(&Call::list().key(&scene.key)).await;
    assert_eq!((list.status, &list.body["total"]), (200, &json!(3)));
    assert_eq!(fields(&list).1, r#""key";r=2;t=60, "organization";r=99;t=60"#);
}

async fn an_organization_has_one_limit_for_all_of_its_keys(world: World) {
    let scene = Scene::new(world, 100, 4).await;
    let (api, other) = (scene.world.instance(), scene.world.key("acme").await);
    for key in [&scene.key, &other, &scene.key, &other] {
        assert_eq!(api.answer(&Call::list().key(key)).await.status, 200);
    }
    let refused = api.answer(&Call::list().key(&other)).await;
    refused.assert_problem(429, "rate_limited", &[]);
    // The key's own count does not grow by what the organization's limit refuses.
    assert_eq!(fields(&refused).1, r#""key";r=98;t=60, "organization";r=0;t=60"#);
}

async fn another_organization_is_not_affected(world: World) {
    let scene = Scene::new(world, 5, 5).await;
    let (api, other) = (scene.world.instance(), scene.world.key("other").await);
    assert_eq!(scene.demand(std::slice::from_ref(&api), std::slice::from_ref(&scene.key), 20, 100).await, 5);
    let answer = api.answer(&Call::list().key(&other)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(fields(&answer).1, r#""key";r=4;t=60, "organization";r=4;t=60"#);
}

async fn twenty_instances_admit_the_limit_and_at_most_a_fifth_more(world: World) {
    const LIMIT: u64 = 240;
    let scene = Scene::new(world, LIMIT, 0).await;
    // Spread over the minute, and all within seconds, each time from instances that start then.
    for millis in [MINUTE - 1, 3_000] {
        let keys = [scene.world.key("acme").await];
        let admitted = scene.demand(&twenty(&scene.world), &keys, 2 * LIMIT, millis).await;
        assert!((LIMIT..=LIMIT + LIMIT / 5).contains(&admitted), "{admitted} in {millis} ms");
        scene.wait(MINUTE);
    }
}

async fn twenty_instances_keep_the_limit_of_an_organization(world: World) {
    const LIMIT: u64 = 240;
    let scene = Scene::new(world, LIMIT, LIMIT).await;
    let keys = join_all((0..3).map(|_| scene.world.key("acme"))).await;
    let admitted = scene.demand(&twenty(&scene.world), &keys, 2 * LIMIT, 20_000).await;
    assert!((LIMIT..=LIMIT + LIMIT / 5).contains(&admitted), "{admitted}");
}

async fn twenty_instances_refuse_nothing_below_the_limit(world: World) {
    const LIMIT: u64 = 240;
    let scene = Scene::new(world, LIMIT, LIMIT).await;
    let keys = [scene.key.clone()];
    assert_eq!(scene.demand(&twenty(&scene.world), &keys, LIMIT, MINUTE - 1).await, LIMIT);
}

/// The notes of requests on the items of keys and of organizations.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    async fn of(world: &World, fault: impl Fn(usize) -> Fault + Send + Sync + 'static) -> (Self, World, FaultProxy) {
        let notes = Self::default();
        let seen = notes.clone();
        let proxy = FaultProxy::start(world.url(), move |call| {
            if !call.input.to_string().contains("#usage") {
                return Fault::None;
            }
            let mut seen = seen.0.lock().unwrap();
            seen.push(call.input["Key"]["keyHash"]["S"].as_str().unwrap().to_owned());
            fault(seen.len())
        });
        let proxy = proxy.await.unwrap();
        (notes, world.behind(&proxy), proxy)
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

async fn a_light_user_causes_no_write(world: World) {
    let scene = Scene::new(world, 1200, 6000).await;
    let (notes, watched, _proxy) = Notes::of(&scene.world, |_| Fault::None).await;
    let api = watched.instance();
    for _ in 0..5 {
        assert_eq!(api.answer(&scene.get()).await.status, 404);
        scene.wait(2_000);
    }
    assert_eq!(notes.take(), Vec::<String>::new());
    // The same instance notes what is more.
    api.answer(&scene.get()).await;
    assert_eq!(notes.take(), [scene.key.hash().as_str()]);
}

async fn an_instance_notes_at_most_once_a_second(world: World) {
    let scene = Scene::new(world, 200, 200).await;
    let (notes, watched, _proxy) = Notes::of(&scene.world, |_| Fault::None).await;
    let api = watched.instance();
    let admitted = scene.demand(std::slice::from_ref(&api), std::slice::from_ref(&scene.key), 100, 5_000).await;
    assert_eq!(admitted, 100);
    let notes = notes.take();
    for item in [scene.key.hash().as_str(), "org#acme"] {
        assert_eq!(notes.iter().filter(|noted| *noted == item).count(), 5, "{item}");
    }
}

async fn what_was_noted_in_past_minutes_is_removed(world: World) {
    let scene = Scene::new(world, 200, 200).await;
    for _ in 0..3 {
        for api in [scene.world.instance(), scene.world.instance()] {
            for _ in 0..3 {
                api.answer(&scene.get()).await;
                scene.wait(2_000);
            }
        }
        scene.wait(MINUTE);
    }
    for item in scene.world.dump(&scene.world.tables.api_keys).await {
        let usage = item["usage"].as_m().unwrap();
        let instances = 2;
        let levels = if item.contains_key("orgId") { 2 } else { 1 };
        // Those of this minute, and those that the last note of the last one found.
        assert!((1..=2 * levels * instances).contains(&usage.len()), "{usage:?}");
    }
}

async fn a_fault_of_a_note_fails_no_request(world: World) {
    let scene = Scene::new(world, 40, 40).await;
    for fault in Fault::LOSSES.into_iter().chain([Fault::DelayAfter(Duration::from_millis(300))]) {
        let key = scene.world.key("acme").await;
        let (notes, faulty, _proxy) = Notes::of(&scene.world, move |_| fault).await;
        let api = faulty.instance();
        // Each instance keeps the limit for itself, whatever becomes of its notes.
        for (requests, admitted) in [(5, 5), (60, 35), (5, 0)] {
            let keys = std::slice::from_ref(&key);
            assert_eq!(scene.demand(std::slice::from_ref(&api), keys, requests, 1_500).await, admitted, "{fault:?}");
        }
        assert!(notes.take().len() >= 4, "{fault:?}: it is tried again");
        scene.wait(MINUTE);
    }
    // A note that is made twice counts once.
    let (_, faulty, _proxy) =
        Notes::of(&scene.world, |note| if note % 2 == 0 { Fault::None } else { Fault::DroppedAfter }).await;
    let keys = [scene.world.key("other").await];
    assert_eq!(scene.demand(&[faulty.instance()], &keys, 30, 10_000).await, 30);
    let other = scene.world.instance().answer(&Call::list().key(&keys[0])).await;
    let left: u64 = other.header("ratelimit").split(['=', ';']).nth(2).unwrap().parse().unwrap();
    assert!((9..=12).contains(&left), "{left}");
}

async fn limits_of_its_own_are_in_effect_from_the_next_request_on(world: World) {
    let scene = Scene::new(world, 100, 500).await;
    let (api, org) = (scene.world.instance(), "acme".parse().unwrap());
    api.answer(&scene.get()).await;
    let set = async |key, organization| {
        scene.world.store.set_organization_quotas(&org, Quotas { key, organization }).await.unwrap();
        api.answer(&scene.get()).await
    };
    let answer = set(Some(3), None).await;
    assert_eq!(fields(&answer).1, r#""key";r=1;t=60, "organization";r=498;t=60"#);
    let answer = set(Some(1), Some(1)).await;
    assert_eq!((answer.status, fields(&answer).0), (429, r#""key";q=1;w=60, "organization";q=1;w=60"#));
    let answer = set(Some(0), Some(1000)).await;
    assert_eq!((answer.status, fields(&answer).1), (404, r#""organization";r=997;t=60"#));
    let answer = set(None, None).await;
    assert_eq!(fields(&answer).0, r#""key";q=100;w=60, "organization";q=500;w=60"#);
}

async fn a_new_key_has_the_limits_of_its_organization(world: World) {
    let scene = Scene::new(world, 100, 500).await;
    let quotas = Quotas { key: Some(7), organization: Some(8) };
    for org in ["acme", "not-there-yet"] {
        scene.world.store.set_organization_quotas(&org.parse().unwrap(), quotas).await.unwrap();
        let key = scene.world.key(org).await;
        let answer = scene.world.instance().answer(&Call::list().key(&key)).await;
        assert_eq!(fields(&answer).0, r#""key";q=7;w=60, "organization";q=8;w=60"#);
    }
    // The organizations' items are no keys.
    let keys = scene.world.store.list_api_keys(&"acme".parse().unwrap()).await.unwrap();
    assert_eq!(keys.len(), 2);
    assert_eq!(scene.world.store.all_api_keys(&"acme".parse().unwrap()).await.unwrap().len(), 2);
}

async fn a_request_can_count_as_several(world: World) {
    let scene = Scene::new(world, 20, 500).await;
    let service = Service::new(&create_client::ENDPOINT, scene.world.app(), async |_: App, request| {
        request.charge(8);
        Ok(response::success())
    });
    let call = Call::create(&json!({ "name": "Ann" })).key(&scene.key);
    // The last is admitted as one, however many it counts as.
    for (status, left) in [(200, 12), (200, 4), (200, 0), (429, 0)] {
        let answer = invoke(&service, &call.event(), "request").await;
        assert_eq!(answer.status, status);
        assert!(fields(&answer).1.starts_with(&format!("\"key\";r={left};")), "{answer:?}");
    }
}
