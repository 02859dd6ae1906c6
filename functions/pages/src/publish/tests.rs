//! The files for a static host.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, Weak},
};

use tempfile::TempDir;

use super::*;

const API: &str = "https://api.example.com/api/v1";

/// The folder that the tests share. The last of them removes it.
fn published() -> Arc<TempDir> {
    static FOLDER: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());
    let mut shared = FOLDER.lock().unwrap();
    shared.upgrade().unwrap_or_else(|| {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        publish(folder.path(), API).unwrap();
        *shared = Arc::downgrade(&folder);
        folder
    })
}

#[test]
fn every_link_leads_to_a_file_wherever_the_folder_is() {
    let folder = published();
    for name in ["index.html", "docs.html"] {
        let page = fs::read_to_string(folder.path().join(name)).unwrap();
        let attributes = ["href=\"", "src=\""].into_iter().flat_map(|attribute| page.split(attribute).skip(1));
        let links: BTreeSet<_> = attributes.filter_map(|rest| rest.split('"').next()).collect();
        assert!(links.len() > 4, "{name}: {links:?}");
        for link in links {
            assert!(!link.starts_with('/') && !link.contains(':'), "{name}: {link}");
            assert!(folder.path().join(link).is_file(), "{name}: {link}");
        }
        assert!(!page.to_lowercase().contains("console"), "{name}");
    }
}

#[test]
fn everything_calls_the_api_that_was_named() {
    let folder = published();
    for name in ["index.html", "docs.html"] {
        let page = fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(page.contains(&format!("\"api\":\"{API}\"")), "{name}");
        assert!(page.contains("connect-src 'self' https://api.example.com;"), "{name}");
    }
    let contract = fs::read_to_string(folder.path().join("openapi.json")).unwrap();
    let contract: serde_json::Value = serde_json::from_str(&contract).unwrap();
    assert_eq!(contract["servers"][0]["url"], API);
}

#[test]
fn the_console_is_not_published() {
    let folder = published();
    let assets = fs::read_dir(folder.path().join("assets")).unwrap().next().unwrap().unwrap().path();
    let names: BTreeSet<_> =
        fs::read_dir(assets).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.contains("docs") && names.contains("front") && !names.contains("console"), "{names:?}");
}

#[test]
fn what_is_no_url_of_an_api_is_refused_before_a_file_is_written() {
    for api in
        ["", "api.example.com", "/api/v1", "ftp://example.com", "https://example.com/?x", "https://a\"b", "https:///x"]
    {
        let folder = tempfile::tempdir().unwrap();
        let error = publish(folder.path(), api).unwrap_err();
        assert!(error.to_string().contains("is not the URL of an API"), "{api}: {error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{api}");
    }
}
