//! The SDK with its own HTTP client, which follows the proxy settings of the environment and trusts the system's
//! roots: an operator's machine may need either.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
};
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_types::SdkConfig;

/// The timeout of a call that creates a table or compares the clocks. No other call takes as long.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A pool of connections of the SDK's HTTP client.
#[must_use]
pub fn sdk_connector() -> SharedHttpConnector {
    let connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring));
    SharedHttpConnector::new(connector.proxy_config(ProxyConfig::from_env()).build())
}

/// The SDK's HTTP client, for the sources of credentials.
#[must_use]
pub fn sdk_http_client() -> SharedHttpClient {
    let connector = sdk_connector();
    http_client_fn(move |_, _| connector.clone())
}

/// A client of the SDK, for what the store does not do. It does not retry.
#[must_use]
pub fn sdk_client(config: &SdkConfig) -> Client {
    let config = Builder::from(config)
        .http_client(sdk_http_client())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(TIMEOUT).build());
    Client::from_conf(config.build())
}
