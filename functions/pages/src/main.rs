//! The Lambda function `pages`. It has no tables, and no rights but its logs.

use lambda_http::{
    Error, LambdaEvent,
    lambda_runtime::{run, service_fn},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(async |event: LambdaEvent<_>| Ok::<_, Error>(pages::answer(&event.payload)))).await
}
