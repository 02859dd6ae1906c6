//! A name that is joined from its parts.

/// The parts of a person's name, each trimmed, empty if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NameParts {
    pub(super) given: String,
    pub(super) middle: String,
    pub(super) family: String,
    pub(super) suffix: String,
    /// Whether the headers are in a language that puts the family name first.
    pub(super) is_family_first: bool,
}

impl NameParts {
    /// The parts in the order of their custom: the family name is first in Chinese, Japanese, Korean, Hungarian and
    /// Vietnamese. Names in Chinese characters and Hangul have no space.
    pub(super) fn joined(&self) -> String {
        let Self { given, middle, family, suffix, is_family_first } = self;
        let both = [family.as_str(), given];
        let is_east_asian = both.iter().all(|part| !part.is_empty() && part.chars().all(is_east_asian));
        if is_east_asian && !both.iter().any(|part| part.chars().any(is_kana)) {
            return [family.as_str(), middle, given].concat();
        }
        let parts = if is_east_asian || *is_family_first {
            [family.as_str(), given, middle, suffix]
        } else {
            [given.as_str(), middle, family, suffix]
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Chinese characters, kana and Hangul.
fn is_east_asian(c: char) -> bool {
    is_kana(c)
        || matches!(c, '々' | '〇' | '\u{1100}'..='\u{11ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(given: &str, family: &str) -> String {
        NameParts { given: given.to_owned(), family: family.to_owned(), ..NameParts::default() }.joined()
    }

    #[test]
    fn the_order_is_the_custom_of_the_name() {
        assert_eq!(joined("Ann", "Lee"), "Ann Lee");
        assert_eq!(joined("", "Lee"), "Lee");
        assert_eq!(joined("Ann", ""), "Ann");
        assert_eq!(joined("伟", "张"), "张伟");
        assert_eq!(joined("민수", "김"), "김민수");
        assert_eq!(joined("さくら", "山田"), "山田 さくら");
        assert_eq!(joined("太郎", "Yamada"), "太郎 Yamada");
        let hungarian = NameParts {
            given: "Anna".to_owned(),
            family: "Nagy".to_owned(),
            is_family_first: true,
            ..NameParts::default()
        };
        assert_eq!(hungarian.joined(), "Nagy Anna");
        let all = NameParts {
            given: "Ann".to_owned(),
            middle: "M.".to_owned(),
            family: "Lee".to_owned(),
            suffix: "Jr.".to_owned(),
            is_family_first: false,
        };
        assert_eq!(all.joined(), "Ann M. Lee Jr.");
    }
}
