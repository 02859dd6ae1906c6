//! The Lambda function `create-client`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&create_client::ENDPOINT).await
}
