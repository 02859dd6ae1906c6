//! The Lambda function `restore-client`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&restore_client::ENDPOINT).await
}
