//! Entity tags and the preconditions made of them (RFC 9110, sections 8.8 and 13).

use lambda_http::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use crate::{error::Invalid, key::hex, limits::ENTITY_TAGS};

/// The entity tag of a client's version.
#[must_use]
pub fn of_version(version: u64) -> String {
    format!("\"{version}\"")
}

/// The entity tag of a body that has no version: equal bytes, equal tag.
#[must_use]
pub fn of_bytes(body: &[u8]) -> String {
    format!("\"{}\"", hex(&Sha256::digest(body)[..16]))
}

/// What `If-Match` or `If-None-Match` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any current representation.
    Any,
    /// One of these tags, without their quotes.
    Listed(Vec<Tag>),
}

/// One entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    weak: bool,
    opaque: String,
}

impl Tags {
    /// Reads the header called `name`; `None` where the request has none.
    ///
    /// # Errors
    /// When it is not `*` or a list of quoted entity tags.
    pub fn from_headers(headers: &HeaderMap, name: &'static str) -> Result<Option<Self>, Invalid> {
        let mut values = headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            return Ok(None);
        }
        let texts: Option<Vec<&str>> = values.map(|value| HeaderValue::to_str(value).ok()).collect();
        let tags = texts.and_then(|texts| Self::parse(&texts.join(",")));
        let message = || format!("must be `*` or 1 to {ENTITY_TAGS} entity tags in double quotes");
        tags.map(Some).ok_or_else(|| Invalid::field(name, message()))
    }

    fn parse(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = text.trim_start();
        loop {
            let (weak, quoted) = match rest.strip_prefix("W/") {
                Some(quoted) => (true, quoted),
                None => (false, rest),
            };
            let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
            tags.push(Tag { weak, opaque: opaque.to_owned() });
            rest = after.trim_start();
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(',')?.trim_start();
        }
        (tags.len() <= ENTITY_TAGS).then_some(Self::Listed(tags))
    }

    /// Whether `etag` is meant, by the weak comparison that `If-None-Match` asks for.
    #[must_use]
    pub fn include(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|tag| etag.trim_matches('"') == tag.opaque),
        }
    }

    /// The versions meant, by the strong comparison that `If-Match` asks for; `None` for any
    /// version. A tag that is none of ours means no version.
    #[must_use]
    pub fn versions(&self) -> Option<Vec<u64>> {
        match self {
            Self::Any => None,
            Self::Listed(tags) => {
                let strong = tags.iter().filter(|tag| !tag.weak);
                // Only the form that `of_version` writes is a version ("01" and "+1" are not).
                let versions = strong.filter_map(|tag| {
                    let version: u64 = tag.opaque.parse().ok()?;
                    (version.to_string() == tag.opaque).then_some(version)
                });
                Some(versions.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_and_compared() {
        let tags = Tags::parse(r#""1", W/"2" ,"a,b""#).unwrap();
        assert_eq!(tags.versions(), Some(vec![1]));
        assert!(tags.include("\"2\"") && tags.include("\"a,b\"") && !tags.include("\"3\""));
        assert_eq!(Tags::parse(" * "), Some(Tags::Any));
        assert_eq!(Tags::Any.versions(), None);
        assert_eq!(Tags::parse(r#""01""#).unwrap().versions(), Some(vec![]));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for text in ["", "1", "\"1", "\"1\" \"2\"", "\"1\",", "w/\"1\"", "*, \"1\""] {
            assert_eq!(Tags::parse(text), None, "{text}");
        }
    }
}
