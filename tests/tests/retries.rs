//! A hundred at once: creates under one idempotency key, and updates of one version.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use domain::{ApiKey, Clock};
use end_to_end::{
    api::{Answer, Api, Call},
    engines::Lab,
    on_every_engine,
};
use futures_util::future::join_all;
use serde_json::json;
use shared::App;

const AT_ONCE: usize = 100;

on_every_engine![
    a_hundred_equal_creates_make_one_client_and_get_equal_answers,
    a_replay_is_the_first_answer_after_a_change_and_after_the_deletion,
    of_a_hundred_updates_with_one_tag_exactly_one_wins,
    repeated_deletes_delete_once,
];

/// As many instances as requests, as when each request starts one.
async fn instances(lab: Lab) -> (Vec<Api>, ApiKey) {
    let app = App { store: lab.store, clock: Clock::system() };
    let instances: Vec<Api> = (0..AT_ONCE).map(|_| Api::new(app.clone())).collect();
    let key = instances[0].key(&"org".parse().unwrap()).await;
    (instances, key)
}

async fn at_once(instances: &[Api], call: impl Fn(usize) -> Call) -> Vec<Answer> {
    let answers = instances.iter().enumerate().map(|(at, api)| {
        let call = call(at);
        async move { api.answer(&call).await }
    });
    join_all(answers).await
}

async fn a_hundred_equal_creates_make_one_client_and_get_equal_answers(lab: Lab) {
    let (instances, key) = instances(lab).await;
    let create = |name: &str| {
        Call::clients("POST", &key).header("idempotency-key", "order-1").body(&json!({ "name": name, "phone": "1" }))
    };
    let answers = at_once(&instances, |_| create("Ann")).await;
    assert!(answers.iter().all(|answer| (answer.status, &answer.body) == (201, &answers[0].body)), "{answers:?}");
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1, "all answers but one are marked as replays");
    assert_eq!(instances[0].answer(&Call::clients("GET", &key)).await.body["total"], 1);
    assert_eq!(instances[0].answer(&create("Bob")).await.status, 422);
}

async fn a_replay_is_the_first_answer_after_a_change_and_after_the_deletion(lab: Lab) {
    let (instances, key) = instances(lab).await;
    let api = &instances[0];
    let create = Call::clients("POST", &key).header("idempotency-key", "order-1").body(&json!({ "name": "Ann" }));
    let first = api.answer(&create).await;
    let change = Call::client("PATCH", &key, first.id()).body(&json!({ "name": "Bob" }));
    for call in [change, Call::client("DELETE", &key, first.id())] {
        assert_eq!(api.answer(&call).await.status, 200);
        let again = api.answer(&create).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!((again.header("etag"), again.header("location")), (first.header("etag"), first.header("location")));
    }
    assert_eq!(api.answer(&Call::client("GET", &key, first.id())).await.status, 404, "a replay makes nothing");
}

async fn of_a_hundred_updates_with_one_tag_exactly_one_wins(lab: Lab) {
    let (instances, key) = instances(lab).await;
    let created = instances[0].answer(&Call::clients("POST", &key).body(&json!({ "name": "Ann" }))).await;
    let answers = at_once(&instances, |at| {
        let update = Call::client("PATCH", &key, created.id()).header("if-match", created.header("etag").unwrap());
        update.body(&json!({ "name": format!("writer {at}") }))
    })
    .await;
    let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), AT_ONCE - 1);
    let now = instances[0].answer(&Call::client("GET", &key, created.id())).await;
    assert_eq!((&now.body, now.header("etag")), (&winners[0].body, winners[0].header("etag")));
}

async fn repeated_deletes_delete_once(lab: Lab) {
    let (instances, key) = instances(lab).await;
    let created = instances[0].answer(&Call::clients("POST", &key).body(&json!({ "name": "Ann" }))).await;
    let answers = at_once(&instances, |_| Call::client("DELETE", &key, created.id())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), AT_ONCE - 1);
}
