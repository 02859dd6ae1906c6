//! Reads integers and runs of bytes, and refuses to read past the end.

use super::Refused;
use crate::varint;

/// The rest of a run of bytes.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const EMPTY: Self = Self(&[]);

    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Refused> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Refused::Malformed("a field runs past the end"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Refused> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Refused::Malformed("a field runs past the end"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Refused> {
        self.array().map(|&[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Refused> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Refused> {
        self.array().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// An integer of variable length.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Refused> {
        let (n, len) = varint::try_read(self.0).ok_or(Refused::Malformed("an integer has no end"))?;
        self.0 = &self.0[len..];
        Ok(n)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
