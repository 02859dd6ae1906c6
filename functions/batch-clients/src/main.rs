//! The Lambda function `batch-clients`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&batch_clients::ENDPOINT).await
}
