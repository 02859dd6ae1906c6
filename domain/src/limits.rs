//! Every limit of the API and the time constants that consistency rests on, each named once: code,
//! tests, contract and documentation use these.

use std::time::Duration;

/// The longest client name, in characters.
pub const NAME_CHARS: usize = 200;
/// The longest phone number, in characters.
pub const PHONE_CHARS: usize = 50;
/// The longest notes, in characters. The largest legal page (100 clients) then fits the platform's
/// 6 MB response.
pub const NOTES_CHARS: usize = 5_000;

/// The default page size.
pub const DEFAULT_PAGE: usize = 50;
/// The largest page.
pub const MAX_PAGE: usize = 100;
/// The least size of a page that is compressed, in bytes. A smaller one has one or two clients, and compression
/// saves less than 1 % of the request's price.
pub const COMPRESSED_BYTES: usize = 512;
/// The longest cursor of the change feed, in characters. A request line with one stays far below the 10 KB that API
/// Gateway takes.
pub const CURSOR_CHARS: usize = 4096;
/// The longest search text, in characters.
pub const SEARCH_CHARS: usize = 200;

/// The largest request body, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// The largest body of a batch, in bytes: 100 clients with the longest notes, of four bytes a character, fit. As the
/// text in an event, a body can become twice as long, and the platform's events have at most 6 MB.
pub const BATCH_BODY_BYTES: usize = 2560 * 1024;
/// The most operations in a batch.
pub const BATCH_OPERATIONS: usize = 100;
/// The most fields of an operation in a batch, apart from those of its client.
pub const OPERATION_FIELDS: usize = 10;
/// The most fields in a request body, known and unknown together. A response names every error, so
/// its size must be bounded.
pub const BODY_FIELDS: usize = 100;
/// The longest query string, in bytes. API Gateway takes about 10 KB of request line and headers.
pub const QUERY_BYTES: usize = 16 * 1024;
/// The most parameters in a query string.
pub const QUERY_PARAMETERS: usize = 100;
/// The longest `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// The most entity tags in one `If-Match` or `If-None-Match`.
pub const ENTITY_TAGS: usize = 20;
/// The time for which the `Idempotency-Key` of a batch is kept at least.
pub const BATCH_KEY_LIFE: Duration = Duration::from_secs(DAY);
/// The longest organization or user identifier, in characters.
pub const IDENTIFIER_CHARS: usize = 64;

/// The window of time in which the requests of a key and of an organization are counted.
pub const RATE_LIMIT_WINDOW: Duration = Duration::from_secs(60);

/// The timeout of every function except the one that lists. The replicas' overlap includes it: keep it short.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of the function that lists. The first load of a very large organization takes one
/// round trip per megabyte; HTTP APIs end every request at 30 seconds.
pub const LIST_TIMEOUT: Duration = Duration::from_secs(29);
/// The part of a function's timeout that is kept for its answer, so that a late answer is ours and
/// not the platform's.
pub const DEADLINE_MARGIN: Duration = Duration::from_millis(300);
/// The part of a function's timeout at whose start work after the answer has ended.
pub const AFTER_ANSWER_MARGIN: Duration = Duration::from_secs(1);
/// The value of `Retry-After` on a 503, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// The time for which the lists of an organization are refused that is too large: to find that out costs nearly a load.
pub const TOO_LARGE_PAUSE: Duration = Duration::from_secs(60);
/// The largest difference between two of the platform's clocks. AWS keeps them within milliseconds.
pub const CLOCK_SKEW: Duration = Duration::from_secs(2);
/// The longest time for which a call can still take effect after its writer has ended.
pub const IN_FLIGHT: Duration = Duration::from_secs(1);
/// The time before its last read of the change feed from which a reader reads again: everything that was committed
/// since then has a later timestamp (`docs/consistency.md`).
pub const OVERLAP: Duration = Duration::from_secs(WRITE_TIMEOUT.as_secs() + CLOCK_SKEW.as_secs() + IN_FLIGHT.as_secs());
/// The age at which a replica is loaded again if there are no checkpoints, so that it recovers even if an assumption
/// of `docs/consistency.md` fails.
pub const RELOAD_AFTER: Duration = Duration::from_secs(6 * HOUR);
/// The longest time between two reads of the change feed by a replica, by a checkpoint and the replica that is restored
/// from it, or by a caller with a cursor. Beyond it, a tombstone could have come and gone unseen. Two weeks serve the
/// organization that lists once a week.
pub const LONGEST_GAP: Duration = Duration::from_secs(14 * DAY);
/// The time for which a deleted client's tombstone stays in the change feed, and with it the
/// idempotency key that made the client.
pub const TOMBSTONE_LIFE: Duration = Duration::from_secs(15 * DAY);
/// The longest time for which a deleted client can be restored, and the default.
pub const RESTORE_WINDOW: Duration = Duration::from_secs(7 * DAY);
/// The age of the last read of a whole organization at which its replica is compared with the table, if there are
/// checkpoints.
pub const HEAL_AFTER: Duration = Duration::from_secs(DAY);
/// The age of that read at which a replica or a checkpoint is not used any more.
pub const HEALED_WITHIN: Duration = Duration::from_secs(2 * DAY);
/// The age at which a checkpoint is replaced even if little has changed since.
pub const CHECKPOINT_AGE: Duration = Duration::from_secs(DAY);
/// The shortest time between two checkpoints of an organization.
pub const CHECKPOINT_PAUSE: Duration = Duration::from_secs(5 * 60);
/// A day, in seconds.
pub const DAY: u64 = 24 * HOUR;
const HOUR: u64 = 60 * 60;

// A tombstone that a replica has not seen must still be in the feed when the replica reads it again.
const _: () = assert!(LONGEST_GAP.as_secs() + OVERLAP.as_secs() + CLOCK_SKEW.as_secs() < TOMBSTONE_LIFE.as_secs());
// What can be restored is on a tombstone.
const _: () = assert!(RESTORE_WINDOW.as_secs() < TOMBSTONE_LIFE.as_secs());
// An organization that is listed rarely is read in full by whoever lists it, not by healing.
const _: () = assert!(HEALED_WITHIN.as_secs() < LONGEST_GAP.as_secs());

/// The memory of every function except those that list clients and take batches, in MB.
pub const FUNCTION_MEMORY_MB: u32 = 256;
/// The memory of the function that takes batches, in MB: as a function's share of a core grows with its memory, a
/// hundred writes take little longer than one only with a whole core.
pub const BATCH_MEMORY_MB: u32 = ONE_CORE_MB;
/// The memory of the function that lists, in MB. It keeps replicas of whole organizations.
pub const LIST_MEMORY_MB: u32 = ONE_CORE_MB;
/// The memory with which a function gets one whole core, in MB.
const ONE_CORE_MB: u32 = 1769;
