//! The Lambda function `list-changes`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&list_changes::ENDPOINT).await
}
