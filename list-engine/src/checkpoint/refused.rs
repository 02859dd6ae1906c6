//! The reasons to refuse a checkpoint.

/// The reason to refuse a checkpoint. The caller reads the table instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The bytes do not start as a checkpoint does.
    #[error("not a checkpoint")]
    NotACheckpoint,
    /// Another version of this program wrote it.
    #[error("a checkpoint of format {0}")]
    OtherFormat(u32),
    /// It was written for another table.
    #[error("a checkpoint of another table")]
    OtherTable,
    /// It was written for another organization.
    #[error("a checkpoint of another organization")]
    OtherOrganization,
    /// Bytes are missing at the end.
    #[error("a truncated checkpoint")]
    Truncated,
    /// There are bytes after the last block.
    #[error("a checkpoint with bytes after its end")]
    TooLong,
    /// The bytes are not those that were written, or not at this place of this checkpoint.
    #[error("a checkpoint with a wrong checksum")]
    WrongChecksum,
    /// The checksum is right, but no writer writes such bytes.
    #[error("a malformed checkpoint: {0}")]
    Malformed(&'static str),
}
