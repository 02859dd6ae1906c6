//! The Lambda function: the endpoint of this crate, served to the runtime.

use shared::{App, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let telemetry = telemetry::init();
    shared::run(update_client::endpoint(App::from_env().await), telemetry).await
}
