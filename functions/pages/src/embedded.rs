//! The pages and their assets, as `build.rs` embeds them.

/// A content, compressed.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) gzip: &'static [u8],
}

/// A page or the contract: its path is known to people, so its content can change.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) content: Content,
}

/// A file below `/assets/<hash>/`. Its content never changes.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) content: Content,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
