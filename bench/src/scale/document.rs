//! The sections of the output, and how they get into a document: each stands between
//! `<!-- figures: NAME -->` and `<!-- end -->` there.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

const END: &str = "<!-- end -->";

/// A part of the output: a table and what is to be said about it.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) text: String,
}

/// Replaces the sections of this file.
pub(crate) fn update(file: &Path, sections: &[Section]) -> Result<()> {
    let document = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let updated = with(&document, sections)?;
    fs::write(file, updated).with_context(|| format!("cannot write {}", file.display()))
}

/// The document with these sections: it must have a place for each, and no other place.
fn with(document: &str, sections: &[Section]) -> Result<String> {
    let mut document = document.to_owned();
    for Section { name, text } in sections {
        let start = format!("<!-- figures: {name} -->\n");
        let (before, rest) = document.split_once(&start).with_context(|| format!("no place for {name}"))?;
        let (_, after) = rest.split_once(END).with_context(|| format!("{name} does not end"))?;
        document = format!("{before}{start}\n{}\n\n{END}{after}", text.trim_end());
    }
    ensure!(document.matches("<!-- figures: ").count() == sections.len(), "a place that no section is for");
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "a\n<!-- figures: one -->\nold\n<!-- end -->\nb\n<!-- figures: two -->\n<!-- end -->\nc\n";

    fn sections(names: &[&'static str]) -> Vec<Section> {
        names.iter().map(|&name| Section { name, text: format!("new {name}\n\n") }).collect()
    }

    #[test]
    fn sections_are_replaced_and_the_rest_is_kept() {
        let updated = with(DOCUMENT, &sections(&["two", "one"])).unwrap();
        let expected = "a\n<!-- figures: one -->\n\nnew one\n\n<!-- end -->\nb\n\
                        <!-- figures: two -->\n\nnew two\n\n<!-- end -->\nc\n";
        assert_eq!(updated, expected);
        assert_eq!(with(&updated, &sections(&["one", "two"])).unwrap(), updated);
    }

    #[test]
    fn a_section_without_a_place_and_a_place_without_a_section_are_errors() {
        assert!(with(DOCUMENT, &sections(&["one", "two", "three"])).is_err());
        assert!(with(DOCUMENT, &sections(&["one"])).is_err());
        assert!(with("<!-- figures: one -->\n", &sections(&["one"])).is_err());
    }
}
