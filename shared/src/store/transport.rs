//! One exchange with DynamoDB: a request is written and signed, and its response is read.
//!
//! The SDK's own way from a request to its response resolves the endpoint, the credentials and its many plug-ins anew
//! for each call, which took a third of a warm get's processor time (`docs/performance.md`). So this module takes the
//! SDK's parts (its types, its JSON, its signer, its rules for endpoints) and leaves out the way between them. Timeouts
//! and retries are in `call.rs`.

use std::{fmt, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    config::{
        Region,
        endpoint::{DefaultResolver, Params, ResolveEndpoint},
        http::{HttpRequest, HttpResponse},
    },
    error::{BoxError, SdkError},
};
use aws_sigv4::http_request::SigningSettings;
use aws_smithy_runtime_api::client::{
    http::SharedHttpConnector,
    interceptors::context::Input,
    runtime_plugin::RuntimePlugin,
    ser_de::{DeserializeResponse as _, SerializeRequest as _, SharedRequestSerializer, SharedResponseDeserializer},
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use aws_types::SdkConfig;
use futures_util::FutureExt;
use http_body_util::BodyExt;

use crate::aws::{Connections, Signer};

/// The name of the service in signatures.
const SERVICE: &str = "dynamodb";
/// The longest wait for a connection before the first call.
const INIT_CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// The longest wait for DynamoDB's time.
const DATE_TIMEOUT: Duration = Duration::from_secs(1);

/// The way to DynamoDB. Cheap to clone; clones share connections and credentials.
#[derive(Clone)]
pub(super) struct Transport(Arc<Parts>);

struct Parts {
    endpoint: String,
    signer: Signer,
    connections: Connections,
}

/// A request that is written, but neither addressed nor signed.
pub(super) struct Written {
    request: HttpRequest,
    config: ConfigBag,
}

impl Transport {
    /// The transport to the endpoint that the configuration names, or else to the region's. Without a `connector`,
    /// it makes its own connections.
    pub(super) fn new(config: &SdkConfig, connector: Option<SharedHttpConnector>) -> Self {
        let region = config.region().expect("the configuration has a region");
        let endpoint = endpoint(config, region);
        let signer = Signer::new(SERVICE, SigningSettings::default(), config);
        let connections = connector.map_or_else(Connections::from_env, Connections::Given);
        Self(Arc::new(Parts { endpoint, signer, connections }))
    }

    /// The number of the current pool of connections.
    pub(super) fn generation(&self) -> u64 {
        self.0.connections.generation()
    }

    /// Replaces the pool of connections, if it still is the one with this number.
    pub(super) fn replace(&self, generation: u64) {
        self.0.connections.replace(generation);
    }

    /// Opens a connection for the first call.
    pub(super) async fn connect(&self) {
        if let Ok(uri) = self.0.endpoint.parse() {
            drop(tokio::time::timeout(INIT_CONNECT_TIMEOUT, self.0.connections.connect_ahead(uri)).await);
        }
    }

    /// DynamoDB's time, to the second, as a header of its answers tells it. The request is DynamoDB's health check,
    /// which needs no signature.
    pub(super) async fn date(&self) -> Option<String> {
        let exchange = async {
            let request = HttpRequest::get(&self.0.endpoint).ok()?;
            let mut response = self.0.connections.send(request).await.ok()?;
            response.take_body().collect().await.ok()?;
            response.headers().get("date").map(str::to_owned)
        };
        tokio::time::timeout(DATE_TIMEOUT, exchange).await.ok()?
    }

    /// Sends a request, once.
    pub(super) async fn send<O, E>(&self, written: &Written) -> Result<O, SdkError<E, HttpResponse>>
    where
        O: fmt::Debug + Send + Sync + 'static,
        E: std::error::Error + fmt::Debug + Send + Sync + 'static,
    {
        let request = self.signed(&written.request).await.map_err(SdkError::construction_failure)?;
        let mut response = self.0.connections.send(request).await.map_err(SdkError::dispatch_failure)?;
        match response.take_body().collect().await {
            Ok(body) => *response.body_mut() = SdkBody::from(body.to_bytes()),
            Err(error) => return Err(SdkError::response_error(error, response)),
        }
        let deserializer = written.config.load::<SharedResponseDeserializer>().expect("every operation has one");
        match deserializer.deserialize_nonstreaming_with_config(&response, &written.config) {
            Ok(output) => Ok(output.downcast().expect("an operation has one type of answer")),
            Err(error) => {
                let mut refusal = None;
                let other = error.map_operation_error(|error| refusal = error.downcast().ok());
                Err(match refusal {
                    Some(refusal) => SdkError::service_error(refusal, response),
                    None => SdkError::response_error(other.to_string(), response),
                })
            }
        }
    }

    async fn signed(&self, request: &HttpRequest) -> Result<HttpRequest, BoxError> {
        let mut request = request.try_clone().ok_or("the body is not in memory")?;
        request.set_uri(self.0.endpoint.as_str())?;
        self.0.signer.sign(&mut request).await?;
        Ok(request)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("endpoint", &self.0.endpoint).finish_non_exhaustive()
    }
}

/// Writes an operation's request.
pub(super) fn write<I>(operation: &impl RuntimePlugin, input: I) -> Result<Written, BoxError>
where
    I: fmt::Debug + Send + Sync + 'static,
{
    let mut config = ConfigBag::base();
    if let Some(layer) = operation.config() {
        config.push_shared_layer(layer);
    }
    let serializer = config.load::<SharedRequestSerializer>().cloned().ok_or("the operation has no serializer")?;
    let request = serializer.serialize_input(Input::erase(input), &mut config)?;
    Ok(Written { request, config })
}

/// The URL of DynamoDB: the configured one, or else by the SDK's rules, which take a part of a start to read.
fn endpoint(config: &SdkConfig, region: &Region) -> String {
    if let Some(url) = config.endpoint_url() {
        return url.to_owned();
    }
    let params = Params::builder()
        .region(region.as_ref())
        .set_use_fips(config.use_fips())
        .set_use_dual_stack(config.use_dual_stack())
        .build()
        .expect("all parameters are set or have a default");
    let resolved = DefaultResolver::new().resolve_endpoint(&params).now_or_never();
    let endpoint = resolved.expect("nothing is waited for").expect("every region has an endpoint");
    endpoint.url().to_owned()
}
