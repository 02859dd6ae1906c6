//! The contract of the store, one operation at a time, on every engine. Each statement below is a test on each
//! engine. `audit.rs`, `organization.rs` and `replica.rs` hold the audit trail, the operator's work and the
//! lists; `faults.rs` holds the behaviour under faults.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test that cannot go on should fail loudly")]

use std::{collections::HashMap, time::Duration};

use domain::{
    ApiKey, Caller, Change, Client, ClientId, ClientPatch, ListedClient, NewClient, OrgId, RestoreWindow, Status,
    Timestamp,
    limits::{ENTITY_TAGS, NAME_CHARS, NOTES_CHARS, PHONE_CHARS},
};
use futures_util::{
    future::{join, join_all, join3},
    poll,
};
use shared::{
    store::{
        ApiKeyState, CreateOutcome, ExpectedVersions, FeedStart, LastUse, NewApiKey, PutOutcome, StoreError,
        WriteContext, WriteError,
    },
    telemetry::Tally,
};
use testkit::{EngineKind, World, on_every_engine};

on_every_engine![
    // Create and get
    a_created_client_is_read_back_as_it_was_given,
    what_was_not_given_is_absent,
    a_client_that_was_never_made_is_not_there,
    an_identifier_is_used_once,
    the_longest_legal_texts_are_kept_to_the_last_character,
    texts_are_kept_as_they_were_written,
    // Update
    an_update_changes_only_what_it_names,
    an_update_clears_phone_and_notes,
    every_write_raises_the_version_by_one,
    a_writer_whose_clock_is_behind_does_not_turn_time_back,
    notes_move_between_short_and_long,
    notes_are_long_beyond_256_bytes,
    a_write_to_what_is_not_there_is_refused_and_makes_nothing,
    // Expected versions
    a_write_goes_through_when_one_of_the_expected_versions_is_there,
    a_write_with_other_versions_is_stale_and_changes_nothing,
    no_expected_version_matches_nothing,
    a_version_beyond_all_others_is_stale,
    a_write_with_an_excluded_version_is_stale_and_changes_nothing,
    a_write_goes_through_if_none_of_the_excluded_versions_is_there,
    a_version_must_be_expected_and_not_excluded,
    of_a_hundred_updates_of_one_version_exactly_one_wins,
    concurrent_updates_of_any_version_all_take_effect,
    // Delete
    a_deleted_client_is_gone_for_every_operation,
    a_deletion_for_good_leaves_nothing_personal_behind,
    a_deletion_keeps_nothing_if_nothing_can_be_restored,
    what_a_deletion_has_kept_can_be_deleted_for_good,
    a_deletion_for_good_needs_a_client_or_kept_data,
    a_create_does_not_use_the_identifier_of_a_deleted_client_again,
    // Put
    a_put_creates_what_is_absent_and_replaces_what_is_there,
    a_replacement_clears_what_it_does_not_give_and_keeps_the_creation,
    a_put_changes_nothing_unless_what_it_expects_is_there,
    a_client_that_is_put_after_a_deletion_is_new_but_for_its_versions,
    a_put_whose_clock_is_behind_does_not_turn_time_back,
    of_a_hundred_puts_of_an_absent_client_exactly_one_wins,
    concurrent_puts_of_one_client_all_take_effect,
    nothing_is_put_at_the_reserved_identifier,
    // Restore
    a_restored_client_is_as_it_was,
    restoring_a_client_that_lives_changes_nothing,
    what_is_gone_for_good_is_not_restored,
    a_deletion_can_be_undone_within_the_window_alone,
    a_restoration_whose_clock_is_behind_does_not_turn_time_back,
    a_restoration_compares_the_expected_versions_with_the_deletions,
    of_a_hundred_restorations_one_restores_and_all_give_the_client,
    // Idempotent create
    a_repeated_create_gives_the_client_as_it_was_made,
    a_repeated_create_is_recognized_after_an_update_and_after_the_deletion,
    a_repeated_create_is_recognized_whatever_became_of_the_client,
    an_identifier_made_by_another_request_is_a_conflict,
    of_a_hundred_equal_creates_one_makes_the_client_and_all_answer_alike,
    // Tenancy
    organizations_with_the_same_identifier_do_not_see_each_other,
    // The change feed
    the_feed_is_in_the_order_of_change,
    the_feed_since_an_instant_holds_that_instant_and_what_is_later,
    the_feed_has_each_client_once_as_it_is_now,
    the_feed_has_every_client_of_the_same_instant,
    the_feed_leaves_out_long_notes_and_says_so,
    a_feed_of_many_pages_has_everything_once_and_in_order,
    the_feed_goes_on_after_any_position_even_if_nothing_is_there_any_more,
    a_write_is_in_the_feed_as_soon_as_it_is_answered,
    the_feed_of_an_organization_without_clients_is_empty,
    // Long notes
    long_notes_come_with_the_version_they_belong_to,
    the_longest_notes_of_a_whole_page_are_found,
    the_long_notes_of_no_client_are_none,
    // Reads that start together
    a_key_and_a_client_that_are_read_together_are_one_call,
    reads_that_start_one_after_the_other_are_calls_of_their_own,
    two_clients_that_are_read_together_are_each_found,
    a_read_is_made_although_the_one_that_it_joined_was_dropped,
    // API keys
    a_stored_key_is_found_by_its_hash,
    the_table_of_keys_holds_no_key,
    a_key_is_stored_once,
    the_last_use_of_a_key_is_written_at_most_once_a_minute,
    noting_the_use_of_a_key_that_is_gone_makes_none,
    keys_are_listed_by_organization_in_the_order_of_their_creation,
    a_key_is_found_by_its_identifier_however_many_there_are,
    a_revoked_key_is_revoked_from_the_next_read_on_and_for_good,
    a_key_ends_at_its_end_and_its_end_can_be_moved,
    // Cost and failure
    each_operation_on_a_client_is_one_call,
    a_read_of_one_client_costs_at_most_one_unit,
    a_feed_that_has_nothing_new_costs_one_call_and_at_most_one_unit,
    a_tally_counts_only_what_went_through_its_own_store,
    a_missing_table_is_an_error_without_effect,
    tables_that_are_there_are_left_as_they_are,
];

// ---------------------------------------------------------------------------------------------
// Create and get

async fn a_created_client_is_read_back_as_it_was_given(world: World) {
    let id = ClientId::random();
    let given = NewClient {
        name: "John Doe".parse().unwrap(),
        phone: Some("+1 555-1234".parse().unwrap()),
        status: Status::Inactive,
        notes: Some("Met at the fair".parse().unwrap()),
    };
    let CreateOutcome::Created(made) = world.store.create(&world.by("acme", 0), id, given.clone(), None).await.unwrap()
    else {
        panic!("not made");
    };
    assert_eq!(made, given.created(id, world.at(0)));
    assert_eq!((made.version, made.created_at, made.updated_at), (1, world.at(0), world.at(0)));
    assert_eq!(world.get("acme", id).await, Some(made));
}

async fn what_was_not_given_is_absent(world: World) {
    let made = world.make("acme", "Ann", 0).await;
    let found = world.get("acme", made.id).await.unwrap();
    assert_eq!((found.phone, found.notes, found.status), (None, None, Status::Active));
}

async fn a_client_that_was_never_made_is_not_there(world: World) {
    world.make("acme", "Ann", 0).await;
    assert_eq!(world.get("acme", ClientId::random()).await, None);
}

async fn an_identifier_is_used_once(world: World) {
    let made = world.make("acme", "First", 0).await;
    for hash in [None, Some("hash")] {
        let again = world.store.create(&world.by("acme", 1), made.id, new("Second"), hash).await.unwrap();
        assert_eq!(again, CreateOutcome::Conflict);
    }
    assert_eq!(world.get("acme", made.id).await, Some(made));
}

async fn the_longest_legal_texts_are_kept_to_the_last_character(world: World) {
    // Four bytes each in UTF-8, the most there is.
    let longest = |chars| "𝒳".repeat(chars);
    let id = ClientId::random();
    let given = NewClient {
        name: longest(NAME_CHARS).parse().unwrap(),
        phone: Some(longest(PHONE_CHARS).parse().unwrap()),
        status: Status::Active,
        notes: Some(longest(NOTES_CHARS).parse().unwrap()),
    };
    world.store.create(&world.by("acme", 0), id, given.clone(), None).await.unwrap();
    assert_eq!(world.get("acme", id).await, Some(given.clone().created(id, world.at(0))));

    let notes = format!("{}!", longest(NOTES_CHARS - 1));
    let patch = ClientPatch { notes: Some(Some(notes.parse().unwrap())), ..ClientPatch::default() };
    let updated = world.update("acme", id, patch, 1).await;
    assert_eq!(updated.notes.unwrap().as_str(), notes);
    assert_eq!(world.get("acme", id).await.unwrap().notes.unwrap().as_str(), notes);
}

async fn texts_are_kept_as_they_were_written(world: World) {
    // Composed and decomposed, right to left, joined emoji, expression syntax, spaces at the ends.
    for text in ["José", "Jose\u{301}", "مها", "👩‍👩‍👧", "#name = :name", "\"quoted\" \\ 'x'", "  spaced  ", "NULL"]
    {
        let id = ClientId::random();
        let given = NewClient { phone: Some(text.parse().unwrap()), notes: Some(text.parse().unwrap()), ..new(text) };
        world.store.create(&world.by("acme", 0), id, given.clone(), None).await.unwrap();
        assert_eq!(world.get("acme", id).await, Some(given.created(id, world.at(0))));
    }
    // Empty notes are legal, and something else than none.
    let id = ClientId::random();
    let given = NewClient { notes: Some("".parse().unwrap()), ..new("Ann") };
    world.store.create(&world.by("acme", 0), id, given.clone(), None).await.unwrap();
    assert_eq!(world.get("acme", id).await, Some(given.created(id, world.at(0))));
}

// ---------------------------------------------------------------------------------------------
// Update

async fn an_update_changes_only_what_it_names(world: World) {
    let mut expected = world.make_full("acme", 0).await;
    for (second, field) in (1..).zip(["name", "phone", "status", "notes"]) {
        let mut patch = patch();
        match field {
            "name" => {
                expected.name = "Jane".parse().unwrap();
                patch.name = Some(expected.name.clone());
            }
            "phone" => {
                expected.phone = Some("+44 20".parse().unwrap());
                patch.phone = Some(expected.phone.clone());
            }
            "status" => {
                expected.status = Status::Inactive;
                patch.status = Some(expected.status);
            }
            _ => {
                expected.notes = Some("Moved".parse().unwrap());
                patch.notes = Some(expected.notes.clone());
            }
        }
        expected.version += 1;
        expected.updated_at = world.at(second);
        assert_eq!(world.update("acme", expected.id, patch, second).await, expected, "{field}");
        assert_eq!(world.get("acme", expected.id).await.as_ref(), Some(&expected), "{field}");
    }
}

async fn an_update_clears_phone_and_notes(world: World) {
    for notes in ["short".to_owned(), "long ".repeat(100)] {
        let id = ClientId::random();
        let given = NewClient { phone: Some("1".parse().unwrap()), notes: Some(notes.parse().unwrap()), ..new("John") };
        world.store.create(&world.by("acme", 0), id, given, None).await.unwrap();
        let cleared =
            world.update("acme", id, ClientPatch { phone: Some(None), notes: Some(None), ..patch() }, 1).await;
        assert_eq!((&cleared.phone, &cleared.notes, cleared.name.as_str()), (&None, &None, "John"));
        assert_eq!(world.get("acme", id).await, Some(cleared));
        // Clearing what is clear already is as good.
        let again = world.update("acme", id, ClientPatch { phone: Some(None), notes: Some(None), ..patch() }, 2).await;
        assert_eq!((again.phone, again.notes, again.version), (None, None, 3));
    }
}

async fn every_write_raises_the_version_by_one(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    for (version, second) in (2..6).zip(1..) {
        // Even one that changes no field: it is a write, with a timestamp.
        let updated = world.update("acme", id, patch(), second).await;
        assert_eq!((updated.version, updated.updated_at, updated.created_at), (version, world.at(second), world.at(0)));
    }
    world.delete("acme", id, 6).await;
    assert_eq!(world.feed("acme", None).await, [Change::Remove { id, version: 6, deleted_at: world.at(6) }]);
}

async fn a_writer_whose_clock_is_behind_does_not_turn_time_back(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    world.update("acme", id, rename("Bob"), 9).await;
    let behind =
        world.store.update(&world.by("acme", 5), id, &rename("Cid"), &ExpectedVersions::any_of(&[2])).await.unwrap();
    assert_eq!((behind.name.as_str(), behind.version, behind.updated_at), ("Cid", 3, world.at(9)));
    // So whoever has read the feed up to the ninth second is still told.
    assert_eq!(world.feed("acme", Some(world.at(9))).await, [entry(behind)]);
    world.delete("acme", id, 4).await;
    assert_eq!(
        world.feed("acme", Some(world.at(9))).await,
        [Change::Remove { id, version: 4, deleted_at: world.at(9) }]
    );
}

async fn notes_move_between_short_and_long(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    let (short, long) = ("short".to_owned(), "long ".repeat(100));
    let other_long = "other ".repeat(100);
    for (second, notes) in (1..).zip([
        Some(&short),
        Some(&long),
        Some(&other_long),
        Some(&short),
        None,
        Some(&long),
        None,
        Some(&short),
        Some(&long),
    ]) {
        let wanted = notes.map(|text| text.parse().unwrap());
        let updated = world.update("acme", id, ClientPatch { notes: Some(wanted.clone()), ..patch() }, second).await;
        assert_eq!(updated.notes, wanted, "in the answer to step {second}");
        assert_eq!(world.get("acme", id).await.unwrap().notes, wanted, "in a read after step {second}");

        let is_long = notes.is_some_and(|text| text.len() > 256);
        let in_feed = world.only_entry("acme").await;
        assert_eq!(in_feed.has_long_notes, is_long, "in the feed after step {second}");
        assert_eq!(in_feed.client.notes, if is_long { None } else { wanted.clone() }, "in the feed after {second}");
        let beside = &world.store.long_notes(&org("acme"), &[id]).await.unwrap()[&id];
        assert_eq!(beside.notes, if is_long { wanted } else { None }, "beside the feed after step {second}");
        assert_eq!(beside.version, updated.version);
    }
}

async fn notes_are_long_beyond_256_bytes(world: World) {
    for (notes, is_long) in [("é".repeat(128), false), (format!("{}a", "é".repeat(128)), true)] {
        let name = format!("{} bytes", notes.len());
        let given = NewClient { notes: Some(notes.parse().unwrap()), ..new(&name) };
        let id = ClientId::random();
        world.store.create(&world.by(&format!("org-{is_long}"), 0), id, given, None).await.unwrap();
        assert_eq!(world.only_entry(&format!("org-{is_long}")).await.has_long_notes, is_long, "{name}");
    }
}

async fn a_write_to_what_is_not_there_is_refused_and_makes_nothing(world: World) {
    let id = ClientId::random();
    for versions in [ExpectedVersions::ALL, ExpectedVersions::any_of(&[1]), ExpectedVersions::any_of(&[])] {
        let update = world.store.update(&world.by("acme", 0), id, &rename("Ann"), &versions).await;
        assert!(matches!(update, Err(WriteError::NotFound)), "{update:?}");
        let delete = world.store.delete(&world.by("acme", 0), id, &versions, false).await;
        assert!(matches!(delete, Err(WriteError::NotFound)), "{delete:?}");
    }
    assert_eq!(world.dump(&world.tables.clients).await, []);
}

// ---------------------------------------------------------------------------------------------
// Expected versions

async fn a_write_goes_through_when_one_of_the_expected_versions_is_there(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    let mut versions: Vec<u64> = vec![1];
    for second in 1..4 {
        let updated = world
            .store
            .update(&world.by("acme", second), id, &patch(), &ExpectedVersions::any_of(&versions))
            .await
            .unwrap();
        versions = vec![99, updated.version, updated.version, 1];
    }
    // As many as one header may name.
    let most: Vec<u64> = (5..5 + u64::try_from(ENTITY_TAGS).unwrap() - 1).chain([4]).collect();
    world.store.update(&world.by("acme", 5), id, &patch(), &ExpectedVersions::any_of(&most)).await.unwrap();
    world.store.delete(&world.by("acme", 6), id, &ExpectedVersions::any_of(&[4, 5]), false).await.unwrap();
    assert_eq!(world.get("acme", id).await, None);
}

async fn a_write_with_other_versions_is_stale_and_changes_nothing(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    let now = world.update("acme", id, patch(), 1).await;
    for versions in [&[1][..], &[3], &[0], &[1, 3, 20]] {
        let update =
            world.store.update(&world.by("acme", 2), id, &rename("Bob"), &ExpectedVersions::any_of(versions)).await;
        assert!(matches!(update, Err(WriteError::UnexpectedVersion)), "{versions:?}: {update:?}");
        let delete = world.store.delete(&world.by("acme", 2), id, &ExpectedVersions::any_of(versions), false).await;
        assert!(matches!(delete, Err(WriteError::UnexpectedVersion)), "{versions:?}: {delete:?}");
    }
    assert_eq!(world.get("acme", id).await, Some(now));
}

async fn no_expected_version_matches_nothing(world: World) {
    let made = world.make("acme", "Ann", 0).await;
    let update =
        world.store.update(&world.by("acme", 1), made.id, &rename("Bob"), &ExpectedVersions::any_of(&[])).await;
    assert!(matches!(update, Err(WriteError::UnexpectedVersion)), "{update:?}");
    let delete = world.store.delete(&world.by("acme", 1), made.id, &ExpectedVersions::any_of(&[]), false).await;
    assert!(matches!(delete, Err(WriteError::UnexpectedVersion)), "{delete:?}");
    assert_eq!(world.get("acme", made.id).await, Some(made));
}

/// `If-Match: "18446744073709551615"` is legal, and arithmetic on it overflows.
async fn a_version_beyond_all_others_is_stale(world: World) {
    let made = world.make("acme", "Ann", 0).await;
    let update =
        world.store.update(&world.by("acme", 1), made.id, &rename("Bob"), &ExpectedVersions::any_of(&[u64::MAX])).await;
    assert!(matches!(update, Err(WriteError::UnexpectedVersion)), "{update:?}");
    let delete = world.store.delete(&world.by("acme", 1), made.id, &ExpectedVersions::any_of(&[u64::MAX]), false).await;
    assert!(matches!(delete, Err(WriteError::UnexpectedVersion)), "{delete:?}");
}

async fn a_write_with_an_excluded_version_is_stale_and_changes_nothing(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    let now = world.update("acme", id, patch(), 1).await;
    let most: Vec<u64> = (1..=u64::try_from(ENTITY_TAGS).unwrap()).collect();
    for versions in [&[2][..], &[1, 2], &[2, 2, u64::MAX], &most] {
        let expected = none_of(versions);
        let update = world.store.update(&world.by("acme", 2), id, &rename("Bob"), &expected).await;
        assert!(matches!(update, Err(WriteError::UnexpectedVersion)), "{versions:?}: {update:?}");
        let delete = world.store.delete(&world.by("acme", 2), id, &expected, false).await;
        assert!(matches!(delete, Err(WriteError::UnexpectedVersion)), "{versions:?}: {delete:?}");
    }
    assert_eq!(world.get("acme", id).await, Some(now));
    let absent = world.store.delete(&world.by("acme", 2), ClientId::random(), &none_of(&[1]), false).await;
    assert!(matches!(absent, Err(WriteError::NotFound)), "{absent:?}");
}

async fn a_write_goes_through_if_none_of_the_excluded_versions_is_there(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    for (version, excluded) in (2..).zip([&[][..], &[1], &[2, 4, u64::MAX]]) {
        let updated = world.store.update(&world.by("acme", version), id, &patch(), &none_of(excluded)).await.unwrap();
        assert_eq!(updated.version, version);
    }
    world.store.delete(&world.by("acme", 9), id, &none_of(&[1, 2, 3]), false).await.unwrap();
    assert_eq!(world.get("acme", id).await, None);
}

async fn a_version_must_be_expected_and_not_excluded(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    let expected =
        |any_of: &[u64], none_of: &[u64]| ExpectedVersions { any_of: Some(any_of.to_vec()), ..self::none_of(none_of) };
    for refused in [expected(&[1, 2], &[1]), expected(&[2], &[3]), expected(&[], &[2])] {
        let update = world.store.update(&world.by("acme", 1), id, &patch(), &refused).await;
        assert!(matches!(update, Err(WriteError::UnexpectedVersion)), "{refused:?}: {update:?}");
    }
    let updated = world.store.update(&world.by("acme", 1), id, &patch(), &expected(&[1, 2], &[2, 3])).await;
    assert_eq!(updated.unwrap().version, 2);
}

async fn of_a_hundred_updates_of_one_version_exactly_one_wins(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    let race =
        join_all((0..100).map(|racer| {
            let (store, context) = (world.store.clone(), world.by("acme", 1));
            async move {
                store.update(&context, id, &rename(&format!("Racer {racer}")), &ExpectedVersions::any_of(&[1])).await
            }
        }));
    let (won, lost): (Vec<_>, Vec<_>) = race.await.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost {
        assert!(matches!(error, Err(WriteError::UnexpectedVersion)), "{error:?}");
    }
    let winner = won.into_iter().next().unwrap().unwrap();
    assert_eq!(winner.version, 2);
    assert_eq!(world.get("acme", id).await, Some(winner));
}

async fn concurrent_updates_of_any_version_all_take_effect(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    // Only so many: one that is not answered in time is an error, as it must not be repeated.
    let updates = join_all((0..20).map(|_| world.update("acme", id, patch(), 1))).await;
    let mut versions: Vec<u64> = updates.iter().map(|client| client.version).collect();
    versions.sort_unstable();
    assert!(versions.iter().copied().eq(2..=21), "{versions:?}");
}

// ---------------------------------------------------------------------------------------------
// Delete

async fn a_deleted_client_is_gone_for_every_operation(world: World) {
    let id = world.make_full("acme", 0).await.id;
    world.delete("acme", id, 1).await;
    assert_eq!(world.get("acme", id).await, None);
    for versions in [None, Some(&[1][..]), Some(&[2]), Some(&[])] {
        let versions = versions.map_or(ExpectedVersions::ALL, ExpectedVersions::any_of);
        let update = world.store.update(&world.by("acme", 2), id, &rename("Ann"), &versions).await;
        assert!(matches!(update, Err(WriteError::NotFound)), "{versions:?}: {update:?}");
        let delete = world.store.delete(&world.by("acme", 2), id, &versions, false).await;
        assert!(matches!(delete, Err(WriteError::NotFound)), "{versions:?}: {delete:?}");
    }
    assert_eq!(world.get("acme", id).await, None);
    assert_eq!(world.feed("acme", None).await, [Change::Remove { id, version: 2, deleted_at: world.at(1) }]);
}

async fn a_deletion_for_good_leaves_nothing_personal_behind(world: World) {
    let personal = ["Zacharias", "+1 555-1234", "short note", &"a long note ".repeat(100)];
    for notes in [personal[2], personal[3]] {
        let given = NewClient {
            name: personal[0].parse().unwrap(),
            phone: Some(personal[1].parse().unwrap()),
            status: Status::Active,
            notes: Some(notes.parse().unwrap()),
        };
        let id = ClientId::random();
        world.store.create(&world.by("acme", 0), id, given, None).await.unwrap();
        world.erase("acme", id, 1).await;
    }
    leaves_nothing_personal(&world).await;
}

async fn leaves_nothing_personal(world: &World) {
    let mut items = world.dump(&world.tables.clients).await;
    let left = format!("{items:?}");
    for text in ["Zacharias", "555-1234", "5551234", "note ", "active"] {
        assert!(!left.contains(text), "{text} is left in {left}");
    }
    // Identifiers and times can have these three digits by chance.
    let by_chance = ["id", "writeId", "createdAt", "updatedAt", "deletedAt", "expiresAt"];
    for item in &mut items {
        item.retain(|name, _| !by_chance.contains(&name.as_str()));
    }
    let left = format!("{items:?}");
    assert!(!left.contains("555"), "a part of the phone number is left in {left}");
}

async fn a_deletion_keeps_nothing_if_nothing_can_be_restored(world: World) {
    let store = world.store.clone().with_restore_window(RestoreWindow::NONE);
    let id = ClientId::random();
    let notes = "a long note ".repeat(100).parse().unwrap();
    let given = NewClient { notes: Some(notes), ..personal() };
    store.create(&world.by("acme", 0), id, given, None).await.unwrap();
    store.delete(&world.by("acme", 1), id, &ExpectedVersions::ALL, false).await.unwrap();
    leaves_nothing_personal(&world).await;
    let restored = store.restore(&world.by("acme", 1), id, &ExpectedVersions::ALL).await;
    assert!(matches!(restored, Err(WriteError::NotFound)), "{restored:?}");
}

async fn what_a_deletion_has_kept_can_be_deleted_for_good(world: World) {
    let id = ClientId::random();
    let notes = "a long note ".repeat(100).parse().unwrap();
    let given = NewClient { notes: Some(notes), ..personal() };
    world.store.create(&world.by("acme", 0), id, given, None).await.unwrap();
    world.delete("acme", id, 1).await;
    let kept = format!("{:?}", world.dump(&world.tables.clients).await);
    assert!(kept.contains("Zacharias") && kept.contains("a long note"), "{kept}");
    // It shows nowhere.
    assert_eq!(world.feed("acme", None).await, [Change::Remove { id, version: 2, deleted_at: world.at(1) }]);
    assert_eq!(world.store.long_notes(&org("acme"), &[id]).await.unwrap()[&id].notes, None);
    assert_eq!(world.store.export(&org("acme"), None).await.unwrap().clients, []);

    world.erase("acme", id, 2).await;
    leaves_nothing_personal(&world).await;
    assert_eq!(world.feed("acme", None).await, [Change::Remove { id, version: 3, deleted_at: world.at(2) }]);
}

async fn a_deletion_for_good_needs_a_client_or_kept_data(world: World) {
    let erase =
        async |id, expected: &ExpectedVersions| world.store.delete(&world.by("acme", 5), id, expected, true).await;
    let (absent, erased) = (ClientId::random(), world.make("acme", "Ann", 0).await.id);
    world.erase("acme", erased, 1).await;
    for id in [absent, erased] {
        let refused = erase(id, &ExpectedVersions::ALL).await;
        assert!(matches!(refused, Err(WriteError::NotFound)), "{refused:?}");
    }
    // A stale one is refused, of a client and of a tombstone.
    let id = world.make("acme", "Bob", 0).await.id;
    for version in 1..3 {
        let refused = erase(id, &ExpectedVersions::any_of(&[7])).await;
        assert!(matches!(refused, Err(WriteError::UnexpectedVersion)), "{version}: {refused:?}");
        if version == 1 {
            world.delete("acme", id, 1).await;
        }
    }
    erase(id, &ExpectedVersions::any_of(&[2])).await.unwrap();
}

async fn a_create_does_not_use_the_identifier_of_a_deleted_client_again(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    world.delete("acme", id, 1).await;
    let again = world.store.create(&world.by("acme", 2), id, new("Ann"), None).await.unwrap();
    assert_eq!(again, CreateOutcome::Conflict);
    assert_eq!(world.get("acme", id).await, None);
}

// ---------------------------------------------------------------------------------------------
// Put

async fn a_put_creates_what_is_absent_and_replaces_what_is_there(world: World) {
    let id = ClientId::random();
    let created = full().created(id, world.at(0));
    assert_eq!(world.put("acme", id, full(), 0).await, PutOutcome::Created(created.clone()));
    assert_eq!(world.get("acme", id).await, Some(created.clone()));
    let other = NewClient { status: Status::Inactive, phone: Some("2".parse().unwrap()), ..new("Jane") };
    let replaced = Client { created_at: world.at(0), version: 2, ..other.clone().created(id, world.at(1)) };
    assert_eq!(world.put("acme", id, other, 1).await, PutOutcome::Replaced(replaced.clone()));
    assert_eq!(world.get("acme", id).await, Some(replaced.clone()));
    assert_eq!(world.feed("acme", None).await, [entry(replaced)]);
}

async fn a_replacement_clears_what_it_does_not_give_and_keeps_the_creation(world: World) {
    for notes in ["short".to_owned(), "long ".repeat(100)] {
        let id = ClientId::random();
        let given = NewClient { notes: Some(notes.parse().unwrap()), status: Status::Inactive, ..full() };
        world.store.create(&world.by("acme", 0), id, given.clone(), Some("hash")).await.unwrap();
        let replaced = world.put("acme", id, new("Ann"), 1).await.client().clone();
        assert_eq!((&replaced.phone, &replaced.notes, replaced.status), (&None, &None, Status::Active));
        assert_eq!((replaced.created_at, replaced.version), (world.at(0), 2));
        assert_eq!(world.get("acme", id).await, Some(replaced));
        // The idempotency key that made the client still names it.
        let again = world.store.create(&world.by("acme", 2), id, given.clone(), Some("hash")).await.unwrap();
        assert_eq!(again, CreateOutcome::Replayed(given.clone().created(id, world.at(0))));
        // Notes move between short and long, as in an update.
        assert_eq!(world.put("acme", id, given.clone(), 3).await.client().notes, given.notes);
        assert_eq!(world.get("acme", id).await.unwrap().notes, given.notes);
    }
}

async fn a_put_changes_nothing_unless_what_it_expects_is_there(world: World) {
    let [absent, living, deleted, erased] = [(); 4].map(|()| ClientId::random());
    for id in [living, deleted, erased] {
        world.put("acme", id, new("Ann"), 0).await;
        world.put("acme", id, new("Bob"), 1).await;
    }
    world.delete("acme", deleted, 2).await;
    world.erase("acme", erased, 2).await;
    let before = world.dump(&world.tables.clients).await.len();
    let feed = world.feed("acme", None).await;
    let put =
        async |id, expected: &ExpectedVersions| world.store.put(&world.by("acme", 3), id, &new("Cid"), expected).await;
    let both = ExpectedVersions { any_of: Some(Vec::new()), ..ExpectedVersions::PRESENT };
    for (id, expected) in [
        (living, ExpectedVersions::ABSENT),
        (living, ExpectedVersions::any_of(&[1, 3])),
        (living, none_of(&[2])),
        (living, both.clone()),
        (absent, both.clone()),
        (absent, ExpectedVersions::PRESENT),
        (absent, ExpectedVersions::any_of(&[1])),
        // The version of a deletion is no client's.
        (deleted, ExpectedVersions::any_of(&[3])),
        (deleted, ExpectedVersions::PRESENT),
        (deleted, both),
        (erased, ExpectedVersions::any_of(&[2, 3])),
    ] {
        let refused = put(id, &expected).await;
        assert!(matches!(refused, Err(WriteError::UnexpectedVersion)), "{expected:?}: {refused:?}");
    }
    assert_eq!(world.feed("acme", None).await, feed);
    assert_eq!(world.dump(&world.tables.clients).await.len(), before);

    let mut version = 2;
    for expected in [ExpectedVersions::PRESENT, ExpectedVersions::any_of(&[9, 3]), none_of(&[1, 2])] {
        let replaced = put(living, &expected).await.unwrap();
        version += 1;
        assert!(matches!(&replaced, PutOutcome::Replaced(client) if client.version == version), "{replaced:?}");
    }
    for (id, expected) in [(absent, none_of(&[1])), (deleted, ExpectedVersions::ABSENT), (erased, none_of(&[3]))] {
        let created = put(id, &expected).await.unwrap();
        assert!(matches!(created, PutOutcome::Created(_)), "{expected:?}: {created:?}");
        world.delete("acme", id, 4).await;
    }
    assert!(matches!(put(absent, &ExpectedVersions::ABSENT).await.unwrap(), PutOutcome::Created(_)));
}

async fn a_client_that_is_put_after_a_deletion_is_new_but_for_its_versions(world: World) {
    for permanently in [false, true] {
        let (id, made) = world.make_with_hash(&format!("org-{permanently}"), "hash").await;
        let org = format!("org-{permanently}");
        let notes = Some(Some("long ".repeat(100).parse().unwrap()));
        world.update(&org, id, ClientPatch { notes, ..patch() }, 1).await;
        world.store.delete(&world.by(&org, 2), id, &ExpectedVersions::ALL, permanently).await.unwrap();
        let other = WriteContext::new(Caller { user: "bob".parse().unwrap(), ..caller(&org) }, world.at(3));
        let put = world.store.put(&other, id, &new("Bob"), &ExpectedVersions::ALL).await.unwrap();
        let expected = Client { version: 4, ..new("Bob").created(id, world.at(3)) };
        assert_eq!(put, PutOutcome::Created(expected.clone()));
        assert_eq!(world.get(&org, id).await, Some(expected.clone()));
        assert_eq!(world.feed(&org, None).await, [entry(expected)]);

        let items = world.dump(&world.tables.clients).await;
        let item = items.iter().find(|item| item["orgId"].as_s().unwrap() == &org).unwrap();
        for gone in ["deletedAt", "expiresAt", "kept", "longNotes", "createdAt"] {
            assert!(!item.contains_key(gone), "{gone}: {item:?}");
        }
        assert_eq!(item["createdBy"].as_s().unwrap(), "bob");
        assert!(!format!("{item:?}").contains(made.name.as_str()), "{item:?}");
        // It cannot be restored to what it was before.
        let restored = world.store.restore(&world.by(&org, 4), id, &ExpectedVersions::ALL).await.unwrap();
        assert_eq!(restored.name.as_str(), "Bob");
    }
}

async fn a_put_whose_clock_is_behind_does_not_turn_time_back(world: World) {
    let id = ClientId::random();
    world.put("acme", id, new("Ann"), 9).await;
    let replaced = world.put("acme", id, new("Bob"), 5).await.client().clone();
    assert_eq!((replaced.version, replaced.updated_at), (2, world.at(9)));
    assert_eq!(world.feed("acme", Some(world.at(9))).await, [entry(replaced)]);
    world.delete("acme", id, 12).await;
    let created = world.put("acme", id, new("Cid"), 7).await.client().clone();
    assert_eq!((created.version, created.updated_at, created.created_at), (4, world.at(12), world.at(12)));
    assert_eq!(world.feed("acme", Some(world.at(12))).await, [entry(created)]);
}

async fn of_a_hundred_puts_of_an_absent_client_exactly_one_wins(world: World) {
    // One that was never there, and one that was deleted.
    let [never, deleted] = [(); 2].map(|()| ClientId::random());
    world.put("acme", deleted, new("Ann"), 0).await;
    world.delete("acme", deleted, 1).await;
    for (id, version) in [(never, 1), (deleted, 3)] {
        let race = join_all((0..100).map(|racer| {
            let (store, context) = (world.store.clone(), world.by("acme", 2));
            async move { store.put(&context, id, &new(&format!("Racer {racer}")), &ExpectedVersions::ABSENT).await }
        }));
        let (won, lost): (Vec<_>, Vec<_>) = race.await.into_iter().partition(Result::is_ok);
        assert!(lost.iter().all(|lost| matches!(lost, Err(WriteError::UnexpectedVersion))), "{lost:?}");
        let [Ok(PutOutcome::Created(winner))] = &won[..] else { panic!("{won:?}") };
        assert_eq!(winner.version, version);
        assert_eq!(world.get("acme", id).await.as_ref(), Some(winner));
    }
}

async fn concurrent_puts_of_one_client_all_take_effect(world: World) {
    let id = ClientId::random();
    let puts = join_all((0..20).map(|_| world.put("acme", id, new("Ann"), 1))).await;
    let mut versions: Vec<u64> = puts.iter().map(|put| put.client().version).collect();
    versions.sort_unstable();
    assert!(versions.iter().copied().eq(1..=20), "{versions:?}");
    assert_eq!(puts.iter().filter(|put| matches!(put, PutOutcome::Created(_))).count(), 1);
}

async fn nothing_is_put_at_the_reserved_identifier(world: World) {
    let put =
        async || world.store.put(&world.by("acme", 1), ClientId::RESERVED, &new("Ann"), &ExpectedVersions::ALL).await;
    assert!(matches!(put().await, Err(WriteError::NotFound)));
    world.store.mark_as_deleted(&org("acme"), &world.clock).await.unwrap();
    assert!(matches!(put().await, Err(WriteError::NotFound)));
    for permanently in [false, true] {
        let context = world.by("acme", 2);
        let deleted = world.store.delete(&context, ClientId::RESERVED, &ExpectedVersions::ALL, permanently).await;
        assert!(matches!(deleted, Err(WriteError::NotFound)), "{deleted:?}");
    }
    let restored = world.store.restore(&world.by("acme", 2), ClientId::RESERVED, &ExpectedVersions::ALL).await;
    assert!(matches!(restored, Err(WriteError::NotFound)), "{restored:?}");
    assert!(world.store.feed(&org("acme"), None, None).await.unwrap().mark.is_some());
}

// ---------------------------------------------------------------------------------------------
// Restore

async fn a_restored_client_is_as_it_was(world: World) {
    for (notes, is_long) in [("short".to_owned(), false), ("long ".repeat(100), true)] {
        let (org, id) = (format!("org-{is_long}"), ClientId::random());
        let given = NewClient { status: Status::Inactive, notes: Some(notes.parse().unwrap()), ..full() };
        world.put(&org, id, given.clone(), 0).await;
        let before: Vec<String> = world.attributes(&org).await;
        // More than once.
        for (deletion, version) in [(1, 3), (3, 5)] {
            world.delete(&org, id, deletion).await;
            assert_eq!(world.get(&org, id).await, None);
            let at = world.at(deletion + 1);
            let restored = world.restore(&org, id, deletion + 1).await;
            let expected = Client { version, updated_at: at, ..given.clone().created(id, world.at(0)) };
            assert_eq!(restored, expected);
            assert_eq!(world.get(&org, id).await, Some(expected.clone()));
            let listed = world.only_entry(&org).await;
            assert_eq!((listed.client.version, listed.has_long_notes), (version, is_long));
            let beside = &world.store.long_notes(&self::org(&org), &[id]).await.unwrap()[&id];
            assert_eq!(beside.notes, expected.notes.filter(|_| is_long));
        }
        // Nothing of the tombstone is left, its end above all.
        let mut after = world.attributes(&org).await;
        after.retain(|name| name != "revivals");
        assert_eq!(after, before);
        // It is written as any other.
        world.update(&org, id, rename("Bob"), 5).await;
        world.put(&org, id, new("Cid"), 6).await;
    }
}

async fn restoring_a_client_that_lives_changes_nothing(world: World) {
    let id = world.make_full("acme", 0).await.id;
    world.delete("acme", id, 1).await;
    let restored = world.restore("acme", id, 2).await;
    let tally = Tally::default();
    let store = world.store.counting_in(&tally);
    for expected in [ExpectedVersions::ALL, ExpectedVersions::any_of(&[3])] {
        assert_eq!(store.restore(&world.by("acme", 3), id, &expected).await.unwrap(), restored);
    }
    assert_eq!(tally.client_write(), None);
    let never_deleted = world.make("acme", "Ann", 0).await;
    assert_eq!(world.restore("acme", never_deleted.id, 3).await, never_deleted);
    let stale = world.store.restore(&world.by("acme", 3), id, &ExpectedVersions::any_of(&[2])).await;
    assert!(matches!(stale, Err(WriteError::UnexpectedVersion)), "{stale:?}");
    assert_eq!(world.get("acme", id).await, Some(restored));
    // Even if nothing can be restored.
    let store = world.store.clone().with_restore_window(RestoreWindow::NONE);
    assert_eq!(
        store.restore(&world.by("acme", 4), never_deleted.id, &ExpectedVersions::ALL).await.unwrap(),
        never_deleted
    );
}

async fn what_is_gone_for_good_is_not_restored(world: World) {
    let (absent, erased, late) =
        (ClientId::random(), world.make("acme", "Ann", 0).await.id, world.make("acme", "Bob", 0).await.id);
    world.erase("acme", erased, 1).await;
    world.delete("acme", late, 1).await;
    world.erase("acme", late, 2).await;
    for id in [absent, erased, late] {
        let restored = world.store.restore(&world.by("acme", 3), id, &ExpectedVersions::ALL).await;
        assert!(matches!(restored, Err(WriteError::NotFound)), "{restored:?}");
        assert_eq!(world.get("acme", id).await, None);
    }
}

async fn a_deletion_can_be_undone_within_the_window_alone(world: World) {
    const DAY: u64 = 24 * 60 * 60;
    let id = world.make("acme", "Ann", 0).await.id;
    world.delete("acme", id, 0).await;
    let window = |days: &str| world.store.clone().with_restore_window(days.parse().unwrap());
    let restore = async |days: &str, at: Timestamp| {
        let context = WriteContext::new(caller("acme"), at);
        window(days).restore(&context, id, &ExpectedVersions::ALL).await
    };
    // A shorter window governs what was deleted under a longer one.
    for (days, at) in [("7", world.at(7 * DAY).next()), ("2", world.at(2 * DAY).next()), ("0", world.at(0))] {
        let late = restore(days, at).await;
        assert!(matches!(late, Err(WriteError::NotFound)), "{days}: {late:?}");
    }
    assert_eq!(restore("2", world.at(2 * DAY)).await.unwrap().version, 3);
    world.delete("acme", id, 2 * DAY).await;
    assert_eq!(restore("7", world.at(9 * DAY)).await.unwrap().version, 5);
}

async fn a_restoration_whose_clock_is_behind_does_not_turn_time_back(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    world.delete("acme", id, 9).await;
    let restored = world.restore("acme", id, 5).await;
    assert_eq!((restored.version, restored.updated_at), (3, world.at(9)));
    assert_eq!(world.feed("acme", Some(world.at(9))).await, [entry(restored)]);
}

async fn a_restoration_compares_the_expected_versions_with_the_deletions(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    world.delete("acme", id, 1).await;
    for expected in [ExpectedVersions::any_of(&[1, 3]), none_of(&[2])] {
        let refused = world.store.restore(&world.by("acme", 2), id, &expected).await;
        assert!(matches!(refused, Err(WriteError::UnexpectedVersion)), "{expected:?}: {refused:?}");
    }
    let restored = world.store.restore(&world.by("acme", 2), id, &ExpectedVersions::any_of(&[2])).await;
    assert_eq!(restored.unwrap().version, 3);
}

async fn of_a_hundred_restorations_one_restores_and_all_give_the_client(world: World) {
    let id = world.make("acme", "Ann", 0).await.id;
    world.delete("acme", id, 1).await;
    let race = join_all((0..100).map(|_| {
        let tally = Tally::default();
        let (store, context) = (world.store.counting_in(&tally), world.by("acme", 2));
        async move {
            let restored = store.restore(&context, id, &ExpectedVersions::ALL).await.unwrap();
            (restored, tally.client_write().is_some())
        }
    }));
    let answers = race.await;
    assert_eq!(answers.iter().filter(|(_, wrote)| *wrote).count(), 1);
    let there = world.get("acme", id).await.unwrap();
    assert_eq!(there.version, 3);
    assert!(answers.iter().all(|(restored, _)| *restored == there));
}

// ---------------------------------------------------------------------------------------------
// Idempotent create

async fn a_repeated_create_gives_the_client_as_it_was_made(world: World) {
    let (id, made) = world.make_with_hash("acme", "hash").await;
    let again = world.store.create(&world.by("acme", 9), id, full(), Some("hash")).await.unwrap();
    assert_eq!(again, CreateOutcome::Replayed(made.clone()));
    assert_eq!(world.get("acme", id).await, Some(made));
}

async fn a_repeated_create_is_recognized_after_an_update_and_after_the_deletion(world: World) {
    let (id, made) = world.make_with_hash("acme", "hash").await;
    let updated =
        world.update("acme", id, ClientPatch { name: Some("Jane".parse().unwrap()), phone: Some(None), ..patch() }, 1);
    let updated = updated.await;
    let again = world.store.create(&world.by("acme", 2), id, full(), Some("hash")).await.unwrap();
    assert_eq!(again, CreateOutcome::Replayed(made.clone()));
    assert_eq!(world.get("acme", id).await, Some(updated), "a repetition undoes nothing");

    world.delete("acme", id, 3).await;
    let again = world.store.create(&world.by("acme", 4), id, full(), Some("hash")).await.unwrap();
    assert_eq!(again, CreateOutcome::Replayed(made));
    assert_eq!(world.get("acme", id).await, None, "a repetition brings nothing back");
}

async fn a_repeated_create_is_recognized_whatever_became_of_the_client(world: World) {
    let (id, made) = world.make_with_hash("acme", "hash").await;
    let create = async |hash| world.store.create(&world.by("acme", 9), id, full(), Some(hash)).await.unwrap();
    world.delete("acme", id, 1).await;
    assert_eq!(create("hash").await, CreateOutcome::Replayed(made.clone()));
    world.restore("acme", id, 2).await;
    assert_eq!(create("hash").await, CreateOutcome::Replayed(made.clone()));
    world.delete("acme", id, 3).await;
    world.erase("acme", id, 4).await;
    assert_eq!(create("hash").await, CreateOutcome::Replayed(made.clone()));
    // A client that is put there has another creation.
    world.put("acme", id, full(), 5).await;
    let made = Client { created_at: world.at(5), updated_at: world.at(5), ..made };
    assert_eq!(create("hash").await, CreateOutcome::Replayed(made));
    assert_eq!(create("another").await, CreateOutcome::Conflict);
}

async fn an_identifier_made_by_another_request_is_a_conflict(world: World) {
    let (id, made) = world.make_with_hash("acme", "hash").await;
    for hash in [Some("other hash"), None] {
        let other = world.store.create(&world.by("acme", 1), id, new("Other"), hash).await.unwrap();
        assert_eq!(other, CreateOutcome::Conflict);
    }
    assert_eq!(world.get("acme", id).await, Some(made));
    world.delete("acme", id, 2).await;
    let other = world.store.create(&world.by("acme", 3), id, new("Other"), Some("other hash")).await.unwrap();
    assert_eq!(other, CreateOutcome::Conflict);
}

async fn of_a_hundred_equal_creates_one_makes_the_client_and_all_answer_alike(world: World) {
    let id = ClientId::random();
    let race = join_all((0..100).map(|racer| {
        let (store, context) = (world.store.clone(), world.by("acme", racer));
        async move { store.create(&context, id, full(), Some("hash")).await.unwrap() }
    }));
    let mut made = 0;
    let stored = race.await.into_iter().map(|created| match created {
        CreateOutcome::Created(client) => {
            made += 1;
            client
        }
        CreateOutcome::Replayed(client) => client,
        CreateOutcome::Conflict => panic!("a conflict between equal requests"),
    });
    let answers: Vec<Client> = stored.collect();
    assert_eq!(made, 1);
    let there = world.get("acme", id).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == there));
}

// ---------------------------------------------------------------------------------------------
// Tenancy

async fn organizations_with_the_same_identifier_do_not_see_each_other(world: World) {
    let id = ClientId::random();
    let long = NewClient { notes: Some("long ".repeat(100).parse().unwrap()), ..new("Of acme") };
    world.store.create(&world.by("acme", 0), id, long, Some("hash")).await.unwrap();

    let other = world.by("other", 1);
    assert_eq!(world.get("other", id).await, None);
    assert!(matches!(
        world.store.update(&other, id, &rename("X"), &ExpectedVersions::ALL).await,
        Err(WriteError::NotFound)
    ));
    assert!(matches!(world.store.delete(&other, id, &ExpectedVersions::ALL, false).await, Err(WriteError::NotFound)));
    assert_eq!(world.feed("other", None).await, []);
    assert_eq!(world.store.long_notes(&org("other"), &[id]).await.unwrap(), HashMap::new());

    let theirs = world.store.create(&other, id, new("Of other"), Some("hash")).await.unwrap();
    assert_eq!(theirs, CreateOutcome::Created(new("Of other").created(id, world.at(1))));
    world.delete("other", id, 2).await;
    assert_eq!(world.get("acme", id).await.unwrap().name.as_str(), "Of acme");
    assert_eq!(world.only_entry("acme").await.client.version, 1);
    // An organization whose name is the beginning of another's.
    assert_eq!(world.feed("acm", None).await, []);
}

// ---------------------------------------------------------------------------------------------
// The change feed

async fn the_feed_is_in_the_order_of_change(world: World) {
    let mut made = Vec::new();
    for second in [3, 1, 4, 0, 2] {
        made.push(world.make("acme", &format!("Made at {second}"), second).await);
    }
    made.sort_by_key(|client| client.updated_at);
    assert_eq!(world.feed("acme", None).await, made.into_iter().map(entry).collect::<Vec<_>>());
}

async fn the_feed_since_an_instant_holds_that_instant_and_what_is_later(world: World) {
    let clients =
        [world.make("acme", "A", 1).await, world.make("acme", "B", 2).await, world.make("acme", "C", 3).await]
            .map(entry);
    assert_eq!(world.feed("acme", Some(world.at(0))).await, clients);
    assert_eq!(world.feed("acme", Some(world.at(2))).await, clients[1..]);
    let later = Timestamp::from_millis(world.at(2).millis() + 1);
    assert_eq!(world.feed("acme", Some(later)).await, clients[2..]);
    assert_eq!(world.feed("acme", Some(world.at(4))).await, []);
}

async fn the_feed_has_each_client_once_as_it_is_now(world: World) {
    let (a, b, c) =
        (world.make("acme", "A", 1).await, world.make("acme", "B", 2).await, world.make("acme", "C", 3).await);
    let a = world.update("acme", a.id, rename("A, changed"), 4).await;
    world.delete("acme", b.id, 5).await;
    let expected = [entry(c), entry(a), Change::Remove { id: b.id, version: 2, deleted_at: world.at(5) }];
    assert_eq!(world.feed("acme", None).await, expected);
    assert_eq!(world.feed("acme", Some(world.at(4))).await, expected[1..]);
}

async fn the_feed_has_every_client_of_the_same_instant(world: World) {
    let made = join_all((0..20).map(|n| {
        let (world, name) = (&world, format!("Twin {n}"));
        async move { world.make("acme", &name, 1).await.id }
    }));
    let mut made = made.await;
    let mut found: Vec<ClientId> = world.feed("acme", Some(world.at(1))).await.iter().map(Change::id).collect();
    made.sort();
    found.sort();
    assert_eq!(found, made);
}

async fn the_feed_leaves_out_long_notes_and_says_so(world: World) {
    let full = world.make_full("acme", 0).await;
    assert_eq!(world.only_entry("acme").await, ListedClient { client: full.clone(), has_long_notes: false });
    let notes = "long ".repeat(100).parse().unwrap();
    let long = world.update("acme", full.id, ClientPatch { notes: Some(Some(notes)), ..patch() }, 1).await;
    let expected = ListedClient { client: Client { notes: None, ..long }, has_long_notes: true };
    assert_eq!(world.only_entry("acme").await, expected);
}

async fn a_feed_of_many_pages_has_everything_once_and_in_order(world: World) {
    // About 1.4 KB each in the index: two full pages of 1 MB and a bit.
    const CLIENTS: u64 = 1_800;
    let big = |n: u64| NewClient {
        name: "𝒳".repeat(NAME_CHARS).parse().unwrap(),
        phone: Some("𝒳".repeat(PHONE_CHARS).parse().unwrap()),
        status: Status::Active,
        notes: Some(format!("{n:0256}").parse().unwrap()),
    };
    for batch in (0..CLIENTS).collect::<Vec<_>>().chunks(50) {
        let creates = batch.iter().map(|&n| {
            let (store, context, new) = (&world.store, world.by("acme", n), big(n));
            async move { store.create(&context, ClientId::random(), new, None).await.unwrap() }
        });
        join_all(creates).await;
    }
    for (since, expected) in [(None, 0..CLIENTS), (Some(world.at(200)), 200..CLIENTS)] {
        let (mut sizes, mut timestamps, mut cursor) = (Vec::new(), Vec::new(), None);
        loop {
            let page = world.store.feed(&org("acme"), since, cursor).await.unwrap();
            sizes.push(page.changes.len());
            timestamps.extend(page.changes.iter().map(Change::at));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(sizes.len() >= 3, "pages of {sizes:?}");
        assert_eq!(timestamps, expected.map(|n| world.at(n)).collect::<Vec<_>>());
    }
}

async fn the_feed_goes_on_after_any_position_even_if_nothing_is_there_any_more(world: World) {
    // Twins: entries of the same instant have an order too.
    for (name, second) in [("A", 1), ("B", 2), ("C", 2), ("D", 2), ("E", 3)] {
        world.make("acme", name, second).await;
    }
    let all = world.feed("acme", None).await;
    let (mut start, mut found) = (FeedStart::Beginning, Vec::new());
    loop {
        let page = world.store.feed_from(&org("acme"), start, 1).await.unwrap();
        assert!(page.changes.len() <= 1);
        for change in page.changes {
            // It moves to the end, and the position after which the feed goes on is empty.
            if change.at() == world.at(2) {
                world.update("acme", change.id(), patch(), 9).await;
            }
            found.push((change.id(), change.version()));
        }
        let Some(next) = page.next else { break };
        start = FeedStart::After(next.position().unwrap());
    }
    let twins = world.feed("acme", Some(world.at(9))).await;
    let expected = all.iter().map(|change| (change.id(), 1));
    assert_eq!(found, expected.chain(twins.iter().map(|change| (change.id(), 2))).collect::<Vec<_>>());
    let from = world.store.feed_from(&org("acme"), FeedStart::At(world.at(3)), 2).await.unwrap();
    assert_eq!((from.changes.len(), from.changes[0].id(), from.next.is_some()), (2, all[4].id(), true));
}

async fn a_write_is_in_the_feed_as_soon_as_it_is_answered(world: World) {
    for second in 0..20 {
        let since = Some(world.at(second));
        let made = world.make("acme", "Ann", second).await;
        assert_eq!(world.feed("acme", since).await, [entry(made.clone())]);
        let updated = world.update("acme", made.id, rename("Bob"), second).await;
        assert_eq!(world.feed("acme", since).await, [entry(updated)]);
        world.delete("acme", made.id, second).await;
        assert_eq!(
            world.feed("acme", since).await,
            [Change::Remove { id: made.id, version: 3, deleted_at: world.at(second) }]
        );
    }
}

async fn the_feed_of_an_organization_without_clients_is_empty(world: World) {
    let page = world.store.feed(&org("acme"), None, None).await.unwrap();
    assert!(page.changes.is_empty() && page.next.is_none());
}

// ---------------------------------------------------------------------------------------------
// Long notes

async fn long_notes_come_with_the_version_they_belong_to(world: World) {
    let [long, short, deleted] = ["Long", "Short", "Deleted"].map(|name| world.make("acme", name, 0));
    let [long, short, deleted] = [long.await.id, short.await.id, deleted.await.id];
    let notes: domain::Notes = "long ".repeat(100).parse().unwrap();
    for id in [long, deleted] {
        world.update("acme", id, ClientPatch { notes: Some(Some(notes.clone())), ..patch() }, 1).await;
    }
    world.delete("acme", deleted, 2).await;
    let found = world.store.long_notes(&org("acme"), &[long, short, deleted, ClientId::random()]).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!((found[&long].version, found[&long].notes.as_ref()), (2, Some(&notes)));
    assert_eq!((found[&short].version, found[&short].notes.as_ref()), (1, None));
    assert_eq!((found[&deleted].version, found[&deleted].notes.as_ref()), (3, None));
}

async fn the_longest_notes_of_a_whole_page_are_found(world: World) {
    let notes: domain::Notes = "𝒳".repeat(NOTES_CHARS).parse().unwrap();
    let made = join_all((0..100).map(|_| {
        let (store, context, id) = (&world.store, world.by("acme", 0), ClientId::random());
        let new = NewClient { notes: Some(notes.clone()), ..new("Ann") };
        async move {
            store.create(&context, id, new, None).await.unwrap();
            id
        }
    }));
    let ids = made.await;
    let found = world.store.long_notes(&org("acme"), &ids).await.unwrap();
    assert_eq!(found.len(), 100);
    assert!(ids.iter().all(|id| found[id].notes.as_ref() == Some(&notes)));
}

async fn the_long_notes_of_no_client_are_none(world: World) {
    assert_eq!(world.store.long_notes(&org("acme"), &[]).await.unwrap(), HashMap::new());
}

// ---------------------------------------------------------------------------------------------
// API keys

async fn a_stored_key_is_found_by_its_hash(world: World) {
    let key = ApiKey::generate().unwrap();
    let made = world.store.create_api_key(&key, new_key(&world, "acme", "Zoë’s laptop"), world.at(0)).await.unwrap();
    let found = world.store.find_api_key(&key.hash()).await.unwrap().unwrap();
    assert_eq!(format!("{found:?}"), format!("{made:?}"));
    assert_eq!((found.caller.org.as_str(), found.caller.user.as_str()), ("acme", "ann"));
    assert_eq!((found.name.as_str(), found.hint), ("Zoë’s laptop", key.hint()));
    assert_eq!((found.created_at, found.expires_at), (world.at(0), world.at(1_000)));
    assert_eq!((found.revoked_at, found.last_used_at), (None, None));
    assert!(world.store.find_api_key(&ApiKey::generate().unwrap().hash()).await.unwrap().is_none());
}

async fn the_table_of_keys_holds_no_key(world: World) {
    let key = ApiKey::generate().unwrap();
    world.store.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap();
    let dump = format!("{:?}", world.dump(&world.tables.api_keys).await);
    assert!(dump.contains("A key"), "{dump}");
    // Not even more of it than its hint.
    assert!(!dump.contains(&key.reveal()[..10]) && !dump.contains(&key.reveal()[10..20]), "{dump}");
}

async fn a_key_is_stored_once(world: World) {
    let key = ApiKey::generate().unwrap();
    let first = world.store.create_api_key(&key, new_key(&world, "acme", "First"), world.at(0)).await.unwrap();
    let second = world.store.create_api_key(&key, new_key(&world, "other", "Second"), world.at(1)).await.unwrap();
    assert_eq!((second.caller, second.name.as_str()), (first.caller.clone(), "First"));
    assert_eq!(world.store.find_api_key(&key.hash()).await.unwrap().unwrap().caller, first.caller);
}

async fn the_last_use_of_a_key_is_written_at_most_once_a_minute(world: World) {
    let key = ApiKey::generate().unwrap();
    let record = world.store.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap();
    let minute = Duration::from_secs(60);
    for (now, last_use) in [(10, 10), (11, 10), (69, 10), (70, 10), (71, 71), (100, 71)] {
        world
            .store
            .note_api_key_use(record.hash(), used(world.at(now), world.at(now).before(minute)), None)
            .await
            .unwrap();
        let found = world.store.find_api_key(&key.hash()).await.unwrap().unwrap();
        assert_eq!(found.last_used_at, Some(world.at(last_use)), "used at {now}");
    }
}

async fn noting_the_use_of_a_key_that_is_gone_makes_none(world: World) {
    // A record of tables that were there before these.
    let key = ApiKey::generate().unwrap();
    let elsewhere = world.store_without_tables();
    elsewhere.create_tables().await.unwrap();
    let record = elsewhere.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap();
    elsewhere.delete_tables().await.unwrap();

    world.store.note_api_key_use(record.hash(), used(world.at(1), world.at(0)), None).await.unwrap();
    world.store.revoke_api_key(&record, world.at(1)).await.unwrap_err();
    world.store.expire_api_key(&record, world.at(1)).await.unwrap_err();
    assert_eq!(world.dump(&world.tables.api_keys).await, []);
}

async fn keys_are_listed_by_organization_in_the_order_of_their_creation(world: World) {
    for (org, name, second) in
        [("acme", "Third", 3), ("acme", "First", 1), ("other", "Other", 0), ("acme", "Second", 2)]
    {
        let key = ApiKey::generate().unwrap();
        world.store.create_api_key(&key, new_key(&world, org, name), world.at(second)).await.unwrap();
    }
    let names = async |org: &str| -> Vec<String> {
        let keys = world.store.list_api_keys(&org.parse().unwrap()).await.unwrap();
        keys.into_iter().map(|key| key.name).collect()
    };
    assert_eq!(names("acme").await, ["First", "Second", "Third"]);
    assert_eq!(names("other").await, ["Other"]);
    assert_eq!(names("nobody").await, Vec::<String>::new());
}

async fn a_key_is_found_by_its_identifier_however_many_there_are(world: World) {
    // Four items of 380 KB: more than the 1 MB after which a read of the table is cut.
    let long_name = "n".repeat(380_000);
    let made = join_all((0..4).map(|_| {
        let (store, new, now) = (&world.store, new_key(&world, "acme", &long_name), world.at(0));
        async move { store.create_api_key(&ApiKey::generate().unwrap(), new, now).await.unwrap() }
    }));
    for made in made.await {
        let found = world.store.find_api_key_by_id(&made.caller.key_id).await.unwrap().unwrap();
        assert_eq!(found.caller, made.caller);
    }
    assert_eq!(world.store.list_api_keys(&org("acme")).await.unwrap().len(), 4);
    assert!(world.store.find_api_key_by_id(&domain::KeyId::random()).await.unwrap().is_none());
}

async fn a_revoked_key_is_revoked_from_the_next_read_on_and_for_good(world: World) {
    let key = ApiKey::generate().unwrap();
    let record = world.store.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap();
    assert_eq!(record.state(world.at(1)), ApiKeyState::Active);
    world.store.revoke_api_key(&record, world.at(1)).await.unwrap();
    let revoked = world.store.find_api_key(&key.hash()).await.unwrap().unwrap();
    assert_eq!((revoked.state(world.at(1)), revoked.revoked_at), (ApiKeyState::Revoked, Some(world.at(1))));

    world.store.revoke_api_key(&record, world.at(2)).await.unwrap();
    world.store.expire_api_key(&record, world.at(9_000)).await.unwrap();
    world.store.note_api_key_use(record.hash(), used(world.at(3), world.at(2)), None).await.unwrap();
    let still = world.store.find_api_key(&key.hash()).await.unwrap().unwrap();
    assert_eq!((still.state(world.at(3)), still.revoked_at), (ApiKeyState::Revoked, Some(world.at(1))));
}

async fn a_key_ends_at_its_end_and_its_end_can_be_moved(world: World) {
    let key = ApiKey::generate().unwrap();
    let record = world.store.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap();
    let last_millisecond = Timestamp::from_millis(world.at(1_000).millis() - 1);
    assert_eq!(record.state(last_millisecond), ApiKeyState::Active);
    assert_eq!(record.state(world.at(1_000)), ApiKeyState::Expired);
    world.store.expire_api_key(&record, world.at(5)).await.unwrap();
    let found = world.store.find_api_key(&key.hash()).await.unwrap().unwrap();
    assert_eq!((found.state(world.at(4)), found.state(world.at(5))), (ApiKeyState::Active, ApiKeyState::Expired));
}

// ---------------------------------------------------------------------------------------------
// Reads that start together

async fn a_key_and_a_client_that_are_read_together_are_one_call(world: World) {
    let (made, key, tally) = (world.make_full("acme", 0).await, world.key("acme").await, Tally::default());
    let (hash, caller) = (key.hash(), caller("acme"));
    let store = world.store.counting_in(&tally);
    let (record, found) = join(store.find_api_key(&hash), store.get(&caller, made.id)).await;
    assert_eq!(record.unwrap().unwrap().caller.org, caller.org);
    assert_eq!(found.unwrap(), Some(made));
    assert_eq!(tally.calls(), 1);
    assert!(tally.units().read > 1.0 && tally.units().read <= 2.0, "{:?}", tally.units());
    let unknown = ApiKey::generate().unwrap().hash();
    let (record, found) = join(store.find_api_key(&unknown), store.get(&caller, ClientId::random())).await;
    assert!(record.unwrap().is_none());
    assert_eq!(found.unwrap(), None);
    assert_eq!(tally.calls(), 2);
}

async fn reads_that_start_one_after_the_other_are_calls_of_their_own(world: World) {
    let (made, key, tally) = (world.make_full("acme", 0).await, world.key("acme").await, Tally::default());
    let store = world.store.counting_in(&tally);
    for calls in [1, 3] {
        assert!(store.find_api_key(&key.hash()).await.unwrap().is_some());
        assert_eq!(tally.calls(), calls);
        assert_eq!(store.get(&caller("acme"), made.id).await.unwrap().as_ref(), Some(&made));
    }
}

async fn two_clients_that_are_read_together_are_each_found(world: World) {
    let (one, other) = (world.make("acme", "Ann", 0).await, world.make("acme", "Bob", 0).await);
    let (store, caller) = (world.store.counting_in(&Tally::default()), caller("acme"));
    let found = join3(store.get(&caller, one.id), store.get(&caller, other.id), store.get(&caller, one.id)).await;
    assert_eq!((found.0.unwrap(), found.1.unwrap()), (Some(one.clone()), Some(other)));
    assert_eq!(found.2.unwrap(), Some(one));
}

async fn a_read_is_made_although_the_one_that_it_joined_was_dropped(world: World) {
    let (made, key) = (world.make_full("acme", 0).await, world.key("acme").await);
    let (hash, caller) = (key.hash(), caller("acme"));
    // Dropped before the call starts, and while it is under way.
    for polls in [1, 2] {
        let store = world.store.counting_in(&Tally::default());
        let mut first = Box::pin(store.find_api_key(&hash));
        let mut joined = Box::pin(store.get(&caller, made.id));
        for _ in 0..polls {
            assert!(poll!(&mut first).is_pending());
            assert!(poll!(&mut joined).is_pending());
        }
        drop(first);
        assert_eq!(joined.await.unwrap().as_ref(), Some(&made), "after {polls}");
    }
}

// ---------------------------------------------------------------------------------------------
// Cost and failure

async fn each_operation_on_a_client_is_one_call(world: World) {
    let (id, context, tally) = (ClientId::random(), world.by("acme", 0), Tally::default());
    let store = world.store.counting_in(&tally);
    store.create(&context, id, new("Ann"), None).await.unwrap();
    assert_eq!(tally.calls(), 1, "create");
    store.get(&context.caller, id).await.unwrap();
    assert_eq!(tally.calls(), 2, "get");
    store.update(&context, id, &rename("Bob"), &ExpectedVersions::any_of(&[1])).await.unwrap();
    assert_eq!(tally.calls(), 3, "update");
    store.feed(&context.caller.org, None, None).await.unwrap();
    assert_eq!(tally.calls(), 4, "feed");
    store.long_notes(&context.caller.org, &[id]).await.unwrap();
    assert_eq!(tally.calls(), 5, "long notes");
    store.put(&context, id, &new("Ann"), &ExpectedVersions::ALL).await.unwrap();
    assert_eq!(tally.calls(), 6, "put that replaces");
    store.delete(&context, id, &ExpectedVersions::ALL, false).await.unwrap();
    assert_eq!(tally.calls(), 7, "delete");
    store.restore(&context, id, &ExpectedVersions::ALL).await.unwrap();
    assert_eq!(tally.calls(), 8, "restore");
    // It was brought back before, so it takes two.
    store.delete(&context, id, &ExpectedVersions::ALL, true).await.unwrap();
    assert_eq!(tally.calls(), 10, "deletion for good");
    store.put(&context, ClientId::random(), &new("Ann"), &ExpectedVersions::ABSENT).await.unwrap();
    assert_eq!(tally.calls(), 11, "put that creates");
    // Refusals are answers too: nothing is tried again.
    store.update(&context, id, &rename("Bob"), &ExpectedVersions::any_of(&[1])).await.unwrap_err();
    assert_eq!(tally.calls(), 12, "refused update");
    store.create(&context, id, new("Ann"), None).await.unwrap();
    assert_eq!(tally.calls(), 13, "refused create");
    let key = ApiKey::generate().unwrap();
    store.find_api_key(&key.hash()).await.unwrap();
    assert_eq!(tally.calls(), 14, "find key");
    assert!(tally.units().write > 0.0, "{:?}", tally.units());
}

async fn a_read_of_one_client_costs_at_most_one_unit(world: World) {
    let made = world.make_full("acme", 0).await;
    let tally = Tally::default();
    let found = world.store.counting_in(&tally).get(&caller("acme"), made.id).await.unwrap();
    assert_eq!(found, Some(made));
    assert_eq!(tally.calls(), 1);
    assert!(tally.units().read > 0.0 && tally.units().read <= 1.0, "{:?}", tally.units());
}

async fn a_feed_that_has_nothing_new_costs_one_call_and_at_most_one_unit(world: World) {
    for n in 0..50 {
        world.make("acme", &format!("Client {n}"), 0).await;
    }
    let tally = Tally::default();
    let page = world.store.counting_in(&tally).feed(&org("acme"), Some(world.at(1)), None).await.unwrap();
    assert!(page.changes.is_empty() && page.next.is_none());
    assert_eq!(tally.calls(), 1);
    // What AWS charges: the least that a strongly consistent query can cost. DynamoDB Local says 0.
    let expected = if world.engine == EngineKind::DynamoDbLocal { 0.0..=1.0 } else { 1.0..=1.0 };
    assert!(expected.contains(&tally.units().read), "{:?}", tally.units());
}

async fn a_tally_counts_only_what_went_through_its_own_store(world: World) {
    let (one, other) = (Tally::default(), Tally::default());
    world.store.counting_in(&one).get(&caller("acme"), ClientId::random()).await.unwrap();
    assert_eq!((one.calls(), other.calls(), world.store.tally().calls()), (1, 0, 0));
    world.store.counting_in(&other).get(&caller("acme"), ClientId::random()).await.unwrap();
    assert_eq!((one.calls(), other.calls(), world.store.tally().calls()), (1, 1, 0));
}

async fn a_missing_table_is_an_error_without_effect(world: World) {
    let key = ApiKey::generate().unwrap();
    let record = world.store.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap();
    let (store, context, id) = (world.store_without_tables(), world.by("acme", 0), ClientId::random());
    let of = |refused: WriteError| match refused {
        WriteError::Store(error) => error,
        other => panic!("{other:?}"),
    };
    let errors: [StoreError; 15] = [
        store.get(&context.caller, id).await.unwrap_err(),
        store.create(&context, id, new("Ann"), None).await.unwrap_err(),
        of(store.update(&context, id, &rename("Ann"), &ExpectedVersions::ALL).await.unwrap_err()),
        of(store.put(&context, id, &new("Ann"), &ExpectedVersions::ALL).await.unwrap_err()),
        of(store.put(&context, id, &new("Ann"), &ExpectedVersions::ABSENT).await.unwrap_err()),
        of(store.delete(&context, id, &ExpectedVersions::ALL, false).await.unwrap_err()),
        of(store.restore(&context, id, &ExpectedVersions::ALL).await.unwrap_err()),
        store.feed(&context.caller.org, None, None).await.unwrap_err(),
        store.long_notes(&context.caller.org, &[id]).await.unwrap_err(),
        store.find_api_key(&key.hash()).await.unwrap_err(),
        store.create_api_key(&key, new_key(&world, "acme", "A key"), world.at(0)).await.unwrap_err(),
        store.list_api_keys(&context.caller.org).await.unwrap_err(),
        store.find_api_key_by_id(&record.caller.key_id).await.unwrap_err(),
        store.note_api_key_use(record.hash(), used(world.at(0), world.at(0)), None).await.unwrap_err(),
        store.revoke_api_key(&record, world.at(0)).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("ResourceNotFoundException"), "{error}");
        assert!(!error.is_throttled() && !error.may_have_taken_effect(), "{error}");
    }
}

async fn tables_that_are_there_are_left_as_they_are(world: World) {
    let made = world.make("acme", "Ann", 0).await;
    world.store.create_tables().await.unwrap();
    assert_eq!(world.get("acme", made.id).await, Some(made));
}

// ---------------------------------------------------------------------------------------------
// The vocabulary of these tests

/// Frequent operations, which must succeed.
trait Brief {
    fn by(&self, org: &str, second: u64) -> WriteContext;
    async fn make(&self, org: &str, name: &str, second: u64) -> Client;
    async fn make_full(&self, org: &str, second: u64) -> Client;
    async fn make_with_hash(&self, org: &str, hash: &str) -> (ClientId, Client);
    async fn get(&self, org: &str, id: ClientId) -> Option<Client>;
    async fn update(&self, org: &str, id: ClientId, patch: ClientPatch, second: u64) -> Client;
    async fn put(&self, org: &str, id: ClientId, new: NewClient, second: u64) -> PutOutcome;
    async fn delete(&self, org: &str, id: ClientId, second: u64);
    async fn erase(&self, org: &str, id: ClientId, second: u64);
    async fn restore(&self, org: &str, id: ClientId, second: u64) -> Client;
    async fn attributes(&self, org: &str) -> Vec<String>;
    async fn feed(&self, org: &str, since: Option<Timestamp>) -> Vec<Change>;
    async fn only_entry(&self, org: &str) -> ListedClient;
}

impl Brief for World {
    fn by(&self, org: &str, second: u64) -> WriteContext {
        WriteContext::new(caller(org), self.at(second))
    }

    async fn make(&self, org: &str, name: &str, second: u64) -> Client {
        let id = ClientId::random();
        match self.store.create(&self.by(org, second), id, new(name), None).await.unwrap() {
            CreateOutcome::Created(client) => client,
            other => panic!("{other:?}"),
        }
    }

    /// A client with every field, its notes short.
    async fn make_full(&self, org: &str, second: u64) -> Client {
        let id = ClientId::random();
        self.store.create(&self.by(org, second), id, full(), None).await.unwrap();
        full().created(id, self.at(second))
    }

    async fn make_with_hash(&self, org: &str, hash: &str) -> (ClientId, Client) {
        let id = ClientId::random();
        let made = self.store.create(&self.by(org, 0), id, full(), Some(hash)).await.unwrap();
        let client = full().created(id, self.at(0));
        assert_eq!(made, CreateOutcome::Created(client.clone()));
        (id, client)
    }

    async fn get(&self, org: &str, id: ClientId) -> Option<Client> {
        self.store.get(&caller(org), id).await.unwrap()
    }

    async fn update(&self, org: &str, id: ClientId, patch: ClientPatch, second: u64) -> Client {
        self.store.update(&self.by(org, second), id, &patch, &ExpectedVersions::ALL).await.unwrap()
    }

    async fn delete(&self, org: &str, id: ClientId, second: u64) {
        self.store.delete(&self.by(org, second), id, &ExpectedVersions::ALL, false).await.unwrap();
    }

    async fn put(&self, org: &str, id: ClientId, new: NewClient, second: u64) -> PutOutcome {
        self.store.put(&self.by(org, second), id, &new, &ExpectedVersions::ALL).await.unwrap()
    }

    /// Deletes a client for good.
    async fn erase(&self, org: &str, id: ClientId, second: u64) {
        self.store.delete(&self.by(org, second), id, &ExpectedVersions::ALL, true).await.unwrap();
    }

    async fn restore(&self, org: &str, id: ClientId, second: u64) -> Client {
        self.store.restore(&self.by(org, second), id, &ExpectedVersions::ALL).await.unwrap()
    }

    /// The names of the attributes in the organization's only item.
    async fn attributes(&self, org: &str) -> Vec<String> {
        let items = self.dump(&self.tables.clients).await;
        let item = items.into_iter().find(|item| item["orgId"].as_s().unwrap() == org).unwrap();
        let mut names: Vec<String> = item.into_keys().collect();
        names.sort();
        names
    }

    /// The whole feed, which is one page.
    async fn feed(&self, org: &str, since: Option<Timestamp>) -> Vec<Change> {
        let page = self.store.feed(&org.parse().unwrap(), since, None).await.unwrap();
        assert!(page.next.is_none());
        page.changes
    }

    async fn only_entry(&self, org: &str) -> ListedClient {
        match <[Change; 1]>::try_from(self.feed(org, None).await).unwrap() {
            [Change::Upsert(entry)] => entry,
            [other] => panic!("{other:?}"),
        }
    }
}

fn none_of(versions: &[u64]) -> ExpectedVersions {
    ExpectedVersions { none_of: versions.to_vec(), ..ExpectedVersions::ALL }
}

fn org(org: &str) -> OrgId {
    org.parse().unwrap()
}

fn caller(of: &str) -> Caller {
    Caller { org: org(of), user: "ann".parse().unwrap(), key_id: "key_1".parse().unwrap() }
}

fn new(name: &str) -> NewClient {
    NewClient { name: name.parse().unwrap(), phone: None, status: Status::Active, notes: None }
}

/// What `leaves_nothing_personal` looks for.
fn personal() -> NewClient {
    NewClient { phone: Some("+1 555-1234".parse().unwrap()), ..new("Zacharias") }
}

fn full() -> NewClient {
    NewClient { phone: Some("+1 555-1234".parse().unwrap()), notes: Some("Met".parse().unwrap()), ..new("John") }
}

fn patch() -> ClientPatch {
    ClientPatch::default()
}

fn rename(name: &str) -> ClientPatch {
    ClientPatch { name: Some(name.parse().unwrap()), ..patch() }
}

/// As the feed has a client whose notes are short.
fn entry(client: Client) -> Change {
    Change::Upsert(ListedClient { client, has_long_notes: false })
}

fn used(at: Timestamp, unless_since: Timestamp) -> Option<LastUse> {
    Some(LastUse { at, unless_since })
}

fn new_key(world: &World, of: &str, name: &str) -> NewApiKey {
    NewApiKey { org: org(of), user: "ann".parse().unwrap(), name: name.to_owned(), expires_at: world.at(1_000) }
}
