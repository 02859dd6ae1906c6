//! The functions' log, read back: what operators see is what is measured.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use shared::telemetry;

/// The part of a request's log line that is about costs.
#[derive(Deserialize)]
pub(crate) struct Line {
    pub(crate) round_trips: u32,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) duration_ms: f64,
    /// What the replica of a list holds.
    pub(crate) replica_bytes: Option<u32>,
    /// How long the line itself is, in bytes.
    #[serde(skip)]
    pub(crate) bytes: usize,
}

/// What this process has logged.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<Mutex<Vec<u8>>>);

impl Meter {
    /// Takes in the log of this process from now on. Once.
    pub(crate) fn install() -> Self {
        let meter = Self::default();
        let log = meter.clone();
        telemetry::init_with(move || log.clone());
        meter
    }

    /// Forgets what was logged.
    pub(crate) fn clear(&self) {
        self.log().clear();
    }

    /// The last request's line.
    pub(crate) fn last(&self) -> Result<Option<Line>> {
        for line in self.log().split(|&byte| byte == b'\n').rev().filter(|line| !line.is_empty()) {
            let fields: Value = serde_json::from_slice(line)?;
            if fields["message"] == "request" {
                return Ok(Some(Line { bytes: line.len(), ..serde_json::from_value(fields)? }));
            }
        }
        Ok(None)
    }

    fn log(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Meter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.log().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
