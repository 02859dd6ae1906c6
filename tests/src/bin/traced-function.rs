//! `get-client`, built with spans: wired as the function of the product is.

use shared::{App, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let telemetry = telemetry::init();
    shared::run(get_client::endpoint(App::from_env().await), telemetry).await
}
