//! Object storage: a bucket of S3, or a folder for `cargo run`.
//!
//! | file | purpose |
//! |---|---|
//! | `s3.rs` | one request to S3, its retries, and the check of its response |
//! | `folder.rs` | a folder of this machine (feature `folder`) |
//! | `error.rs` | why a request failed |

mod error;
#[cfg(feature = "folder")]
mod folder;
mod s3;

use std::{fmt, ops::Range, sync::Arc};

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_types::SdkConfig;
use bytes::Bytes;

use crate::telemetry::Tally;
use s3::Bucket;

pub use error::ObjectError;
pub use s3::PREFIX;

/// Object storage. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    storage: Storage,
    tally: Tally,
}

#[derive(Clone, Debug)]
enum Storage {
    S3(Arc<Bucket>),
    #[cfg(feature = "folder")]
    Folder(folder::Folder),
}

/// The entity tag of an object. Other bytes have another tag; the same bytes, written again, may have the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectTag(String);

/// A part of an object.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// The entity tag of the object.
    pub tag: ObjectTag,
    /// The length of the whole object in bytes.
    pub object_len: u64,
    /// The bytes of the part.
    pub bytes: Bytes,
}

/// The condition of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// There is no object of this key.
    Absent,
    /// The object still has this tag.
    Unchanged(ObjectTag),
}

impl Objects {
    /// The objects in a bucket, over connections of its own. The first request opens the first of them.
    ///
    /// # Panics
    /// Panics if the configuration lacks a region or credentials, or if the environment names a file of roots
    /// that cannot be read.
    #[must_use]
    pub fn in_bucket(config: &SdkConfig, bucket: &str) -> Self {
        Self::of(Storage::S3(Arc::new(Bucket::new(config, bucket, None))))
    }

    /// The objects in a bucket, over an HTTP connector of the SDK.
    ///
    /// # Panics
    /// Panics if the configuration lacks a region or credentials.
    #[must_use]
    pub fn over(connector: SharedHttpConnector, config: &SdkConfig, bucket: &str) -> Self {
        Self::of(Storage::S3(Arc::new(Bucket::new(config, bucket, Some(connector)))))
    }

    /// The objects in a folder, which is created with the first object. Only one process may use it at a time.
    #[cfg(feature = "folder")]
    #[must_use]
    pub fn in_folder(folder: std::path::PathBuf) -> Self {
        Self::of(Storage::Folder(folder::Folder::new(folder)))
    }

    fn of(storage: Storage) -> Self {
        Self { storage, tally: Tally::default() }
    }

    /// Reads bytes of an object: those of `range` which the object has. `None` if there is no object of this key.
    /// Parts that were read under one `tag` are parts of one object.
    ///
    /// # Errors
    /// Fails if the request does, if the object ends before the range starts ([`ObjectError::is_too_short`]), or, with
    /// `tag`, if the object has another one ([`ObjectError::is_changed`]).
    pub async fn get(
        &self,
        key: &str,
        range: Range<u64>,
        tag: Option<&ObjectTag>,
    ) -> Result<Option<Part>, ObjectError> {
        check("get", key)?;
        if range.is_empty() {
            return Err(ObjectError::other("get", "the range is empty"));
        }
        let part = match &self.storage {
            Storage::S3(bucket) => bucket.get(key, range, tag, &self.tally).await,
            #[cfg(feature = "folder")]
            Storage::Folder(folder) => {
                self.tally.count_object_call();
                folder.get(key, range, tag).await
            }
        }?;
        if let Some(part) = &part {
            self.tally.add_object_bytes_read(part.bytes.len());
        }
        Ok(part)
    }

    /// Writes an object if the condition holds. `None` if it does not, and then nothing was written, with one
    /// exception: if the answer to an attempt was lost, the next attempt may fail on the effect of the first. The
    /// object is then the one that was to be written.
    ///
    /// # Errors
    /// Fails if the request does. The object may have been written.
    pub async fn put(&self, key: &str, bytes: Bytes, expected: &Expected) -> Result<Option<ObjectTag>, ObjectError> {
        check("put", key)?;
        let len = bytes.len();
        let written = match &self.storage {
            Storage::S3(bucket) => bucket.put(key, bytes, expected, &self.tally).await,
            #[cfg(feature = "folder")]
            Storage::Folder(folder) => {
                self.tally.count_object_call();
                folder.put(key, bytes, expected).await
            }
        }?;
        if written.is_some() {
            self.tally.add_object_bytes_written(len);
        }
        Ok(written)
    }

    /// Deletes an object, if there is one of this key.
    ///
    /// # Errors
    /// Fails if the request does. The object may have been deleted.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        check("delete", key)?;
        match &self.storage {
            Storage::S3(bucket) => bucket.delete(key, &self.tally).await,
            #[cfg(feature = "folder")]
            Storage::Folder(folder) => {
                self.tally.count_object_call();
                folder.delete(key).await
            }
        }
    }

    /// The same storage, whose requests are counted in `tally`.
    #[must_use]
    pub fn counting_in(&self, tally: &Tally) -> Self {
        Self { tally: tally.clone(), ..self.clone() }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("object_len", &self.object_len)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Checks that a key means the same in a URL and as the path of a file, without any escape.
fn check(operation: &'static str, key: &str) -> Result<(), ObjectError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_segment = |segment: &str| segment.bytes().all(is_plain) && segment.bytes().any(|byte| byte != b'.');
    if key.split('/').all(is_segment) { Ok(()) } else { Err(ObjectError::other(operation, "the key is not plain")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_path_of_plain_segments() {
        for key in ["a", "1/5c1f8f5e-3d7b-4d6c-9a55-0d3cb4fb4a10/00ff", "a.lease", "A_b"] {
            assert!(check("get", key).is_ok(), "{key}");
        }
        for key in ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a b", "a%2fb", "a\\b", "ä", "a?b", "a#b"] {
            assert!(check("get", key).is_err(), "{key}");
        }
    }
}
