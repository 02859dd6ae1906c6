//! The tables and the bucket that a command works on, and the connections to them.

use std::net::IpAddr;

use anyhow::{Context, Result};
use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider},
    meta::{credentials::CredentialsProviderChain, region::RegionProviderChain},
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
};
use aws_sdk_dynamodb::config::Credentials;
use clap::Args;
use shared::{
    bucket_from_env, endpoint_from_env,
    objects::Objects,
    store::{Store, Tables, sdk_connector, sdk_http_client},
};

/// The options that name tables and bucket. Every command has them.
#[derive(Args, Debug)]
pub(crate) struct Connection {
    /// The table of clients [default: $CLIENTS_TABLE, else `clients`]
    #[arg(long, value_name = "TABLE", global = true, help_heading = "Tables and bucket")]
    clients_table: Option<String>,
    /// The table of API keys [default: $API_KEYS_TABLE, else `api-keys`]
    #[arg(long, value_name = "TABLE", global = true, help_heading = "Tables and bucket")]
    api_keys_table: Option<String>,
    /// The bucket of checkpoints [default: $CHECKPOINTS_BUCKET]
    #[arg(long, value_name = "BUCKET", global = true, help_heading = "Tables and bucket")]
    checkpoints_bucket: Option<String>,
}

impl Connection {
    /// The store that the options and the environment describe.
    ///
    /// # Errors
    /// Fails if no region is configured.
    pub(crate) async fn store(&self) -> Result<Store> {
        Ok(self.store_and_region().await?.0)
    }

    /// The same, and the region that it is in.
    ///
    /// # Errors
    /// Fails if no region is configured.
    pub(crate) async fn store_and_region(&self) -> Result<(Store, String)> {
        let config = config("DYNAMODB").await?;
        let region = config.region().map(ToString::to_string).context("a configuration has a region")?;
        Ok((Store::over(sdk_connector(), &config, self.tables()), region))
    }

    /// The storage of checkpoints that the options and the environment describe. `None` if they name no bucket.
    ///
    /// # Errors
    /// Fails if no region is configured.
    pub(crate) async fn objects(&self) -> Result<Option<Objects>> {
        match self.bucket() {
            Some(bucket) => Ok(Some(Objects::over(sdk_connector(), &config("S3").await?, &bucket))),
            None => Ok(None),
        }
    }

    /// The name of the bucket of checkpoints.
    pub(crate) fn bucket(&self) -> Option<String> {
        self.checkpoints_bucket.clone().or_else(bucket_from_env)
    }

    /// Where DynamoDB is, for people.
    pub(crate) fn place() -> String {
        endpoint_from_env("DYNAMODB").unwrap_or_else(|| "AWS".to_owned())
    }

    /// Whether the environment names an engine of this machine.
    pub(crate) fn is_local() -> bool {
        endpoint_from_env("DYNAMODB").is_some_and(|url| is_loopback(&url))
    }

    /// The names of the tables.
    pub(crate) fn tables(&self) -> Tables {
        let Tables { clients, api_keys } = Tables::from_env();
        Tables {
            clients: self.clients_table.clone().unwrap_or(clients),
            api_keys: self.api_keys_table.clone().unwrap_or(api_keys),
        }
    }
}

/// The SDK's own configuration for a service. For an engine on this machine, made-up credentials and a region are added
/// if none are configured: the engine does not check them, but the SDK signs every request. Configured ones
/// come first, because DynamoDB Local (without `-sharedDb`) keeps a database for each access key and region.
async fn config(service: &str) -> Result<SdkConfig> {
    let config = configured(service).await;
    config.region().context(
        "no region is configured: set AWS_REGION, or AWS_PROFILE to a profile with a region; for an engine on this \
         machine, set AWS_ENDPOINT_URL_DYNAMODB",
    )?;
    Ok(config)
}

async fn configured(service: &str) -> SdkConfig {
    let http_client = sdk_http_client();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client.clone());
    let Some(url) = endpoint_from_env(service) else { return loader.load().await };
    loader = loader.endpoint_url(&url);
    if !is_loopback(&url) {
        return loader.load().await;
    }
    // The SDK's default chains end by asking for the metadata of an EC2 instance, which takes seconds to
    // fail on a developer's machine.
    let provider = ProviderConfig::empty().with_http_client(http_client);
    let profile = ProfileFileCredentialsProvider::builder().configure(&provider);
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else("us-east-1");
    let credentials = CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
        .or_else("Profile", profile.build())
        .or_else("MadeUp", Credentials::new("local", "local", None, None, "made up for a local engine"));
    loader.region(region).credentials_provider(credentials).load().await
}

/// Whether the URL's host is this machine.
fn is_loopback(url: &str) -> bool {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    match host.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in [
            "http://127.0.0.1:8000",
            "http://127.1.2.3",
            "http://localhost:8000/",
            "http://localhost",
            "http://dynamodb.localhost:4566",
            "https://[::1]:8000",
            "http://[::1]/",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://dynamodb.eu-central-1.amazonaws.com",
            "http://10.0.0.1:8000",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com:80",
            "http://example.com/localhost",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
