//! How a list was made, for its log line.

use domain::Timestamp;
use list_engine::checkpoint::Header;
use shared::{objects::ObjectTag, telemetry::CheckpointUse};

use crate::{
    checkpoints::restore::{Refusal, Unusable},
    source::Source,
};

/// What a replica was made from for a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was there.
    #[default]
    Kept,
    /// The table.
    Loaded,
    /// A checkpoint.
    Restored,
}

/// How the replica was made, or brought up to date, for a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) origin: Origin,
    /// The number of changes that were applied.
    pub(crate) changes: usize,
    pub(crate) checkpoint: Option<CheckpointUse>,
}

impl Made {
    /// Notes that a checkpoint was restored.
    pub(crate) fn restored(&mut self, header: &Header, now: Timestamp, tail: usize) {
        let age = now.millis() - header.lineage().watermark.millis();
        self.checkpoint = Some(CheckpointUse {
            outcome: "restored",
            refusal: None,
            bytes: header.object_len(),
            age_seconds: u64::try_from(age / 1000).unwrap_or_default(),
            tail,
        });
    }

    /// Notes that a checkpoint could not be used, and refuses it from now on if it is wrong.
    pub(crate) fn unusable(&mut self, source: &Source<'_>, unusable: Unusable, tag: Option<ObjectTag>) {
        let refusal = match unusable {
            Unusable::Refused(refusal) => {
                if let Some(tag) = tag {
                    source.checkpoints.refuse(source.org, tag);
                }
                Some(refusal)
            }
            _ => None,
        };
        self.checkpoint = Some(CheckpointUse {
            outcome: match unusable {
                Unusable::Absent => "absent",
                Unusable::Forbidden => "forbidden",
                Unusable::Unavailable => "unavailable",
                Unusable::Outdated => "outdated",
                Unusable::Replaced => "replaced",
                Unusable::Refused(_) => "refused",
            },
            refusal: refusal.as_ref().map(Refusal::to_string),
            ..CheckpointUse::default()
        });
    }
}
