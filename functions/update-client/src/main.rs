//! The Lambda function `update-client`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&update_client::ENDPOINT).await
}
