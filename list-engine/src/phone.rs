//! The bare form of a phone number, in which phone numbers are compared: folded, without separators, and with
//! every script's digits as ASCII digits. A number that starts with `00` is read as one with `+`, too.

use icu_properties::{CodePointMapData, CodePointMapDataBorrowed, props::GeneralCategory};

use crate::fold::{fold, fold_byte};

const CATEGORIES: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();

/// The bare form of a phone number. It is empty if there are only separators.
pub(crate) fn bare(phone: &str) -> String {
    if phone.is_ascii() {
        return phone.bytes().filter_map(bare_byte).map(char::from).collect();
    }
    fold(phone).chars().filter(|&c| !is_separator(c)).map(ascii_digit).collect()
}

/// The bare form of one byte of an ASCII phone number. It leaves bare forms as they are, in any script.
#[inline]
pub(crate) fn bare_byte(byte: u8) -> Option<u8> {
    (!is_ascii_separator(byte)).then(|| fold_byte(byte))
}

/// The other reading of a bare number that starts with `00`.
pub(crate) fn with_plus(bare: &[u8]) -> Option<Vec<u8>> {
    bare.strip_prefix(b"00").map(|rest| [b"+", rest].concat())
}

/// Whether a bare form is nothing but a number: digits, with or without a `+` before them.
pub(crate) fn is_number(bare: &str) -> bool {
    let digits = bare.strip_prefix('+').unwrap_or(bare);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The runs of visible separators in a phone number, folded.
pub(crate) fn separators(phone: &str) -> Vec<String> {
    let folded = fold(phone);
    let runs = folded.split(|c: char| c.is_whitespace() || !is_separator(c));
    runs.filter(|run| !run.is_empty()).map(str::to_owned).collect()
}

/// Whether the character of a folded text is a separator: white space, a dash, a dot, a bracket or a slash.
fn is_separator(c: char) -> bool {
    match c {
        _ if c.is_ascii() => is_ascii_separator(c as u8),
        '·' | '•' | '‧' | '∙' | '⋅' | '・' | '。' | '۔' | '⸱' | '٫' | '⁄' | '∕' | '⧸' => true,
        // Typed for a dash.
        'ー' | '─' | '━' | '～' => true,
        _ => {
            use GeneralCategory::{ClosePunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation};
            let is_bracket =
                matches!(CATEGORIES.get(c), OpenPunctuation | ClosePunctuation | InitialPunctuation | FinalPunctuation);
            c.is_whitespace() || is_bracket
        }
    }
}

fn is_ascii_separator(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            ..=b'\r' | b'-' | b'.' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'<' | b'>' | b'/' | b'\\' | b'~'
    )
}

/// The ASCII digit for a digit of any script; other characters stay. Unicode guarantees that the digits of a
/// script are ten code points in a row, from zero to nine.
fn ascii_digit(c: char) -> char {
    let is_digit = |code: u32| CATEGORIES.get32(code) == GeneralCategory::DecimalNumber;
    let code = c as u32;
    if c.is_ascii() || !is_digit(code) {
        return c;
    }
    let before = (1..).take_while(|n| is_digit(code - n)).count();
    char::from_digit(before as u32 % 10, 10).expect("the remainder of a division by ten is a digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_every_script_become_ascii() {
        for (digits, bare_digits) in
            [("٠١٢٣٤٥٦٧٨٩", "0123456789"), ("०९", "09"), ("０９", "09"), ("𝟎𝟡", "09"), ("᱐᱙", "09")]
        {
            assert_eq!(bare(digits), bare_digits);
        }
        let digits = ('\u{80}'..=char::MAX).filter(|&c| CATEGORIES.get(c) == GeneralCategory::DecimalNumber);
        for (digit, expected) in digits.zip((0..10).cycle()) {
            assert_eq!(bare(&digit.to_string()), expected.to_string(), "{}", digit.escape_unicode());
        }
    }

    #[test]
    fn bare_forms_are_bare_by_bytes() {
        for c in '\0'..='\u{2ffff}' {
            let form = bare(&format!("1{c}2"));
            let by_bytes: Vec<u8> = form.bytes().filter_map(bare_byte).collect();
            assert_eq!(by_bytes, form.as_bytes(), "{}", c.escape_unicode());
        }
    }
}
