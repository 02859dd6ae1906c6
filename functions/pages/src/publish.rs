//! The front page and the reference as files for a static host: GitHub Pages, a bucket, any folder of a web server.
//! They call the API at another origin, so it must allow theirs (the stack's parameter `CorsOrigins`). The console is
//! left out: it belongs beside its API.

use std::{
    fs,
    io::{self, Error},
    path::Path,
};

use lambda_http::http::{HeaderMap, Method, Uri};

use crate::respond::{assets, respond};

/// The pages: their path, and the name of their file. All files are in one folder, and links are relative, so the folder
/// can be at any path.
const FILES: [(&str, &str); 3] = [("/", "index.html"), ("/docs", "docs.html"), ("/openapi.json", "openapi.json")];

/// Writes the files into a folder. `api` is the base URL of the API: `https://api.example.com/api/v1`.
///
/// # Errors
/// Fails if `api` is no such URL, or if a file cannot be written.
pub fn publish(folder: &Path, api: &str) -> io::Result<()> {
    let api = api.trim_end_matches('/');
    let origin = origin(api).ok_or_else(|| {
        Error::other(format!("{api} is not the URL of an API: give one like https://api.example.com/api/v1"))
    })?;
    for (path, name) in FILES {
        let text = text(path);
        let text = if name == "openapi.json" {
            text.replacen("\"url\":\"/api/v1\"", &format!("\"url\":\"{api}\""), 1)
        } else {
            static_page(&text, api, &origin)
        };
        write(&folder.join(name), text.as_bytes())?;
    }
    for path in assets().filter(|path| !path.contains("/console/")) {
        write(&folder.join(path.trim_start_matches('/')), &content(&path))?;
    }
    Ok(())
}

/// The origin of an API's URL, if it is one without a query.
fn origin(api: &str) -> Option<String> {
    let uri = api.parse::<Uri>().ok()?;
    let is_plain = uri.query().is_none() && !api.contains(['"', '\\', '<']);
    let scheme = uri.scheme_str().filter(|scheme| is_plain && matches!(*scheme, "http" | "https"))?;
    Some(format!("{scheme}://{}", uri.authority()?))
}

/// A page as it is on a static host: with relative links, without the console, on the API at `api`. The host sets no
/// headers for it, so it has its policy itself.
fn static_page(html: &str, api: &str, origin: &str) -> String {
    let mut page = String::new();
    for (number, part) in html.split("<!-- console -->").enumerate() {
        let kept = if number == 0 { part } else { part.split_once("<!-- /console -->").map_or("", |(_, rest)| rest) };
        page.push_str(kept);
    }
    for (path, name) in FILES {
        page = page.replace(&format!("href=\"{path}\""), &format!("href=\"{name}\""));
    }
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self' {origin}; font-src 'self'; base-uri 'none'; form-action 'none'"
    );
    page.replace("=\"/assets/", "=\"assets/").replace("\"api\":\"/api/v1\"", &format!("\"api\":\"{api}\"")).replacen(
        "<head>\n",
        &format!("<head>\n  <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n"),
        1,
    )
}

/// The content of a route, as callers without gzip get it.
fn content(path: &str) -> Vec<u8> {
    respond(&Method::GET, path, &HeaderMap::new(), None).map(|response| response.into_body().into()).unwrap_or_default()
}

fn text(path: &str) -> String {
    String::from_utf8_lossy(&content(path)).into_owned()
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let named = |error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(named)?;
    }
    fs::write(path, content).map_err(named)
}

#[cfg(test)]
mod tests;
