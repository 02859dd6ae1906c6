//! The Lambda function `put-client`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&put_client::ENDPOINT).await
}
