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
    fn integers_of_every_length_are_read_as_written() {
        for n in (0..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, u64::MAX >> bit]) {
            let mut bytes = vec![7];
            write(&mut bytes, n);
            let mut at = 1;
            assert_eq!((read(&bytes, &mut at), at), (n, bytes.len()));
            assert_eq!(zigzag(unzigzag(n)), n);
        }
    }
}
