//! Entity tags, and the preconditions made of them (RFC 9110, sections 8.8 and 13).

use std::fmt;

use domain::{Invalid, hex, limits::ENTITY_TAGS};
use lambda_http::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use super::ApiError;
use crate::store::ExpectedVersions;

/// The entity tag of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag {
    is_weak: bool,
    /// The text between the quotes.
    opaque: String,
}

impl EntityTag {
    /// The strong tag of a version.
    #[must_use]
    pub fn of_version(version: u64) -> Self {
        Self { is_weak: false, opaque: version.to_string() }
    }

    /// The weak tag of a body without a version. Equal bytes have equal tags. It is weak because the body may
    /// be compressed, and a strong tag would have to tell its encodings apart (RFC 9110, section 8.8.1).
    #[must_use]
    pub fn of_bytes(body: &[u8]) -> Self {
        Self { is_weak: true, opaque: hex(&Sha256::digest(body)[..16]) }
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.is_weak { "W/" } else { "" };
        write!(f, "{prefix}\"{}\"", self.opaque)
    }
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    /// `*`: any current representation.
    Any,
    /// One of these tags.
    Listed(Vec<EntityTag>),
}

/// The preconditions of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

impl Preconditions {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// Fails if a header is not `*` or a list of quoted entity tags.
    pub fn read(headers: &HeaderMap) -> Result<Self, Invalid> {
        let (if_match, if_none_match) =
            Invalid::all((Tags::read(headers, "If-Match"), Tags::read(headers, "If-None-Match")))?;
        Ok(Self { if_match, if_none_match })
    }

    /// Reads the texts that stand for the headers in an operation of a batch: its fields `ifMatch` and `ifNoneMatch`.
    ///
    /// # Errors
    /// Fails as [`read`](Self::read) does.
    pub fn of_operation(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, Invalid> {
        let tags = |name, text: Option<&str>| text.map(|text| Tags::of(name, Some(text))).transpose();
        let (if_match, if_none_match) = Invalid::all((tags("ifMatch", if_match), tags("ifNoneMatch", if_none_match)))?;
        Ok(Self { if_match, if_none_match })
    }

    /// Whether the caller has the representation with this tag already, so that a read is answered with
    /// 304.
    ///
    /// # Errors
    /// Fails with [`ApiError::PreconditionFailed`] if `If-Match` does not have the tag.
    pub fn is_not_modified(&self, tag: &EntityTag) -> Result<bool, ApiError> {
        if self.if_match.as_ref().is_some_and(|tags| !tags.match_strongly(tag)) {
            return Err(ApiError::PreconditionFailed);
        }
        Ok(self.if_none_match.as_ref().is_some_and(|tags| tags.match_weakly(tag)))
    }

    /// The versions that a write may find, and whether it may find no resource.
    #[must_use]
    pub fn expected_versions(&self) -> ExpectedVersions {
        let may_be_absent = self.if_match.is_none();
        let any_of = match &self.if_match {
            None | Some(Tags::Any) => None,
            Some(Tags::Listed(tags)) => Some(versions(tags.iter().filter(|tag| !tag.is_weak))),
        };
        match &self.if_none_match {
            None => ExpectedVersions { any_of, none_of: Vec::new(), may_be_absent },
            Some(Tags::Listed(tags)) => ExpectedVersions { any_of, none_of: versions(tags.iter()), may_be_absent },
            // `If-None-Match: *` requires that there is no resource: no version is allowed.
            Some(Tags::Any) => ExpectedVersions { may_be_absent, ..ExpectedVersions::ABSENT },
        }
    }
}

/// The versions that the tags stand for. A tag that is not one of ours stands for none.
fn versions<'a>(tags: impl Iterator<Item = &'a EntityTag>) -> Vec<u64> {
    let versions = tags.filter_map(|tag| {
        let version: u64 = tag.opaque.parse().ok()?;
        // "01" and "+1" are not written like a version.
        (version.to_string() == tag.opaque).then_some(version)
    });
    versions.collect()
}

impl Tags {
    /// Reads the header called `name`; `None` if the request does not have it.
    fn read(headers: &HeaderMap, name: &'static str) -> Result<Option<Self>, Invalid> {
        let mut values = headers.get_all(name).iter().peekable();
        if values.peek().is_none() {
            return Ok(None);
        }
        let texts: Option<Vec<&str>> = values.map(|value| HeaderValue::to_str(value).ok()).collect();
        Self::of(name, texts.map(|texts| texts.join(",")).as_deref()).map(Some)
    }

    /// Reads the text of the input called `name`, unless it is not a text.
    fn of(name: &'static str, text: Option<&str>) -> Result<Self, Invalid> {
        let message = || format!("must be `*` or 1 to {ENTITY_TAGS} entity tags in double quotes");
        text.and_then(Self::parse).ok_or_else(|| Invalid::field(name, message()))
    }

    /// Reads `*` or a comma-separated list, whose empty elements are skipped (RFC 9110, section 5.6.1).
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim_start_matches([',', ' ', '\t']);
        if rest.trim_end_matches([',', ' ', '\t']) == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        while !rest.is_empty() {
            let (is_weak, quoted) = match rest.strip_prefix("W/") {
                Some(quoted) => (true, quoted),
                None => (false, rest),
            };
            let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
            tags.push(EntityTag { is_weak, opaque: opaque.to_owned() });
            let after = after.trim_start_matches([' ', '\t']);
            rest = after.trim_start_matches([',', ' ', '\t']);
            if !rest.is_empty() && !after.starts_with(',') {
                return None;
            }
        }
        (1..=ENTITY_TAGS).contains(&tags.len()).then_some(Self::Listed(tags))
    }

    /// The comparison of `If-None-Match`.
    fn match_weakly(&self, tag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|listed| listed.opaque == tag.opaque),
        }
    }

    /// The comparison of `If-Match`.
    fn match_strongly(&self, tag: &EntityTag) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|listed| !listed.is_weak && listed == tag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preconditions(headers: &[(&'static str, &str)]) -> Preconditions {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Preconditions::read(&headers.collect()).unwrap()
    }

    #[test]
    fn tags_are_read_and_compared() {
        let tags = Tags::parse(r#""1", W/"2" ,"a,b""#).unwrap();
        let tag = |text: &str| EntityTag { is_weak: false, opaque: text.to_owned() };
        assert!(tags.match_weakly(&tag("2")) && tags.match_weakly(&tag("a,b")) && !tags.match_weakly(&tag("3")));
        assert!(tags.match_strongly(&tag("1")) && !tags.match_strongly(&tag("2")));
        assert_eq!(Tags::parse(" * "), Some(Tags::Any));
    }

    #[test]
    fn a_weak_tag_matches_weakly_alone() {
        let tag = EntityTag::of_bytes(b"page");
        let written = tag.to_string();
        assert!(written.starts_with("W/\""), "{written}");
        for listed in [written.as_str(), &written[2..]] {
            let tags = Tags::parse(listed).unwrap();
            assert!(tags.match_weakly(&tag) && !tags.match_strongly(&tag), "{listed}");
        }
    }

    #[test]
    fn empty_list_elements_are_skipped() {
        for text in ["\"1\",", ",\"1\"", " , \"1\" ,, \t,", "\"1\""] {
            assert_eq!(Tags::parse(text), Tags::parse("\"1\""), "{text}");
        }
        assert_eq!(Tags::parse(",*,"), Some(Tags::Any));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", ",", " ,, ", "1", "\"1", "\"1\" \"2\"", "\"1\"\"2\"", "w/\"1\"", "*, \"1\"", "\"1\", *"] {
            assert_eq!(Tags::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_read_evaluates_if_match_before_if_none_match() {
        let one = EntityTag::of_version(1);
        let both = preconditions(&[("if-match", "\"2\""), ("if-none-match", "\"1\"")]);
        assert!(matches!(both.is_not_modified(&one), Err(ApiError::PreconditionFailed)));
        let both = preconditions(&[("if-match", "\"1\""), ("if-none-match", "W/\"1\"")]);
        assert!(both.is_not_modified(&one).unwrap());
        let weak = preconditions(&[("if-match", "W/\"1\"")]);
        assert!(weak.is_not_modified(&one).is_err());
        assert!(!preconditions(&[("if-match", "*")]).is_not_modified(&one).unwrap());
    }

    #[test]
    fn a_write_expects_the_versions_that_the_preconditions_allow() {
        let expected = |headers: &[(&'static str, &str)]| preconditions(headers).expected_versions();
        assert_eq!(expected(&[]), ExpectedVersions::ALL);
        assert_eq!(expected(&[("if-match", "*")]), ExpectedVersions::PRESENT);
        assert_eq!(expected(&[("if-match", "\"1\", W/\"2\", \"01\"")]), ExpectedVersions::any_of(&[1]));
        let none_of = ExpectedVersions { none_of: vec![1, 2], ..ExpectedVersions::ALL };
        assert_eq!(expected(&[("if-none-match", "\"1\", W/\"2\", \"x\"")]), none_of);
        assert_eq!(expected(&[("if-none-match", "*")]), ExpectedVersions::ABSENT);
        assert_eq!(expected(&[("if-match", "*"), ("if-none-match", "*")]), ExpectedVersions::any_of(&[]));
    }
}
