//! The words of people's files: headers, labels of phone numbers, and statuses. They are data, because the import of the
//! console reads the same.

use std::sync::LazyLock;

use serde::Deserialize;

use super::headers::{Part, PhoneKind};

/// The words, each list with its meaning.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Words {
    pub(super) headers: Vec<(Part, Vec<String>)>,
    /// Parts of labels, normalized like headers. The first list with one that is in a label names its kind; none if it
    /// is not the client's telephone.
    pub(super) phone_labels: Vec<(Option<PhoneKind>, Vec<String>)>,
    pub(super) statuses: Statuses,
}

/// The words for a client's statuses, in lower case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statuses {
    pub(super) active: Vec<String>,
    pub(super) inactive: Vec<String>,
}

pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../functions/pages/web/console/transfer/words.json"))
        .expect("the words are well-formed")
});
