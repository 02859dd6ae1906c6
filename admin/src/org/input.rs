//! The input of an import: a file, or standard input. It is read more than once: an export is checked before the first
//! write, and the encoding of other files depends on their last letter as much as on their first.

use std::{
    fs::File,
    io::{self, BufReader, IsTerminal, Seek, SeekFrom},
    path::Path,
};

use anyhow::{Context, Result, bail};

/// A file, and the place at which it begins.
#[derive(Debug)]
pub(super) struct Input {
    file: File,
    start: u64,
}

impl Input {
    /// The file at `path`, or standard input.
    ///
    /// # Errors
    /// Fails if it cannot be read, and if standard input is a terminal.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        if let Some(path) = path {
            let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
            return if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
                Ok(Self { file, start: 0 })
            } else if path.is_dir() {
                bail!("{} is a folder", path.display())
            } else {
                Self::copied(file)
            };
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            bail!("give a file: admin org import … FILE, or … < FILE");
        }
        match redirected_file(&stdin) {
            Some(input) => Ok(input),
            None => Self::copied(stdin.lock()),
        }
    }

    /// A pipe is copied into a file without a name, which disappears with this process however it ends.
    fn copied(mut pipe: impl io::Read) -> Result<Self> {
        let mut file = tempfile::tempfile().context("could not make a temporary file for the input")?;
        io::copy(&mut pipe, &mut file).context("could not keep the input in a temporary file")?;
        Ok(Self { file, start: 0 })
    }

    /// The file, at its start.
    pub(super) fn rewound(&mut self) -> Result<&mut File> {
        self.file.seek(SeekFrom::Start(self.start)).context("could not read the input again")?;
        Ok(&mut self.file)
    }

    /// Reads the file from its start.
    pub(super) fn read(&mut self) -> Result<BufReader<&mut File>> {
        Ok(BufReader::with_capacity(256 * 1024, self.rewound()?))
    }
}

/// Standard input, if it is a file.
#[cfg(unix)]
fn redirected_file(stdin: &io::Stdin) -> Option<Input> {
    use std::os::fd::AsFd;
    let mut file = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let start = file.stream_position().ok()?;
    Some(Input { file, start })
}

#[cfg(not(unix))]
fn redirected_file(_: &io::Stdin) -> Option<Input> {
    None
}
