//! Integers in as few bytes as they need (LEB128): seven bits in a byte, the low bits first.

/// Appends an integer.
pub(crate) fn write(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads the integer at `at` and moves `at` behind it.
#[inline]
pub(crate) fn read(bytes: &[u8], at: &mut usize) -> u64 {
    let mut n = 0;
    let mut shift = 0;
    loop {
        let byte = bytes[*at];
        *at += 1;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return n;
        }
        shift += 7;
    }
}

/// Reads the integer at the start and its length, if there is one.
#[inline]
pub(crate) fn try_read(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut n = 0;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        n |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return Some((n, at + 1));
        }
    }
    None
}

/// Maps integers of small absolute value to small ones: 0, -1, 1, -2 become 0, 1, 2, 3.
pub(crate) fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

/// Reverses [`zigzag`].
pub(crate) fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_without_end_is_not_read() {
        assert_eq!(try_read(&[0x80; 20]), None);
    }

    #[test]
    fn integers_of_every_length_are_read_as_written() {
        for n in (0..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, u64::MAX >> bit]) {
            let mut bytes = vec![7];
            write(&mut bytes, n);
            let mut at = 1;
            assert_eq!((read(&bytes, &mut at), at), (n, bytes.len()));
            assert_eq!(try_read(&bytes[1..]), Some((n, bytes.len() - 1)));
            assert_eq!(try_read(&bytes[1..bytes.len() - 1]), None);
            assert_eq!(zigzag(unzigzag(n)), n);
        }
    }
}
