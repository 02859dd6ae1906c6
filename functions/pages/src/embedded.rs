//! The pages and their assets, as `build.rs` embeds them.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;

/// A content, compressed.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) media_type: &'static str,
    pub(crate) gzip: &'static [u8],
}

impl Content {
    /// The content as it was before the compression.
    pub(crate) fn plain(&self) -> Bytes {
        let mut plain = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut plain).expect("build.rs has compressed it");
        plain.into()
    }
}

/// A page, or the contract. Its path stays the same from version to version.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) content: Content,
}

/// A file below `/assets/<hash>/`. The hash is over all of them, so what is at such a path never changes.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) content: Content,
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
