//! The words for a client's status.

use domain::Status;

/// The status that a word names: the two of the API, and the same two words in other languages. Any other word is not
/// guessed at.
pub(super) fn status(word: &str) -> Option<Status> {
    match word.trim().to_lowercase().as_str() {
        "active" | "aktiv" | "actif" | "activo" | "activa" | "attivo" | "attiva" | "ativo" | "ativa" | "actief"
        | "aktywny" | "aktywna" => Some(Status::Active),
        "inactive" | "inaktiv" | "inactif" | "inactivo" | "inactiva" | "inattivo" | "inattiva" | "inativo"
        | "inativa" | "inactief" | "nieaktywny" | "nieaktywna" => Some(Status::Inactive),
        _ => None,
    }
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
