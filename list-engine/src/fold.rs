//! The folded form of a text, which says what counts as the same letters. Search compares folded forms,
//! and sorting by name orders them by code point (the order of their UTF-8 bytes).
//!
//! Folding ignores:
//!
//! - *Case*, by Unicode's full case folding: `ß` is `ss`, a final `ς` is `σ`.
//! - *Notation*: composed and decomposed, full-width and half-width, ligatures (Unicode's NFKC).
//! - *Invisible characters*, such as zero-width joiners, bidi marks and variation selectors.
//! - *Marks that readers ignore*: all marks on Latin, Greek and Cyrillic letters, except where the
//!   mark makes another letter (`й`, `ї`, `ў`); Hebrew points; Arabic vowel signs and the tatweel; and
//!   marks at the start of a word. Marks of other scripts are letters to their readers and stay.
//! - *Kinds of apostrophes, hyphens and dashes*.
//!
//! Latin letters that have no decomposition become what people type for them: `ł` is `l`, `æ` is `ae`.

use any_ascii::any_ascii_char;
use caseless::Caseless;
use domain::is_ignorable;
use icu_properties::{
    CodePointMapData, CodePointMapDataBorrowed, CodePointSetData, CodePointSetDataBorrowed,
    props::{Dash, Script},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

const SCRIPTS: CodePointMapDataBorrowed<'static, Script> = CodePointMapData::<Script>::new();
const DASHES: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<Dash>();

/// The folded form of a text.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase().replace('`', "'");
    }
    let visible = text.chars().filter(|&c| !is_ignorable(c));
    // NFKD turns `´` into a space and a mark, but the apostrophe of `ŉ` appears only with it.
    let decomposed = visible.nfd().map(unify_punctuation).nfkd().map(unify_punctuation);
    let mut marks = Marks::default();
    let mut folded = String::with_capacity(text.len());
    for c in decomposed.filter(|&c| marks.keep(c)).default_case_fold() {
        match typed(c) {
            Some(typed) => folded.push_str(typed),
            None => folded.push(c),
        }
    }
    folded.nfc().collect()
}

/// The fold of one byte of an ASCII text. It leaves folded texts as they are, in any script.
#[inline]
pub(crate) fn fold_byte(byte: u8) -> u8 {
    if byte == b'`' { b'\'' } else { byte.to_ascii_lowercase() }
}

/// Whether the character separates words: white space, or a comma of any script.
pub(crate) fn is_word_break(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '\u{60c}' | '、' | '，' | '､' | '﹐' | '﹑' | '︐' | '︑')
}

/// Makes one character of all kinds of apostrophes, one of all dashes, and a space of Braille's blank.
fn unify_punctuation(c: char) -> char {
    match c {
        '`' | '\u{b4}' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ʾ' | 'ʿ' | 'ˈ' | 'ˊ' | 'ˋ' | '\u{384}' | '\u{55a}' | '\u{5f3}'
        | '\u{7f4}' | '\u{7f5}' | '\u{1fbd}' | '\u{1fbf}' | '\u{1ffe}' | '‘' | '’' | '‛' | '′' | '‵' | 'Ꞌ' | 'ꞌ'
        | '＇' | '｀' => '\'',
        '˗' | '⁃' | '➖' => '-',
        '\u{2800}' => ' ',
        dash if DASHES.contains(dash) => '-',
        other => other,
    }
}

/// Decides which marks of a decomposed text to keep.
#[derive(Default)]
struct Marks {
    /// The last character that was not a mark.
    base: Option<char>,
}

impl Marks {
    fn keep(&mut self, c: char) -> bool {
        if is_ignored_in_any_place(c) {
            return false;
        }
        if !is_combining_mark(c) {
            self.base = Some(c);
            return true;
        }
        let Some(base) = self.base.filter(|&base| !is_word_break(base)) else {
            return false;
        };
        match (base, c) {
            // The letters й, ў and ї.
            ('и' | 'И' | 'у' | 'У', '\u{306}') | ('і' | 'І', '\u{308}') => true,
            _ => !matches!(SCRIPTS.get(base), Script::Latin | Script::Greek | Script::Cyrillic),
        }
    }
}

/// Whether the character is a Hebrew point, or an Arabic vowel sign, Quranic sign or tatweel. The Arabic hamzas
/// and the madda are not: with them, an alef is another letter.
fn is_ignored_in_any_place(c: char) -> bool {
    matches!(c, '\u{640}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{652}' | '\u{656}'..='\u{65e}' | '\u{670}' | '\u{6d6}'..='\u{6dc}'
        | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{897}'..='\u{89f}'
        | '\u{8ca}'..='\u{8e1}' | '\u{8e3}'..='\u{8ff}')
        || is_combining_mark(c) && SCRIPTS.get(c) == Script::Hebrew
}

/// The ASCII letters that people type for a Latin letter that is not one of them.
fn typed(c: char) -> Option<&'static str> {
    if c.is_ascii() || SCRIPTS.get(c) != Script::Latin {
        return None;
    }
    let typed = any_ascii_char(c);
    let is_letters = !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_lowercase());
    is_letters.then_some(typed)
}

#[cfg(test)]
mod tests {
    use icu_properties::props::DefaultIgnorableCodePoint;

    use super::*;

    /// The last character of the last plane with any that fold.
    const LAST: char = '\u{2ffff}';

    #[test]
    fn texts_are_folded() {
        for (text, folded) in [
            ("José Straße", "jose strasse"),
            ("Đỗ Thị Łukasz", "do thi lukasz"),
            ("ﬁ ５ O’Neill `n", "fi 5 o'neill 'n"),
            ("Ёлкин, Андрей", "елкин, андрей"),
            ("\u{301}a \u{301}b,\u{301}c", "a b,c"),
            ("\u{301}", ""),
            ("A`B", "a'b"),
        ] {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn folding_a_folded_text_changes_nothing() {
        for c in '\0'..=LAST {
            let folded = fold(&format!("и{c}\u{306}a{c} {c}\u{301}"));
            assert_eq!(fold(&folded), folded, "{}", c.escape_unicode());
            let by_bytes: Vec<u8> = folded.bytes().map(fold_byte).collect();
            assert_eq!(by_bytes, folded.as_bytes(), "{}", c.escape_unicode());
        }
    }

    #[test]
    fn invisible_characters_are_those_of_unicode() {
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        for c in '\0'..=char::MAX {
            assert_eq!(is_ignorable(c), ignorable.contains(c), "{}", c.escape_unicode());
        }
    }

    #[test]
    fn normal_forms_fold_alike() {
        for c in '\0'..=LAST {
            let text = format!("a{c}b");
            assert_eq!(fold(&text.nfc().collect::<String>()), fold(&text), "{}", c.escape_unicode());
            assert_eq!(fold(&text.nfd().collect::<String>()), fold(&text), "{}", c.escape_unicode());
        }
    }
}
