//! Embeds the pages: it compresses every file of `web/`, so that the function never does, and gives the assets a
//! path that changes if any of them does. The program has the compressed form alone.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

/// The pages: their path, and their file in `web/`.
const PAGES: [(&str, &str); 3] =
    [("/", "front/index.html"), ("/docs", "docs/index.html"), ("/console", "console/index.html")];

/// An asset: its path below `/assets/<hash>/`, and its content.
struct Asset {
    path: String,
    content: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let web = root.join("web");
    let contract = root.join("../../docs/openapi.json");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", web.display());
    println!("cargo:rerun-if-changed={}", contract.display());

    let mut assets = Vec::new();
    collect(&web, "", &mut assets)?;
    assets.sort_by(|one, other| one.path.cmp(&other.path));
    let hash = hash_of(&assets);

    let mut code = format!("/// The hash of all assets.\npub(crate) const HASH: &str = {hash:?};\n");
    let mut embed = |name: &str, content: &[u8]| -> Result<String, Box<dyn Error>> {
        let file = out.join(format!("{}.gz", name.replace('/', "~")));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(content)?;
        fs::write(&file, gzip.finish()?)?;
        Ok(format!("include_bytes!({:?})", file.display().to_string()))
    };

    code.push_str("pub(crate) static ASSETS: &[Asset] = &[\n");
    for Asset { path, content } in &assets {
        let gzip = embed(path, content)?;
        let media_type = media_type(path)?;
        writeln!(code, "Asset {{ path: {path:?}, content: Content {{ media_type: {media_type:?}, gzip: {gzip} }} }},")?;
    }
    code.push_str("];\npub(crate) static PAGES: &[Page] = &[\n");
    let version = env::var("CARGO_PKG_VERSION")?;
    let settings = serde_json::json!({ "api": "/api/v1", "localKey": null, "version": version }).to_string();
    for (path, file) in PAGES {
        let html = fs::read_to_string(web.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let html = html.replace("{assets}", &format!("/assets/{hash}")).replace("{settings}", &settings);
        let (gzip, tag) = (embed(file, html.as_bytes())?, tag(html.as_bytes()));
        let content = format!("Content {{ media_type: \"text/html; charset=utf-8\", gzip: {gzip} }}");
        writeln!(code, "Page {{ path: {path:?}, tag: {tag:?}, content: {content} }},")?;
    }
    let contract = fs::read(contract)?;
    let (gzip, tag) = (embed("openapi.json", &contract)?, tag(&contract));
    let content = format!("Content {{ media_type: \"application/json\", gzip: {gzip} }}");
    writeln!(code, "Page {{ path: \"/openapi.json\", tag: {tag:?}, content: {content} }},\n];")?;
    fs::write(out.join("embedded.rs"), code)?;
    Ok(())
}

/// All files below a folder but the HTML pages.
fn collect(folder: &Path, prefix: &str, assets: &mut Vec<Asset>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|name| format!("{}: not UTF-8", name.display()))?;
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), assets)?;
        } else if !is(&path, "html") {
            assets.push(Asset { path, content: fs::read(entry.path())? });
        }
    }
    Ok(())
}

/// A hash over all paths and contents: one path for all, so that modules can import each other relatively.
fn hash_of(assets: &[Asset]) -> String {
    let mut hash = Sha256::new();
    for Asset { path, content } in assets {
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
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn media_type(path: &str) -> Result<&'static str, String> {
    [
        ("js", "text/javascript; charset=utf-8"),
        ("css", "text/css; charset=utf-8"),
        ("svg", "image/svg+xml"),
        ("json", "application/json"),
        ("png", "image/png"),
        ("woff2", "font/woff2"),
    ]
    .into_iter()
    .find_map(|(extension, media_type)| is(path, extension).then_some(media_type))
    .ok_or_else(|| format!("web/{path}: build.rs knows no media type for it"))
}

fn is(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}
