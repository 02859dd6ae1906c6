//! `get-client`, built with spans. It runs as the function of the product does.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::run(&get_client::ENDPOINT).await
}
