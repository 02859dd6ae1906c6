//! The Lambda function `list-clients`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&list_clients::ENDPOINT).await
}
