//! Signatures (version 4) of requests, and the credentials for them.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_sdk_dynamodb::{
    config::{Region, SharedCredentialsProvider, http::HttpRequest},
    error::BoxError,
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_types::SdkConfig;

/// The time before the credentials' expiry at which new ones are fetched.
const CREDENTIALS_MARGIN: Duration = Duration::from_secs(5 * 60);

/// Signs the requests to a service.
pub(crate) struct Signer {
    service: &'static str,
    settings: SigningSettings,
    region: Region,
    credentials: CachedCredentials,
}

impl Signer {
    /// A signer for the service that has this name in signatures.
    ///
    /// # Panics
    /// Panics if the configuration lacks a region or credentials.
    pub(crate) fn new(service: &'static str, settings: SigningSettings, config: &SdkConfig) -> Self {
        let region = config.region().cloned().expect("the configuration has a region");
        let provider = config.credentials_provider().expect("the configuration has credentials");
        Self { service, settings, region, credentials: CachedCredentials { provider, current: Mutex::default() } }
    }

    /// Signs a request, which has its address and all its headers. Its body is in memory.
    pub(crate) async fn sign(&self, request: &mut HttpRequest) -> Result<(), BoxError> {
        let identity = self.credentials.get().await?.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region.as_ref())
            .name(self.service)
            .time(SystemTime::now())
            .settings(self.settings.clone())
            .build()?
            .into();
        let body = SignableBody::Bytes(request.body().bytes().ok_or("the body is not in memory")?);
        let signable = SignableRequest::new(request.method(), request.uri(), request.headers().iter(), body)?;
        let (headers, _) = sign(signable, &params)?.into_parts().0.into_parts();
        for header in headers {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        Ok(())
    }
}

/// Credentials, kept until shortly before their expiry.
struct CachedCredentials {
    provider: SharedCredentialsProvider,
    current: Mutex<Option<Credentials>>,
}

impl CachedCredentials {
    async fn get(&self) -> Result<Credentials, BoxError> {
        let in_time = SystemTime::now() + CREDENTIALS_MARGIN;
        let current = || self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = current().clone();
        if let Some(cached) = cached.filter(|cached| cached.expiry().is_none_or(|expiry| expiry > in_time)) {
            return Ok(cached);
        }
        let fresh = self.provider.provide_credentials().await?;
        *current() = Some(fresh.clone());
        Ok(fresh)
    }
}
