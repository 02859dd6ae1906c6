//! The words for a client's status.

use domain::Status;

use super::words::{Statuses, WORDS};

/// The status that a word names: the two of the API, and the same two words in other languages. Any other word is not
/// guessed at.
pub(super) fn status(word: &str) -> Option<Status> {
    let word = word.trim().to_lowercase();
    let Statuses { active, inactive } = &WORDS.statuses;
    let statuses = [(Status::Active, active), (Status::Inactive, inactive)];
    statuses.into_iter().find(|(_, words)| words.contains(&word)).map(|(status, _)| status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_for_the_two_statuses_are_understood() {
        for word in ["active", "Active", " ACTIVE ", "aktiv", "Actif", "attivo"] {
            assert_eq!(status(word), Some(Status::Active), "{word}");
        }
        for word in ["inactive", "Inaktiv", "INACTIF", "nieaktywny"] {
            assert_eq!(status(word), Some(Status::Inactive), "{word}");
        }
        for word in ["archived", "yes", "1", "true", "lead", "deleted", "in active", "activ", "not active", "?"] {
            assert_eq!(status(word), None, "{word}");
        }
    }
}
