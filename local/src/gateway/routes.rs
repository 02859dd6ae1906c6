//! Routing: from a method and a path to a service. In an endpoint's path, `{name}` matches one segment that
//! is not empty, and every other segment matches itself. There is no other leniency, as in API Gateway. If several
//! paths match, the one with the fewest parameters does, in whatever order they are.

use std::collections::BTreeMap;

use lambda_http::http::Method;
use percent_encoding::percent_decode_str;
use shared::http::Service;

/// The path's parameters by name, decoded.
pub(super) type Parameters = BTreeMap<&'static str, String>;

/// A service, and the parameters that a path gives it.
pub(super) struct Match<'a> {
    pub(super) service: &'a Service,
    pub(super) parameters: Parameters,
}

/// The service that answers this method and path.
pub(super) fn find<'a>(services: &'a [Service], method: &Method, path: &str) -> Option<Match<'a>> {
    services
        .iter()
        .filter(|service| service.endpoint.takes(method.as_str()))
        .filter_map(|service| Some(Match { service, parameters: parameters(service.endpoint.path, path)? }))
        .min_by_key(|found| found.parameters.len())
}

/// The path parameters, if `path` matches `template`.
fn parameters(template: &'static str, path: &str) -> Option<Parameters> {
    let mut parameters = Parameters::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                parameters.insert(name, percent_decode_str(segment).decode_utf8_lossy().into_owned());
            }
            None if segment == expected => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "/api/v1/clients/{id}";

    #[test]
    fn a_parameter_is_one_segment_decoded() {
        assert_eq!(parameters(ONE, "/api/v1/clients/7").unwrap()["id"], "7");
        assert_eq!(parameters(ONE, "/api/v1/clients/a%2Fb%20%C3%A9+").unwrap()["id"], "a/b é+");
        assert!(parameters("/api/v1/clients", "/api/v1/clients").unwrap().is_empty());
    }

    #[test]
    fn everything_else_is_no_match() {
        for path in ["/api/v1/clients", "/api/v1/clients/", "/api/v1/clients/1/", "/api/v1/clients/1/2", "/", "", "*"] {
            assert!(parameters(ONE, path).is_none(), "{path}");
        }
        for path in ["/api/v1/clients/", "//api/v1/clients", "/api/v1/Clients", "/v1/clients", "/api/v1/clients/1"] {
            assert!(parameters("/api/v1/clients", path).is_none(), "{path}");
        }
    }
}
