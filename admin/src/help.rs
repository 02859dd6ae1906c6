//! The parts of a help text that `clap` does not make: examples, the exit status, the environment.

/// A section in the style of `clap`'s own. `clap` leaves the style out where it is not wanted.
pub(crate) fn section(heading: &str, lines: &str) -> String {
    let style = *clap::builder::Styles::styled().get_header();
    format!("{style}{heading}:{style:#}\n{lines}")
}

/// The examples of a command. Each line is a command line, or a comment on the next one.
pub(crate) fn examples(lines: &[&str]) -> String {
    section("Examples", &lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
}

/// The end of the program's long help.
pub(crate) fn of_the_program() -> String {
    let examples = examples(&[
        "# What is there: the database, the organizations, the keys that expire soon",
        "admin",
        "# A first key",
        "admin keys create --org acme --user maria --name \"CRM sync\" --expires 90d",
        "# The clients of a file",
        "admin org import --org acme --user maria contacts.csv",
    ]);
    let status = section(
        "Exit status",
        "  0  The command succeeded\n  \
           1  It failed, and standard error says why and what to do next\n  \
           2  The arguments are wrong, and nothing was done\n  \
           3  An import left out some records, which it reported, and imported all others",
    );
    let environment = section(
        "Environment",
        "  AWS_PROFILE, AWS_REGION, …  The account, as for the AWS CLI\n  \
           AWS_ENDPOINT_URL_DYNAMODB   Another DynamoDB: http://127.0.0.1:8000\n  \
           AWS_ENDPOINT_URL_S3         Another object storage\n  \
           CLIENTS_TABLE               The table of clients\n  \
           API_KEYS_TABLE              The table of API keys\n  \
           CHECKPOINTS_BUCKET          The bucket of checkpoints\n  \
           HTTPS_PROXY, NO_PROXY       The proxy to AWS\n  \
           NO_COLOR                    Anything: no colours",
    );
    format!("{examples}\n\n{status}\n\n{environment}")
}
