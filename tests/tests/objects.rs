//! Object storage: the same statements on every storage, and what S3 does beyond that.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use shared::{
    objects::{Expected, ObjectError, ObjectTag, Objects, PREFIX, Part},
    telemetry::Tally,
};
use testkit::{Rate, S3, S3Fault};

/// Makes a test of each statement on each storage. A statement is an `async fn(Objects)`.
macro_rules! on_every_storage {
    ($($statement:ident,)*) => {
        mod folder {
            $(#[tokio::test] async fn $statement() {
                let folder = tempfile::tempdir().unwrap();
                super::$statement(super::Objects::in_folder(folder.path().join("objects"))).await;
            })*
        }
        mod s3 {
            $(#[tokio::test] async fn $statement() {
                let s3 = testkit::S3::start().await.unwrap();
                super::$statement(s3.objects()).await;
            })*
        }
    };
}

on_every_storage![
    an_object_that_was_never_written_is_absent,
    an_object_is_read_back_as_it_was_written,
    a_range_ends_where_the_object_does,
    a_range_beyond_the_object_is_an_error,
    an_object_that_is_replaced_between_two_ranges_is_noticed,
    an_object_is_created_only_once,
    an_object_is_replaced_only_if_it_is_unchanged,
    of_many_writers_one_wins,
    a_reader_sees_one_object_whole_while_it_is_replaced,
    a_deleted_object_is_absent_and_can_be_deleted_again,
    an_empty_object_can_be_written_and_replaced,
    keys_share_folders_but_not_objects,
    requests_and_bytes_are_counted,
    a_key_that_is_no_plain_path_is_refused,
];

const KEY: &str = "1/table/organization";

async fn create(objects: &Objects, bytes: &'static [u8]) -> ObjectTag {
    put(objects, bytes, &Expected::Absent).await.expect("there is no such object")
}

async fn put(objects: &Objects, bytes: &'static [u8], expected: &Expected) -> Option<ObjectTag> {
    objects.put(KEY, Bytes::from_static(bytes), expected).await.unwrap()
}

async fn get(objects: &Objects) -> Option<Part> {
    objects.get(KEY, 0..1 << 20, None).await.unwrap()
}

async fn bytes(objects: &Objects) -> Bytes {
    get(objects).await.expect("there is such an object").bytes
}

async fn an_object_that_was_never_written_is_absent(objects: Objects) {
    assert_eq!(get(&objects).await, None);
    let tag = create(&objects, b"content").await;
    assert_eq!(objects.get("1/table/other", 0..9, Some(&tag)).await.unwrap(), None);
}

async fn an_object_is_read_back_as_it_was_written(objects: Objects) {
    let tag = create(&objects, b"content").await;
    assert_eq!(get(&objects).await.unwrap(), Part { tag, object_len: 7, bytes: Bytes::from_static(b"content") });
}

async fn a_range_ends_where_the_object_does(objects: Objects) {
    let tag = create(&objects, b"content").await;
    for (range, expected) in [(0..3, "con"), (3..7, "tent"), (3..100, "tent"), (6..7, "t")] {
        let part = objects.get(KEY, range, Some(&tag)).await.unwrap().unwrap();
        assert_eq!(part, Part { tag: tag.clone(), object_len: 7, bytes: Bytes::from_static(expected.as_bytes()) });
    }
}

async fn a_range_beyond_the_object_is_an_error(objects: Objects) {
    let tag = create(&objects, b"content").await;
    for range in [7..9, 100..200, 3..3] {
        let error = objects.get(KEY, range, Some(&tag)).await.unwrap_err();
        assert!(!error.is_changed() && !error.is_forbidden() && !error.is_unavailable(), "{error}");
    }
}

async fn an_object_that_is_replaced_between_two_ranges_is_noticed(objects: Objects) {
    let first = create(&objects, b"content").await;
    objects.get(KEY, 0..3, Some(&first)).await.unwrap().unwrap();
    let second = put(&objects, b"another", &Expected::Unchanged(first.clone())).await.unwrap();
    assert!(objects.get(KEY, 3..7, Some(&first)).await.unwrap_err().is_changed());
    assert_eq!(objects.get(KEY, 3..7, Some(&second)).await.unwrap().unwrap().bytes, "ther");
}

async fn an_object_is_created_only_once(objects: Objects) {
    create(&objects, b"first").await;
    assert_eq!(put(&objects, b"second", &Expected::Absent).await, None);
    assert_eq!(bytes(&objects).await, "first");
}

async fn an_object_is_replaced_only_if_it_is_unchanged(objects: Objects) {
    let first = create(&objects, b"first").await;
    let second = put(&objects, b"second", &Expected::Unchanged(first.clone())).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(put(&objects, b"third", &Expected::Unchanged(first)).await, None);
    assert_eq!(bytes(&objects).await, "second");
    objects.delete(KEY).await.unwrap();
    assert_eq!(put(&objects, b"third", &Expected::Unchanged(second)).await, None);
    assert_eq!(get(&objects).await, None);
}

async fn of_many_writers_one_wins(objects: Objects) {
    let race = async |expected: &Expected| {
        let written = join_all((0..20_u8).map(|writer| {
            let (objects, bytes) = (&objects, Bytes::from(vec![writer; 1000]));
            async move { objects.put(KEY, bytes, expected).await.unwrap().map(|tag| (writer, tag)) }
        }));
        let mut winners = written.await.into_iter().flatten();
        let (winner, tag) = winners.next().unwrap();
        assert_eq!(winners.next(), None);
        let part = get(&objects).await.unwrap();
        assert_eq!((part.bytes, part.tag), (vec![winner; 1000].into(), tag.clone()));
        tag
    };
    let tag = race(&Expected::Absent).await;
    // The same bytes can have the same tag: the second race starts from others.
    let tag = objects.put(KEY, Bytes::from_static(b"between"), &Expected::Unchanged(tag)).await.unwrap().unwrap();
    race(&Expected::Unchanged(tag)).await;
}

async fn a_reader_sees_one_object_whole_while_it_is_replaced(objects: Objects) {
    let write = async {
        let mut expected = Expected::Absent;
        for content in 0..50_u8 {
            let bytes = vec![content; 100 * (1 + usize::from(content))].into();
            expected = Expected::Unchanged(objects.put(KEY, bytes, &expected).await.unwrap().unwrap());
        }
    };
    let read = async {
        for _ in 0..50 {
            let Some(part) = get(&objects).await else { continue };
            assert_eq!(part.bytes.len(), 100 * (1 + usize::from(part.bytes[0])));
            assert!(part.bytes.iter().all(|byte| *byte == part.bytes[0]));
        }
    };
    futures_util::join!(write, read);
}

async fn a_deleted_object_is_absent_and_can_be_deleted_again(objects: Objects) {
    let tag = create(&objects, b"content").await;
    for _ in 0..2 {
        objects.delete(KEY).await.unwrap();
        assert_eq!(get(&objects).await, None);
        assert_eq!(objects.get(KEY, 0..9, Some(&tag)).await.unwrap(), None);
    }
    create(&objects, b"again").await;
}

async fn an_empty_object_can_be_written_and_replaced(objects: Objects) {
    let tag = create(&objects, b"").await;
    objects.get(KEY, 0..1, None).await.unwrap_err();
    put(&objects, b"content", &Expected::Unchanged(tag)).await.unwrap();
    assert_eq!(bytes(&objects).await, "content");
}

async fn keys_share_folders_but_not_objects(objects: Objects) {
    let keys = ["1/table/a", "1/table/a.lease", "1/table/b", "2/table/a"];
    for key in keys {
        objects.put(key, key.into(), &Expected::Absent).await.unwrap().unwrap();
    }
    objects.delete(keys[0]).await.unwrap();
    for key in &keys[1..] {
        assert_eq!(objects.get(key, 0..99, None).await.unwrap().unwrap().bytes, key);
    }
}

async fn requests_and_bytes_are_counted(objects: Objects) {
    let tally = Tally::default();
    let counted = objects.counting_in(&tally);
    create(&counted, b"content").await;
    put(&counted, b"not written", &Expected::Absent).await;
    counted.get(KEY, 0..3, None).await.unwrap();
    counted.delete(KEY).await.unwrap();
    get(&objects).await;
    assert_eq!((tally.object_calls(), tally.object_bytes_written(), tally.object_bytes_read()), (4, 7, 3));
}

async fn a_key_that_is_no_plain_path_is_refused(objects: Objects) {
    for key in ["../a", "a b", ""] {
        objects.put(key, Bytes::new(), &Expected::Absent).await.unwrap_err();
        objects.get(key, 0..1, None).await.unwrap_err();
        objects.delete(key).await.unwrap_err();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_folder_of_objects() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("objects");
    create(&Objects::in_folder(root.clone()), b"content").await;
    let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(root.clone()), mode(root.join(KEY))), (0o700, 0o600));
}

#[tokio::test]
async fn a_folder_is_found_again_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let tag = create(&Objects::in_folder(folder.path().to_owned()), b"content").await;
    let objects = Objects::in_folder(folder.path().to_owned());
    assert_eq!(get(&objects).await.unwrap().tag, tag);
    put(&objects, b"another", &Expected::Unchanged(tag)).await.unwrap();
}

/// An S3 that holds an object, and the storage on it, whose requests are counted in the tally. The requests after that
/// have these faults in turn, and the rest have none.
async fn faulty(faults: &'static [S3Fault]) -> (S3, Objects, Tally) {
    // The first request writes the object.
    let requests = AtomicUsize::new(0);
    let fault = move |_: &_| match requests.fetch_add(1, Ordering::Relaxed).checked_sub(1) {
        Some(request) => faults.get(request).copied().unwrap_or(S3Fault::None),
        None => S3Fault::None,
    };
    let (s3, tally) = (S3::start_with(fault).await.unwrap(), Tally::default());
    create(&s3.objects(), b"content").await;
    let objects = s3.objects().counting_in(&tally);
    (s3, objects, tally)
}

/// The tag of that object: in S3, it depends on the bytes alone.
async fn tag() -> ObjectTag {
    create(&S3::start().await.unwrap().objects(), b"content").await
}

/// Reads the object, whatever its tag.
async fn read(objects: &Objects) -> Result<Bytes, ObjectError> {
    Ok(objects.get(KEY, 0..100, None).await?.expect("there is such an object").bytes)
}

#[tokio::test]
async fn all_keys_of_a_bucket_start_with_the_prefix_that_the_policy_allows() {
    let s3 = S3::start().await.unwrap();
    create(&s3.objects(), b"content").await;
    assert_eq!(s3.keys(), [format!("{PREFIX}{KEY}")]);
}

#[tokio::test]
async fn a_request_with_another_secret_is_forbidden() {
    let s3 = S3::start().await.unwrap();
    create(&s3.objects(), b"content").await;
    let error = read(&s3.objects_signed_with("another")).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
}

#[tokio::test]
async fn forbidden_is_not_absent() {
    let (_s3, objects, tally) = faulty(&[S3Fault::Forbidden; 3]).await;
    let got = objects.get(KEY, 0..1, None).await.unwrap_err();
    let put = objects.put(KEY, Bytes::new(), &Expected::Absent).await.unwrap_err();
    let deleted = objects.delete(KEY).await.unwrap_err();
    for error in [got, put, deleted] {
        assert!(error.is_forbidden() && !error.is_unavailable(), "{error}");
    }
    assert_eq!(tally.object_calls(), 3, "none is repeated");
}

#[tokio::test]
async fn an_object_in_a_bucket_that_is_gone_is_not_absent() {
    let (_s3, objects, _) = faulty(&[S3Fault::NoBucket; 3]).await;
    objects.get(KEY, 0..1, None).await.unwrap_err();
    objects.put(KEY, Bytes::new(), &Expected::Unchanged(tag().await)).await.unwrap_err();
    objects.delete(KEY).await.unwrap_err();
}

#[tokio::test]
async fn a_request_that_failed_is_repeated_once() {
    for fault in [
        [S3Fault::Throttled; 2].as_slice(),
        &[S3Fault::FailedBefore; 2],
        &[S3Fault::DroppedBefore; 2],
        &[S3Fault::DroppedAfter; 2],
        &[S3Fault::CutOff; 2],
    ] {
        let (_s3, objects, tally) = faulty(&fault[..1]).await;
        assert_eq!(read(&objects).await.unwrap(), "content", "{fault:?}");
        assert_eq!(tally.object_calls(), 2);

        let (_s3, objects, tally) = faulty(fault).await;
        let error = read(&objects).await.unwrap_err();
        assert!(error.is_unavailable(), "{fault:?}: {error}");
        assert_eq!(tally.object_calls(), 2);
    }
}

#[tokio::test]
async fn a_put_whose_answer_is_lost_takes_effect_once() {
    for fault in [[S3Fault::FailedAfter].as_slice(), &[S3Fault::DroppedAfter]] {
        let (_s3, objects, tally) = faulty(fault).await;
        assert_eq!(put(&objects, b"another", &Expected::Unchanged(tag().await)).await, None);
        assert_eq!(tally.object_calls(), 2);
        assert_eq!(bytes(&objects).await, "another");
    }
}

#[tokio::test]
async fn a_put_that_conflicts_with_another_writes_nothing() {
    let (_s3, objects, tally) = faulty(&[S3Fault::Conflict]).await;
    assert_eq!(put(&objects, b"another", &Expected::Absent).await, None);
    assert_eq!(tally.object_calls(), 1);
    assert_eq!(bytes(&objects).await, "content");
}

#[tokio::test]
async fn an_answer_that_lacks_something_is_an_error() {
    for fault in [[S3Fault::LacksAByte].as_slice(), &[S3Fault::LacksATag]] {
        let (_s3, objects, _) = faulty(fault).await;
        let error = read(&objects).await.unwrap_err();
        assert!(!error.is_forbidden() && !error.is_changed(), "{error}");
    }
    let (_s3, objects, _) = faulty(&[S3Fault::LacksATag]).await;
    objects.put("1/table/other", Bytes::new(), &Expected::Absent).await.unwrap_err();
}

#[tokio::test]
async fn a_request_without_an_answer_ends() {
    let (_s3, objects, tally) = faulty(&[S3Fault::Hangs; 2]).await;
    let error = tokio::time::timeout(Duration::from_secs(4), read(&objects)).await.unwrap().unwrap_err();
    assert!(error.is_timed_out(), "{error}");
    assert_eq!(tally.object_calls(), 2);
}

#[tokio::test]
async fn if_the_open_connections_are_silent_the_second_attempt_takes_a_new_one() {
    const SLOW: S3Fault = S3Fault::Slow(Rate { first_byte: Duration::from_millis(100), bytes_per_second: 1 << 30 });
    let open = Arc::new(AtomicUsize::new(usize::MAX));
    let silent = open.clone();
    let highest = Arc::new(AtomicUsize::new(0));
    let seen = highest.clone();
    let s3 = S3::start_with(move |call| {
        seen.fetch_max(call.connection, Ordering::Relaxed);
        let open = silent.load(Ordering::Relaxed);
        if open == usize::MAX {
            SLOW
        } else if call.connection <= open {
            S3Fault::Hangs
        } else {
            S3Fault::None
        }
    });
    let s3 = s3.await.unwrap();
    let objects = s3.objects();
    create(&objects, b"content").await;
    join_all((0..3).map(|_| read(&objects))).await;
    let connections = highest.load(Ordering::Relaxed);
    assert!(connections >= 2, "several are open");
    open.store(connections, Ordering::Relaxed);
    assert_eq!(read(&objects).await.unwrap(), "content");
}

#[tokio::test]
async fn more_bytes_may_take_longer() {
    const SLOW: S3Fault = S3Fault::Slow(Rate { first_byte: Duration::from_millis(1200), bytes_per_second: 1 << 30 });
    let (_s3, objects, tally) = faulty(&[SLOW]).await;
    assert_eq!(objects.get(KEY, 0..8 << 20, None).await.unwrap().unwrap().bytes, "content");
    assert_eq!(tally.object_calls(), 1);
}

#[tokio::test]
async fn no_error_names_the_object() {
    for fault in [S3Fault::Forbidden, S3Fault::NoBucket, S3Fault::LacksATag, S3Fault::Throttled] {
        let s3 = S3::start_with(move |_| fault).await.unwrap();
        let Err(error) = s3.objects().get(KEY, 0..9, None).await else { continue };
        assert!(!format!("{error} {error:?}").contains("organization"), "{error}");
    }
}
