//! Texts that a spreadsheet would run as formulas. An apostrophe before them makes them texts, and can be taken away
//! again without doubt.
//!
//! A text is at risk if it has, after any number of apostrophes and then of spaces, one of `= + - @`, their wide forms,
//! a tab or a line break. Each such text gets one apostrophe more, and reading takes one away from each that has at
//! least one. No text without risk comes to look like one: `'t Hart` and `N/A` stay as they are, `=1+1` becomes
//! `'=1+1`, and `'=1+1` becomes `''=1+1`.
//!
//! A text of apostrophes alone, and the empty text, count as at risk too: the empty text is then told from no text.

/// The text as a cell of a spreadsheet.
pub(super) fn defused(text: &str) -> String {
    if is_at_risk(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text in a cell; `None` if there is none.
pub(super) fn undone(cell: &str) -> Option<&str> {
    match cell.strip_prefix('\'') {
        _ if cell.is_empty() => None,
        Some(text) if is_at_risk(text) => Some(text),
        _ => Some(cell),
    }
}

fn is_at_risk(text: &str) -> bool {
    let after = text.trim_start_matches('\'');
    if after.is_empty() {
        return true;
    }
    let after = after.trim_start_matches(' ');
    after.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_other_texts_stay_as_they_are() {
        let cases: Vec<(String, String)> =
            serde_json::from_str(include_str!("../../tests/cases/formulas.json")).unwrap();
        for (text, cell) in &cases {
            assert_eq!((defused(text).as_str(), undone(cell)), (cell.as_str(), Some(text.as_str())));
        }
        assert_eq!(undone(""), None);
    }

    #[test]
    fn every_text_comes_back_and_none_is_a_formula() {
        const LETTERS: [char; 12] = ['\'', '\'', '=', '+', '-', '@', ' ', '\t', 'a', '"', '＝', '\n'];
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..100_000 {
            let length = random.usize(0..7);
            let text: String = (0..length).map(|_| LETTERS[random.usize(0..LETTERS.len())]).collect();
            let cell = defused(&text);
            assert_eq!(undone(&cell), Some(text.as_str()));
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '＝']), "{text:?} {cell:?}");
        }
    }
}
