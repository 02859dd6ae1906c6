//! What a caller is answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use lambda_http::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use sha2::{Digest, Sha256};

use super::*;

const KEY: &str = "ba_0123456789abcdef0123456789abcdef458177ba";
const HTML: [&str; 3] = ["/", "/docs", "/console"];

fn headers(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
}

fn get(path: &str, fields: &[(HeaderName, &'static str)]) -> Response<Bytes> {
    respond(&Method::GET, path, &headers(fields), None).unwrap()
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn field<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The paths that a page loads or links to.
fn links(html: &str) -> Vec<&str> {
    let attributes = ["href=\"", "src=\""].into_iter().flat_map(|attribute| html.split(attribute).skip(1));
    attributes.filter_map(|rest| rest.split('"').next()).filter(|link| !link.starts_with("data:")).collect()
}

#[test]
fn every_link_of_a_page_is_answered_and_on_its_own_origin() {
    for path in HTML {
        let page = get(path, &[]);
        assert_eq!((page.status(), field(&page, "content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        let links = links(text(&page));
        assert!(!links.is_empty(), "{path}");
        for link in links {
            assert!(link.starts_with('/') && !link.starts_with("//"), "{path}: {link}");
            assert_eq!(get(link, &[(ACCEPT_ENCODING, "gzip")]).status(), StatusCode::OK, "{path}: {link}");
        }
        assert!(!text(&page).contains("{assets}") && !text(&page).contains("{settings}"), "{path}");
    }
}

#[test]
fn every_module_imports_modules_that_exist() {
    for path in assets().filter(|path| path.ends_with(".js") && !path.ends_with("/scalar.js")) {
        let module = get(&path, &[]);
        let folder = path.rsplit_once('/').unwrap().0;
        let imports =
            [" from \"", "import \"", "import(\""].into_iter().flat_map(|word| text(&module).split(word).skip(1));
        for import in imports.filter_map(|rest| rest.split('"').next()).filter(|import| import.starts_with('.')) {
            let mut resolved: Vec<_> = folder.split('/').collect();
            for part in import.split('/') {
                match part {
                    "." => {}
                    ".." => drop(resolved.pop()),
                    part => resolved.push(part),
                }
            }
            assert_eq!(get(&resolved.join("/"), &[]).status(), StatusCode::OK, "{path}: {import}");
        }
    }
}

#[test]
fn a_page_is_asked_for_each_time_and_sent_if_it_has_changed() {
    for path in ["/", "/docs", "/console", "/openapi.json"] {
        let page = get(path, &[(ACCEPT_ENCODING, "gzip")]);
        assert_eq!(field(&page, "cache-control"), "no-cache", "{path}");
        let tag: &'static str = field(&page, "etag").to_owned().leak();
        assert!(tag.starts_with("W/\"") && tag.len() == 20, "{path}: {tag}");
        let strong: &'static str = tag.trim_start_matches("W/");
        let among_others: &'static str = format!("W/\"other\", {tag}").leak();
        for known in [tag, strong, among_others, "*"] {
            let unchanged = get(path, &[(IF_NONE_MATCH, known)]);
            assert_eq!(unchanged.status(), StatusCode::NOT_MODIFIED, "{path}: {known}");
            assert!(unchanged.body().is_empty());
            for name in ["etag", "cache-control", "vary"] {
                assert_eq!(field(&unchanged, name), field(&page, name), "{path}: {name}");
            }
        }
        for other in ["\"\"", "W/\"other\"", ""] {
            assert_eq!(get(path, &[(IF_NONE_MATCH, other)]).status(), StatusCode::OK, "{path}: {other}");
        }
    }
    let tags: BTreeSet<_> = PAGES.iter().map(|page| page.tag).collect();
    assert_eq!(tags.len(), PAGES.len());
}

#[test]
fn an_asset_is_kept_for_good() {
    assert!(assets().count() > 5);
    for path in assets() {
        let asset = get(&path, &[(ACCEPT_ENCODING, "gzip")]);
        assert_eq!(field(&asset, "cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert!(!field(&asset, "content-type").is_empty(), "{path}");
    }
}

#[test]
fn the_path_of_the_assets_changes_with_each_of_them() {
    let mut hash = Sha256::new();
    for asset in ASSETS {
        for part in [asset.path.as_bytes(), &asset.content.plain()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    let hash = hash.finalize();
    assert_eq!(HASH, hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>());
}

#[test]
fn an_unknown_asset_and_an_old_hash_are_404s_that_nobody_keeps() {
    let some = assets().next().unwrap();
    let old = some.replace(HASH, "0000000000000000");
    let shorter = some.replace(HASH, &HASH[..15]);
    let outside = format!("/assets/{HASH}/../Cargo.toml");
    let page = format!("/assets/{HASH}/front/index.html");
    for path in [
        "/assets/x",
        "/assets//",
        &format!("/assets/{HASH}"),
        &format!("/assets/{HASH}/"),
        &old,
        &shorter,
        &outside,
        &page,
    ] {
        let missing = get(path, &[]);
        assert_eq!(missing.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(field(&missing, "cache-control"), "no-store", "{path}");
    }
}

#[test]
fn everything_else_is_no_route() {
    let none = HeaderMap::new();
    for path in [
        "/docs/",
        "/console/",
        "//",
        "",
        "/Docs",
        "/index.html",
        "/assets",
        "/assets/",
        "/openapi.json/",
        "/api/v1/clients",
    ] {
        assert!(respond(&Method::GET, path, &none, None).is_none(), "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        assert!(respond(&method, "/docs", &none, None).is_none(), "{method}");
    }
    // The routes of API Gateway are these paths.
    let fixed: BTreeSet<_> = PAGES.iter().map(|page| page.path).chain(["/assets/{proxy+}"]).collect();
    assert_eq!(fixed, ROUTES.into_iter().collect());
}

#[test]
fn a_caller_gets_gzip_if_it_accepts_that_and_the_same_bytes_otherwise() {
    // The viewer of the reference is one of the assets, and takes long to decompress in a debug build.
    let assets = assets().filter(|path| !path.ends_with("/scalar.js"));
    for path in HTML.map(str::to_owned).into_iter().chain(["/openapi.json".to_owned()]).chain(assets) {
        let plain = get(&path, &[]);
        assert_eq!((field(&plain, "content-encoding"), field(&plain, "vary")), ("", "Accept-Encoding"), "{path}");
        for accepted in ["gzip", "br, GZIP;q=0.5", "*", "identity;q=0, *;q=0.1"] {
            let compressed = get(&path, &[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(field(&compressed, "content-encoding"), "gzip", "{path}: {accepted}");
            assert_eq!(field(&compressed, "vary"), "Accept-Encoding", "{path}");
            let content = Content { media_type: "", gzip: compressed.into_body().to_vec().leak() };
            assert_eq!(content.plain(), plain.body(), "{path}: {accepted}");
        }
        for refused in ["", "br", "gzip;q=0", "gzip; q=0.0, *", "*;q=0", "gzipped", "gzip;q=x"] {
            let other = get(&path, &[(ACCEPT_ENCODING, refused)]);
            assert_eq!((field(&other, "content-encoding"), other.body()), ("", plain.body()), "{path}: {refused}");
        }
    }
}

#[test]
fn a_head_is_a_get_without_its_body() {
    let asset = assets().next().unwrap();
    for path in ["/", "/docs", "/openapi.json", &asset, "/assets/x"] {
        let head = respond(&Method::HEAD, path, &HeaderMap::new(), None).unwrap();
        let get = get(path, &[]);
        assert_eq!((head.status(), head.headers()), (get.status(), get.headers()), "{path}");
        assert!(head.body().is_empty() && !get.body().is_empty() && !head.headers().contains_key(CONTENT_LENGTH));
    }
}

#[test]
fn pages_run_no_script_and_load_nothing_from_elsewhere() {
    for path in HTML {
        let page = get(path, &[]);
        let policy = field(&page, "content-security-policy");
        let directives: Vec<_> = policy.split("; ").map(|one| one.split_once(' ').unwrap()).collect();
        for (name, sources) in &directives {
            let allowed: &[&str] = match *name {
                "default-src" | "base-uri" | "form-action" | "frame-ancestors" => &["'none'"],
                "img-src" => &["'self' data:"],
                "style-src" if path == "/docs" => &["'self' 'unsafe-inline'"],
                "require-trusted-types-for" if path != "/docs" => &["'script'"],
                _ => &["'self'"],
            };
            assert!(allowed.contains(sources), "{path}: {name} {sources}");
        }
        for needed in ["default-src", "script-src", "base-uri", "form-action", "frame-ancestors"] {
            assert!(directives.iter().any(|(name, _)| *name == needed), "{path}: {needed}");
        }
        // What the policy would block, the page does not have.
        let html = text(&page);
        assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick="), "{path}");
        let scripts = html.split("<script").skip(1).filter_map(|script| script.split('>').next());
        for script in scripts {
            assert!(
                script.contains(" src=\"/assets/") || script.contains("type=\"application/json\""),
                "{path}: {script}"
            );
        }
    }
}

#[test]
fn every_answer_says_how_it_is_to_be_treated() {
    let asset = assets().next().unwrap();
    for path in ["/", "/docs", "/console", "/openapi.json", &asset, "/assets/x"] {
        let answer = get(path, &[]);
        for (name, value) in HEADERS {
            assert_eq!(field(&answer, name.as_str()), value, "{path}");
        }
        assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control-")), "{path}");
    }
}

#[test]
fn the_key_of_this_machine_is_shown_to_requests_that_name_it_and_kept_by_nobody() {
    for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000", "localhost"] {
        for path in HTML {
            let page =
                respond(&Method::GET, path, &headers(&[(HOST, host), (ACCEPT_ENCODING, "gzip")]), Some(KEY)).unwrap();
            assert!(text(&page).contains(&format!("\"localKey\":\"{KEY}\"")), "{host} {path}");
            assert_eq!(field(&page, "cache-control"), "no-store", "{host} {path}");
            assert_eq!(field(&page, "etag"), "", "{host} {path}");
            assert_eq!(field(&page, "content-security-policy"), field(&get(path, &[]), "content-security-policy"));
        }
    }
}

#[test]
fn no_other_request_is_shown_the_key() {
    let hosts = [
        "evil.example:3000",
        "localhost.evil.example",
        "127.0.0.1.evil.example:3000",
        "192.168.0.7:3000",
        "0.0.0.0:3000",
        "localhost@evil.example",
        "evil.example#localhost",
        "local host",
        "",
    ];
    for host in hosts {
        for path in ["/", "/docs", "/console", "/openapi.json"] {
            let page = respond(&Method::GET, path, &headers(&[(HOST, host)]), Some(KEY)).unwrap();
            assert!(!text(&page).contains(KEY), "{host} {path}");
        }
    }
    for path in HTML {
        let without_host = respond(&Method::GET, path, &HeaderMap::new(), Some(KEY)).unwrap();
        assert!(!text(&without_host).contains(KEY) && text(&without_host).contains("\"localKey\":null"), "{path}");
    }
}

#[test]
fn the_contract_is_that_of_the_repository_on_this_server() {
    let served = get("/openapi.json", &[]);
    assert_eq!(field(&served, "content-type"), "application/json");
    let mut served: serde_json::Value = serde_json::from_slice(served.body()).unwrap();
    let mut written: serde_json::Value = serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
    assert_eq!(served["servers"].take()[0]["url"], "/api/v1");
    written["servers"].take();
    assert_eq!(served, written);
}
