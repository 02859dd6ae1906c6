//! A model of the feed, of its writers and of a reader: time is a number, so thousands of histories take a second.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::{ClientId, ListedClient, NewClient, limits::CURSOR_CHARS};

use super::*;

const WRITER_LIFE: i64 = 600;
const SKEW: i64 = 100;
const IN_FLIGHT: i64 = 400;
const OVERLAP: Duration = Duration::from_millis(1_100);

/// The table: the latest state of each client.
#[derive(Default)]
struct Feed(HashMap<ClientId, Change>);

impl Feed {
    /// Commits a write whose writer's clock showed `at`: the next version, or its deletion.
    fn commit(&mut self, id: ClientId, at: Timestamp, is_deletion: bool) {
        let last = self.0.get(&id);
        let (at, version) = last.map_or((at, 1), |last| (at.max(last.at()), last.version() + 1));
        self.0.insert(id, if is_deletion { tombstone(id, version, at) } else { client(id, version, at) });
    }

    /// A page of at most `most` entries, and its end if there are more.
    fn page(&self, start: FeedStart, most: usize) -> (Vec<Change>, Option<FeedPosition>) {
        let mut entries: Vec<_> = self.0.values().filter(|change| is_after(start, change)).cloned().collect();
        entries.sort_by_key(|change| (change.at(), change.id()));
        let has_more = entries.len() > most;
        entries.truncate(most);
        let end = entries.last().filter(|_| has_more).map(position);
        (entries, end)
    }
}

fn is_after(start: FeedStart, change: &Change) -> bool {
    match start {
        FeedStart::Beginning => true,
        FeedStart::At(since) => change.at() >= since,
        FeedStart::After(FeedPosition { at, id }) => (change.at(), change.id()) > (at, id),
    }
}

fn position(change: &Change) -> FeedPosition {
    FeedPosition { at: change.at(), id: change.id() }
}

fn client(id: ClientId, version: u64, updated_at: Timestamp) -> Change {
    let created = NewClient::named("Ann".parse().unwrap()).created(id, updated_at);
    Change::Upsert(ListedClient { client: domain::Client { version, ..created }, has_long_notes: false })
}

fn tombstone(id: ClientId, version: u64, deleted_at: Timestamp) -> Change {
    Change::Remove { id, version, deleted_at }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + millis)
}

/// What a reader has made of the changes that it was sent: newer versions win.
#[derive(Default)]
struct Mirror {
    latest: HashMap<ClientId, Change>,
    seen: HashSet<(ClientId, u64)>,
}

impl Mirror {
    /// Applies changes. Returns the number of those that it was sent before.
    fn apply(&mut self, changes: Vec<Change>) -> usize {
        let before = self.seen.len() + changes.len();
        for change in changes {
            self.seen.insert((change.id(), change.version()));
            if self.version(change.id()) < change.version() {
                self.latest.insert(change.id(), change);
            }
        }
        before - self.seen.len()
    }

    fn version(&self, id: ClientId) -> u64 {
        self.latest.get(&id).map_or(0, Change::version)
    }
}

/// One history of writers and a reader whose requests go to instances with clocks of their own.
struct History {
    now: i64,
    feed: Feed,
    /// Writes under way: the time of their effect, and the writer's clock at their start.
    under_way: BTreeMap<(i64, u64), (ClientId, Timestamp, bool)>,
    clients: Vec<ClientId>,
    mirror: Mirror,
    cursor: Option<Cursor>,
    /// The versions that were committed when the pass began.
    owed: HashMap<ClientId, u64>,
    repeated: usize,
    /// The clock of the instance that the reader meets, if it always meets the same.
    one_clock: Option<i64>,
}

impl History {
    fn new(one_clock: Option<i64>) -> Self {
        let clients = (0..40).map(|n| ClientId::from_bits([n; 16])).collect();
        let (feed, mirror) = (Feed::default(), Mirror::default());
        let under_way = BTreeMap::new();
        let owed = HashMap::new();
        Self { now: 0, feed, under_way, clients, mirror, cursor: None, owed, repeated: 0, one_clock }
    }

    /// The time that some instance's clock shows.
    fn clock(&self) -> Timestamp {
        at(self.now + fastrand::i64(0..=SKEW))
    }

    fn pass_time(&mut self, millis: i64) {
        self.now += millis;
        while let Some(entry) = self.under_way.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (id, at, is_deletion) = entry.remove();
            self.feed.commit(id, at, is_deletion);
        }
    }

    fn begin_write(&mut self) {
        let effect = self.now + fastrand::i64(0..=WRITER_LIFE + IN_FLIGHT);
        let id = self.clients[fastrand::usize(..self.clients.len())];
        let write = (id, self.clock(), fastrand::u8(0..5) == 0);
        self.under_way.insert((effect, fastrand::u64(..)), write);
    }

    /// Reads a page. Returns whether the pass goes on, and an error if the pass ended without what it owed.
    fn read(&mut self, overlap: Duration) -> Result<bool, String> {
        let now = self.one_clock.map_or_else(|| self.clock(), |ahead| at(self.now + ahead));
        let cursor = self.cursor.clone().unwrap_or_else(|| Cursor::first(now, overlap));
        assert!(!cursor.is_expired(now));
        if !matches!(cursor.place, Place::Within { .. }) {
            self.owed = self.feed.0.iter().map(|(id, change)| (*id, change.version())).collect();
        }
        let limit = fastrand::usize(1..=10);
        // A page may end early, as one of 1 MB does.
        let most = if fastrand::u8(0..4) == 0 { fastrand::u16(1..5) } else { u16::MAX };
        let (page, end) = self.feed.page(cursor.start(), cursor.most(limit).min(most).into());
        let Read { changes, cursor, has_more } = cursor.read(page, end, now, limit, overlap);
        assert!(changes.len() <= limit);
        // An answer that is lost is asked for again.
        if fastrand::u8(0..10) == 0 {
            return Ok(true);
        }
        self.repeated += self.mirror.apply(changes);
        assert_eq!(Cursor::decode(&cursor.encode(&scope(&org())), &scope(&org())).as_ref(), Ok(&cursor));
        self.cursor = Some(cursor);
        let missing = self.owed.iter().find(|(id, version)| self.mirror.version(**id) < **version);
        match missing.filter(|_| !has_more) {
            Some((id, version)) => Err(format!("version {version} of {id} is missing")),
            None => Ok(has_more),
        }
    }

    /// Reads to the end when nobody writes any more, and compares.
    fn settle(&mut self, overlap: Duration) -> Result<(), String> {
        self.pass_time(WRITER_LIFE + IN_FLIGHT);
        self.pass_time(2 * i64::try_from(OVERLAP.as_millis()).unwrap());
        for _ in 0..2 {
            while self.read(overlap)? {}
        }
        if self.mirror.latest == self.feed.0 { Ok(()) } else { Err("the mirror differs".to_owned()) }
    }
}

fn run(overlap: Duration) -> Result<History, String> {
    let mut history = History::new(fastrand::bool().then(|| fastrand::i64(0..=SKEW)));
    for _ in 0..fastrand::usize(1..400) {
        match fastrand::u8(0..10) {
            0..4 => history.begin_write(),
            4..7 => history.pass_time(fastrand::i64(0..300)),
            _ => drop(history.read(overlap)?),
        }
    }
    history.settle(overlap)?;
    Ok(history)
}

#[test]
fn every_pass_has_what_was_committed_before_it_and_the_mirror_equals_the_table() {
    for seed in 0..400 {
        fastrand::seed(seed);
        let history = run(OVERLAP).unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        // An instance whose clock is behind that of the last one lets the next pass begin a little earlier.
        let is_sent_once = history.repeated == 0 || history.one_clock.is_none();
        assert!(is_sent_once, "seed {seed}: {} changes were sent twice", history.repeated);
        // From now on, nothing is read: the start of the next pass lies behind every entry.
        let (page, _) = history.feed.page(history.cursor.as_ref().unwrap().start(), 100);
        assert_eq!(page, [], "seed {seed}");
    }
}

#[test]
fn a_reader_without_an_overlap_is_caught() {
    let caught = (0..200).filter(|seed| {
        fastrand::seed(*seed);
        run(Duration::ZERO).is_err()
    });
    assert!(caught.count() > 20);
}

fn org() -> domain::OrgId {
    "acme".parse().unwrap()
}

fn scope(org: &domain::OrgId) -> Scope<'_> {
    Scope { secret: "secret", org, table: "clients" }
}

/// The cursor after a page of `count` changes of the last second, with `limit`.
fn after(count: u128, limit: usize) -> (Feed, Cursor, bool) {
    let mut feed = Feed::default();
    for n in 0..count {
        feed.commit(ClientId::from_bits(n.to_be_bytes()), at(0), false);
    }
    let cursor = Cursor::first(at(10), OVERLAP);
    let (page, end) = feed.page(cursor.start(), cursor.most(limit).into());
    let read = cursor.read(page, end, at(10), limit, OVERLAP);
    (feed, read.cursor, read.has_more)
}

#[test]
fn there_are_no_more_if_the_last_page_is_full() {
    assert!(!after(10, 10).2);
    assert!(after(11, 10).2);
}

#[test]
fn an_import_within_the_overlap_is_read_to_its_end_with_a_short_cursor() {
    let (feed, mut cursor, mut has_more) = after(2_000, 100);
    let mut seen: BTreeSet<ClientId> = feed.page(FeedStart::Beginning, 100).0.iter().map(Change::id).collect();
    let mut pages = 1;
    while has_more {
        assert!(cursor.encode(&scope(&org())).len() <= CURSOR_CHARS);
        let (page, end) = feed.page(cursor.start(), cursor.most(100).into());
        let read = cursor.read(page, end, at(20), 100, OVERLAP);
        seen.extend(read.changes.iter().map(Change::id));
        (cursor, has_more) = (read.cursor, read.has_more);
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (2_000, 20));
    // The newest are named in the cursor, the others are sent again; after the overlap, none is.
    let (page, end) = feed.page(cursor.start(), 2_000);
    assert_eq!(cursor.clone().read(page, end, at(30), 2_000, OVERLAP).changes.len(), 2_000 - MOST_SENT);
    let later = at(2_000);
    let (page, _) = feed.page(cursor.start(), 2_000);
    let settled = cursor.read(page, None, later, 2_000, OVERLAP).cursor;
    assert_eq!(feed.page(settled.start(), 1).0, []);
}

/// A cursor in the middle of a pass that names what was sent.
fn full() -> Cursor {
    let (feed, cursor, _) = after(5, 3);
    let (page, end) = feed.page(cursor.start(), 1);
    let cursor = cursor.read(page, end, at(20), 3, OVERLAP).cursor;
    let settles = Some(at(-5));
    let place = Place::Within { position: FeedPosition { at: at(0), id: ClientId::from_bits([7; 16]) }, settles };
    Cursor { place, ahead: vec![Sent(1), Sent(2)], ..cursor }
}

#[test]
fn a_cursor_is_read_as_it_was_written() {
    let Cursor { settled, .. } = full();
    let position = FeedPosition { at: at(3), id: ClientId::random() };
    let within = |settles| Place::Within { position, settles };
    for place in [Place::Beginning, Place::Settled, within(None), within(Some(settled))] {
        for (ahead, sent) in [(0, 0), (3, 0), (0, 3), (200, 160)] {
            let some = |count| (0..count).map(|_| Sent(fastrand::u64(..))).collect::<Vec<_>>();
            let cursor = Cursor { place, ahead: some(ahead), sent: some(sent), ..full() };
            let text = cursor.encode(&scope(&org()));
            assert!(
                text.len() <= CURSOR_CHARS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            );
            assert_eq!(Cursor::decode(&text, &scope(&org())), Ok(cursor));
        }
    }
}

#[test]
fn every_other_text_is_refused() {
    let text = full().encode(&scope(&org()));
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            assert_eq!(Cursor::decode(&flipped, &scope(&org())), Err(Refused::Invalid), "{flipped}");
        }
        assert_eq!(Cursor::decode(&text[..at], &scope(&org())), Err(Refused::Invalid));
    }
    for other in [format!("{text}="), format!(" {text}"), format!("{text}A"), "x".repeat(1 << 20)] {
        assert_eq!(Cursor::decode(&other, &scope(&org())), Err(Refused::Invalid), "{other}");
    }
}

#[test]
fn a_cursor_is_good_for_one_organization_one_secret_and_one_table() {
    let (acme, other) = (org(), "other".parse().unwrap());
    let text = full().encode(&scope(&acme));
    assert_eq!(Cursor::decode(&text, &scope(&other)), Err(Refused::Invalid));
    assert_eq!(Cursor::decode(&text, &Scope { secret: "x", ..scope(&acme) }), Err(Refused::Invalid));
    // Whoever reads on in a restored table must start over.
    assert_eq!(Cursor::decode(&text, &Scope { table: "restored", ..scope(&acme) }), Err(Refused::Expired));
}

#[test]
fn a_reader_starts_over_if_tombstones_may_have_come_and_gone() {
    let second = Duration::from_secs(1);
    let (_, between, _) = after(1, 10);
    let (_, within, has_more) = after(3, 1);
    assert!(has_more);
    // The pages of a pass, too, may not lie further apart, and the first pass may not take longer.
    for cursor in [between, within] {
        let end = cursor.settled.after(LONGEST_GAP);
        assert!(!cursor.is_expired(end) && cursor.is_expired(end.next()));
        assert!(cursor.is_expired(cursor.settled.before(CLOCK_SKEW + second)), "written by a clock that was ahead");
    }
}

#[test]
fn a_pass_that_takes_long_does_not_hide_how_old_its_start_is() {
    let (feed, cursor, _) = after(3, 1);
    let much_later = cursor.settled.after(LONGEST_GAP);
    let (page, _) = feed.page(cursor.start(), 10);
    let cursor = cursor.read(page, None, much_later, 10, OVERLAP).cursor;
    assert_eq!(
        cursor.settled,
        at(10).before(OVERLAP),
        "where the pass came within the overlap, and not where it ended"
    );
    assert!(cursor.is_expired(much_later.after(OVERLAP)));
}

#[test]
fn a_reader_from_before_the_deletion_of_its_organization_starts_over() {
    let (_, cursor, _) = after(1, 10);
    let start = at(10);
    assert!(!cursor.is_from_before(None));
    assert!(!cursor.is_from_before(Some(start.before(CLOCK_SKEW + Duration::from_millis(1)))));
    for mark in [start.before(CLOCK_SKEW), start, start.after(LONGEST_GAP)] {
        assert!(cursor.is_from_before(Some(mark)));
    }
}
