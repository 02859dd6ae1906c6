//! Where an endpoint is found.

/// Where an endpoint is found, and which kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method.
    pub method: &'static str,
    /// The path as API Gateway writes it, parameters in braces.
    pub path: &'static str,
    /// Whether its handler changes nothing, so that it may start before the key is checked.
    pub is_read: bool,
    /// Whether it takes a JSON body.
    pub takes_body: bool,
}
