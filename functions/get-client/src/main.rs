//! The Lambda function `get-client`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&get_client::ENDPOINT).await
}
