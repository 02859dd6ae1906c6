//! The positions of clients among the records, in the order of one sort key.
//!
//! A block has the lowest bytes of all its positions, then the next bytes, and so on. The high bytes are alike and
//! the low ones are random, so they compress better apart.

use super::Refused;

/// The most positions in a block. Tiny in tests, so that there are many blocks.
pub(super) const MOST: usize = if cfg!(test) { 32 } else { 256 * 1024 };
const BYTES: usize = size_of::<u32>();

/// Replaces the contents of `out` by a block.
pub(super) fn write(positions: &[u32], out: &mut Vec<u8>) {
    out.clear();
    for byte in 0..BYTES {
        out.extend(positions.iter().map(|position| position.to_le_bytes()[byte]));
    }
}

/// Reads a block of `len` positions.
pub(super) fn read(block: &[u8], len: usize) -> Result<Vec<u32>, Refused> {
    if len.checked_mul(BYTES) != Some(block.len()) {
        return Err(Refused::Malformed("a block of positions has a wrong length"));
    }
    let byte = |at: usize, byte: usize| block[byte * len + at];
    Ok((0..len).map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|n| byte(at, n)))).collect())
}
