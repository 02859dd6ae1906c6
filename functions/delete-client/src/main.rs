//! The Lambda function `delete-client`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&delete_client::ENDPOINT).await
}
