//! Objects as files of a folder, for `cargo run` and the tests.
//!
//! A file starts with the object's tag, which is random, so that both are replaced together. A lock in this value
//! makes a conditional write atomic: only one process may use the folder.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use uuid::Uuid;

use super::{Expected, ObjectError, ObjectTag, Part};

/// The extension of a file that is being written. No key has it.
const UNFINISHED: &str = "unfinished~";
const TAG_LEN: u64 = 16;

/// A folder of objects. Clones share its lock.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
    writing: Arc<Mutex<()>>,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, writing: Arc::default() }
    }

    pub(super) async fn get(
        &self,
        key: &str,
        range: Range<u64>,
        tag: Option<&ObjectTag>,
    ) -> Result<Option<Part>, ObjectError> {
        let (path, tag) = (self.root.join(key), tag.cloned());
        in_background("get", move || {
            let Some(mut object) = open(&path)? else { return Ok(Ok(None)) };
            if tag.is_some_and(|tag| tag != object.tag) {
                return Ok(Err(ObjectError::changed("get")));
            }
            if range.start >= object.len {
                return Ok(Err(ObjectError::ends_before("get")));
            }
            let mut bytes = Vec::new();
            object.file.seek(SeekFrom::Start(TAG_LEN + range.start))?;
            object.file.take(range.end - range.start).read_to_end(&mut bytes)?;
            Ok(Ok(Some(Part { tag: object.tag, object_len: object.len, bytes: bytes.into() })))
        })
        .await
    }

    pub(super) async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        expected: &Expected,
    ) -> Result<Option<ObjectTag>, ObjectError> {
        let (path, expected, writing) = (self.root.join(key), expected.clone(), self.writing.clone());
        in_background("put", move || {
            let _writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            let current = open(&path)?.map(|object| object.tag);
            let holds = match expected {
                Expected::Absent => current.is_none(),
                Expected::Unchanged(tag) => current == Some(tag),
            };
            if !holds {
                return Ok(Ok(None));
            }
            let id = Uuid::new_v4();
            replace(&path, id.as_bytes(), &bytes)?;
            Ok(Ok(Some(tag(id))))
        })
        .await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let (path, writing) = (self.root.join(key), self.writing.clone());
        in_background("delete", move || {
            let _writing = writing.lock().unwrap_or_else(PoisonError::into_inner);
            if_there(fs::remove_file(path)).map(|_| Ok(()))
        })
        .await
    }
}

/// An open object, whose file is at its first byte.
struct Object {
    file: File,
    tag: ObjectTag,
    len: u64,
}

/// Opens an object, if there is one. Its file stays the same when the object is replaced.
fn open(path: &Path) -> io::Result<Option<Object>> {
    let Some(mut file) = if_there(File::open(path))? else { return Ok(None) };
    let mut id = [0; TAG_LEN as usize];
    file.read_exact(&mut id)?;
    let len = file.metadata()?.len() - TAG_LEN;
    Ok(Some(Object { file, tag: tag(Uuid::from_bytes(id)), len }))
}

fn tag(id: Uuid) -> ObjectTag {
    ObjectTag(id.to_string())
}

/// Writes a file, whole or not at all, that only its owner can read.
fn replace(path: &Path, id: &[u8], bytes: &[u8]) -> io::Result<()> {
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(path.parent().unwrap_or(path))?;
    let unfinished = path.with_extension(UNFINISHED);
    // A file left over from before would keep its mode.
    if_there(fs::remove_file(&unfinished))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(id)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

/// The outcome of work on a file, `None` if there is no such file.
fn if_there<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Does work on files where it blocks no other task.
async fn in_background<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> io::Result<Result<T, ObjectError>> + Send + 'static,
) -> Result<T, ObjectError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other).flatten().map_err(|error| ObjectError::other(operation, error.to_string())).flatten()
}
