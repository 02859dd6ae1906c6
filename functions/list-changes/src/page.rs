//! A page of changes.

use std::{collections::HashMap, time::Duration};

use domain::{Change, Client, ClientId, OrgId, Timestamp};
use serde::Serialize;
use shared::{App, http::ApiError, store::LongNotes};

use crate::cursor::{Cursor, Read, Scope};

/// A page of changes, and the cursor after it.
pub struct Page {
    changes: Vec<Entry>,
    /// The cursor after them.
    pub cursor: Cursor,
    /// Whether there are more.
    pub has_more: bool,
}

/// A page as it is answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Written<'a> {
    changes: &'a [Entry],
    next_cursor: String,
    has_more: bool,
}

/// A change as it is answered.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Entry {
    Client {
        #[serde(flatten)]
        client: Client,
        version: u64,
    },
    Deletion {
        id: ClientId,
        deleted_at: Timestamp,
        version: u64,
    },
}

impl Page {
    /// The page as it is answered.
    #[must_use]
    pub fn written(&self, scope: &Scope<'_>) -> Written<'_> {
        Written { changes: &self.changes, next_cursor: self.cursor.encode(scope), has_more: self.has_more }
    }
}

/// Reads the next page: at most `limit` changes. Without a cursor, it is the first.
///
/// # Errors
/// Fails if the table does, and if the cursor cannot be continued.
pub async fn read_page(
    app: &App,
    org: &OrgId,
    cursor: Option<Cursor>,
    limit: usize,
    overlap: Duration,
) -> Result<Page, ApiError> {
    loop {
        let now = app.clock.now();
        let cursor = cursor.clone().unwrap_or_else(|| Cursor::first(now, overlap));
        if cursor.is_expired(now) {
            return Err(ApiError::CursorExpired);
        }
        let feed = app.store.feed_from(org, cursor.start(), cursor.most(limit)).await?;
        let end = feed.next.map(|next| next.position()).transpose()?;
        if cursor.is_from_before(feed.mark) {
            return Err(ApiError::CursorExpired);
        }
        let Read { changes, cursor, has_more } = cursor.read(feed.changes, end, now, limit, overlap);
        // A client on the page was changed between the two reads: once more, as its old state cannot be shown any more,
        // and its new one may have to be.
        let Some(changes) = with_long_notes(app, org, changes).await? else { continue };
        return Ok(Page { changes, cursor, has_more });
    }
}

/// The changes with their long notes; `None` if those belong to other versions.
async fn with_long_notes(app: &App, org: &OrgId, changes: Vec<Change>) -> Result<Option<Vec<Entry>>, ApiError> {
    let long = changes.iter().filter_map(|change| match change {
        Change::Upsert(listed) if listed.has_long_notes => Some(listed.client.id),
        _ => None,
    });
    let mut notes = app.store.long_notes(org, &long.collect::<Vec<_>>()).await?;
    Ok(changes.into_iter().map(|change| entry(change, &mut notes)).collect())
}

fn entry(change: Change, notes: &mut HashMap<ClientId, LongNotes>) -> Option<Entry> {
    let mut listed = match change {
        Change::Upsert(listed) => listed,
        Change::Remove { id, version, deleted_at } => return Some(Entry::Deletion { id, deleted_at, version }),
    };
    let version = listed.client.version;
    if listed.has_long_notes {
        listed.client.notes = notes.remove(&listed.client.id).filter(|found| found.version == version)?.notes;
    }
    Some(Entry::Client { client: listed.client, version })
}
