//! A hundred requests at once: creates under one idempotency key, updates of one version, and deletes of one
//! client. `http/idempotency.rs` and `http/preconditions.rs` hold the same rules for requests in turn.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use domain::ApiKey;
use futures_util::future::join_all;
use serde_json::json;
use testkit::{Answer, Call, Instance, World, on_every_engine};

const AT_ONCE: usize = 100;

on_every_engine![
    a_hundred_equal_creates_make_one_client_and_get_equal_answers,
    a_replay_is_the_first_answer_after_a_change_and_after_the_deletion,
    of_a_hundred_updates_with_one_tag_exactly_one_wins,
    repeated_deletes_delete_once,
];

/// As many instances as requests, as if each request started one.
async fn instances(world: &World) -> (Vec<Instance>, ApiKey) {
    let instances = (0..AT_ONCE).map(|_| world.instance()).collect();
    (instances, world.key("org").await)
}

async fn at_once(instances: &[Instance], call: impl Fn(usize) -> Call) -> Vec<Answer> {
    let answers = instances.iter().enumerate().map(|(at, api)| {
        let call = call(at);
        async move { api.answer(&call).await }
    });
    join_all(answers).await
}

async fn a_hundred_equal_creates_make_one_client_and_get_equal_answers(world: World) {
    let (instances, key) = instances(&world).await;
    let create = |name: &str| {
        Call::create(&json!({ "name": name, "phone": "1" })).key(&key).header("idempotency-key", "order-1")
    };
    let answers = at_once(&instances, |_| create("Ann")).await;
    assert!(answers.iter().all(|answer| (answer.status, &answer.body) == (201, &answers[0].body)), "{answers:?}");
    let first = answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty());
    assert_eq!(first.count(), 1, "all answers but one are marked as replays");
    assert_eq!(instances[0].answer(&Call::list().key(&key)).await.body["total"], 1);
    assert_eq!(instances[0].answer(&create("Bob")).await.status, 422);
}

async fn a_replay_is_the_first_answer_after_a_change_and_after_the_deletion(world: World) {
    let (instances, key) = instances(&world).await;
    let api = &instances[0];
    let create = Call::create(&json!({ "name": "Ann" })).key(&key).header("idempotency-key", "order-1");
    let first = api.answer(&create).await;
    let change = Call::update(first.id(), &json!({ "name": "Bob" })).key(&key);
    for call in [change, Call::delete(first.id()).key(&key)] {
        assert_eq!(api.answer(&call).await.status, 200);
        let again = api.answer(&create).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        assert_eq!((again.header("etag"), again.header("location")), (first.header("etag"), first.header("location")));
    }
    assert_eq!(api.answer(&Call::get(first.id()).key(&key)).await.status, 404, "a replay makes nothing");
}

async fn of_a_hundred_updates_with_one_tag_exactly_one_wins(world: World) {
    let (instances, key) = instances(&world).await;
    let created = instances[0].answer(&Call::create(&json!({ "name": "Ann" })).key(&key)).await;
    let answers = at_once(&instances, |at| {
        let update = Call::update(created.id(), &json!({ "name": format!("writer {at}") }));
        update.key(&key).header("if-match", created.header("etag"))
    })
    .await;
    let winners: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), AT_ONCE - 1);
    let now = instances[0].answer(&Call::get(created.id()).key(&key)).await;
    assert_eq!((&now.body, now.header("etag")), (&winners[0].body, winners[0].header("etag")));
}

async fn repeated_deletes_delete_once(world: World) {
    let (instances, key) = instances(&world).await;
    let created = instances[0].answer(&Call::create(&json!({ "name": "Ann" })).key(&key)).await;
    let answers = at_once(&instances, |_| Call::delete(created.id()).key(&key)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 404).count(), AT_ONCE - 1);
}
