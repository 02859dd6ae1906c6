//! What counts as the same letters, for search and for sorting names alike: NFKD, combining marks
//! removed, case folded; then compared by code point, which is the order of the UTF-8 bytes.

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The folded form of a text.
///
/// ```
/// use list_engine::fold;
///
/// assert!(fold("José Álvarez").contains(&fold("jose")));
/// assert!(fold("Straße").contains(&fold("STRASSE")));
/// assert_eq!(fold("ﬁ İ ５"), "fi i 5");
/// assert_eq!(fold("\u{301}"), "");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkd().filter(|&c| !is_combining_mark(c)).default_case_fold().collect()
}

/// The ASCII digits of a folded text: a phone number without its punctuation.
pub(crate) fn digits(folded: &[u8]) -> Vec<u8> {
    folded.iter().copied().filter(u8::is_ascii_digit).collect()
}
