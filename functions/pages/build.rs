//! Embeds the pages. It compresses every file of `web/`, the contract and the viewer of the reference, so that the
//! function never does, and gives the assets a path that changes if any of them does. The program has the compressed form
//! alone.
#![expect(clippy::use_debug, reason = "the `Debug` form of a text is a literal of Rust")]

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use sha2::{Digest, Sha256};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The pages: their path, and their file in `web/`.
const PAGES: [(&str, &str); 3] =
    [("/", "front/index.html"), ("/docs", "docs/index.html"), ("/console", "console/index.html")];

/// The media types of the files in `web/`, by the ends of their names.
const MEDIA_TYPES: [(&str, &str); 7] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("woff2", "font/woff2"),
];

/// A file of `web/`, or what is served like one.
struct File {
    /// Its path below `web/`.
    path: String,
    content: Vec<u8>,
}

fn main() -> Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let (web, contract) = (root.join("web"), root.join("../../docs/openapi.json"));
    for path in [&root.join("build.rs"), &web, &contract] {
        println!("cargo:rerun-if-changed={}", path.display());
    }

    let mut files = Vec::new();
    collect(&web, "", &mut files)?;
    let viewer = scalar_api_reference::get_asset("scalar.js").ok_or("the crate of the viewer has no scalar.js")?;
    files.push(File { path: "docs/scalar.js".to_owned(), content: viewer });
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let (html, assets): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.path.ends_with(".html"));
    let hash = hash_of(&assets);

    let mut code = format!("pub(crate) const HASH: &str = {hash:?};\npub(crate) static ASSETS: &[Asset] = &[\n");
    for File { path, content } in &assets {
        writeln!(code, "Asset {{ path: {path:?}, content: {} }},", embed(&out, path, content)?)?;
    }
    code.push_str("];\npub(crate) static PAGES: &[Page] = &[\n");
    let settings = json!({ "api": "/api/v1", "localKey": null, "version": env::var("CARGO_PKG_VERSION")? }).to_string();
    let mut pages = Vec::new();
    for (path, name) in PAGES {
        let file = html.iter().find(|file| file.path == name).ok_or_else(|| format!("there is no web/{name}"))?;
        let text = std::str::from_utf8(&file.content)?
            .replace("{assets}", &format!("/assets/{hash}"))
            .replace("{settings}", &settings);
        pages.push((path, name, text));
    }
    pages.push(("/openapi.json", "openapi.json", served_contract(&fs::read_to_string(&contract)?)?));
    for (path, name, text) in &pages {
        let (tag, content) = (tag(text.as_bytes()), embed(&out, name, text.as_bytes())?);
        writeln!(code, "Page {{ path: {path:?}, tag: {tag:?}, content: {content} }},")?;
    }
    code.push_str("];\n");
    fs::write(out.join("embedded.rs"), code)?;
    Ok(())
}

/// All files below a folder.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{}: not UTF-8", name.display()))?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push(File { path, content: fs::read(entry.path())? });
        }
    }
    Ok(())
}

/// The contract, with the place that it is served from as its only server. All else stays as it is written, because
/// the order of operations and fields is the order in which people read them.
fn served_contract(text: &str) -> Result<String> {
    #[derive(Deserialize)]
    struct Contract<'a> {
        #[serde(borrow)]
        servers: &'a RawValue,
    }
    let contract: Contract<'_> = serde_json::from_str(text)?;
    let servers = json!([{ "url": "/api/v1", "description": "The API that this document comes from." }]);
    Ok(text.replacen(contract.servers.get(), &servers.to_string(), 1))
}

/// Writes the compressed content, and gives the expression that includes it.
fn embed(out: &Path, path: &str, content: &[u8]) -> Result<String> {
    let (_, media_type) = MEDIA_TYPES
        .into_iter()
        .find(|(extension, _)| Path::new(path).extension().is_some_and(|found| found == *extension))
        .ok_or_else(|| format!("web/{path}: build.rs knows no media type for it"))?;
    let file = out.join(format!("{}.gz", path.replace('/', "~")));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    fs::write(&file, gzip.finish()?)?;
    Ok(format!("Content {{ media_type: {media_type:?}, gzip: include_bytes!({:?}) }}", file.display().to_string()))
}

/// A hash over all paths and contents. All assets have it in their path, so that modules can import each other by
/// relative paths, and a page never gets modules of two versions.
fn hash_of(assets: &[File]) -> String {
    let mut hash = Sha256::new();
    for File { path, content } in assets {
        for part in [path.as_bytes(), content] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hex(&hash.finalize())
}

/// The entity tag of a content. It is weak, because the compressed and the plain form share it.
fn tag(content: &[u8]) -> String {
    format!("W/\"{}\"", hex(&Sha256::digest(content)))
}

/// The first 64 bits of a hash.
fn hex(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
