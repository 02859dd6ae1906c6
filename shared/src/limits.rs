//! Every limit of the API, named once: code, tests, contract and documentation use these.

use std::time::Duration;

/// Longest client name, in characters.
pub const NAME_CHARS: usize = 200;
/// Longest phone number, in characters.
pub const PHONE_CHARS: usize = 50;
/// Longest notes, in characters. The largest legal page (100 clients) then fits the platform's
/// 6 MB response.
pub const NOTES_CHARS: usize = 5_000;
/// Largest request body, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// Most fields in a request body, known and unknown together: an error names every offender, and
/// its size must stay bounded.
pub const BODY_FIELDS: usize = 100;
/// Longest query string, in bytes. API Gateway itself takes some 10 KB of request line and headers.
pub const QUERY_BYTES: usize = 16 * 1024;
/// Most parameters in a query string.
pub const QUERY_PARAMETERS: usize = 100;
/// Longest `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 255;
/// Most entity tags in one `If-Match` or `If-None-Match`.
pub const ENTITY_TAGS: usize = 20;
/// Longest organization or user identifier, in characters.
pub const IDENTIFIER_CHARS: usize = 64;

/// The `timeout` of every function that writes, as in `template.yaml` (a test holds the two
/// together). The replica's overlap is built on it: keep it short.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// The `timeout` of the function that lists: the first load of a very large organization takes
/// one round trip for each megabyte. HTTP APIs end any request at 30 seconds.
pub const LIST_TIMEOUT: Duration = Duration::from_secs(29);
/// Kept back from a function's timeout, so that a late answer is ours and not the platform's.
pub const DEADLINE_MARGIN: Duration = Duration::from_millis(300);
/// What `Retry-After` says on a 503, in seconds.
pub const RETRY_AFTER_SECONDS: u32 = 1;
/// How far two of the platform's clocks may lie apart. They are kept within milliseconds.
pub const CLOCK_SKEW: Duration = Duration::from_secs(2);
/// How long a call may still go on in the network and the table once its writer has ended.
pub const IN_FLIGHT: Duration = Duration::from_secs(1);
/// The age at which a replica is loaded anew, so that even a violated assumption heals.
pub const RELOAD_AFTER: Duration = Duration::from_secs(6 * 60 * 60);
/// How long a deleted client's tombstone stays in the change feed, and with it the idempotency
/// key that made the client.
pub const TOMBSTONE_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The memory of every function that reads or writes one client, in MB, as in `template.yaml`.
pub const FUNCTION_MEMORY_MB: u32 = 256;
/// The memory of the function that lists, in MB, as in `template.yaml`: it keeps replicas of whole
/// organizations, and this is the size at which a function gets one whole core.
pub const LIST_MEMORY_MB: u32 = 1769;
