//! The release binaries of the functions, built as they are for a deploy (but for the target).

use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// The function that panics on demand, beside the five of the product.
pub const PANICKING: &str = "panicking-function";
/// A function of the product that is built with spans.
pub const TRACED: &str = "traced-function";
/// The names of the functions.
#[must_use]
pub fn functions() -> Vec<&'static str> {
    functions::ENDPOINTS.iter().map(|endpoint| endpoint.name).collect()
}

/// The release binary of this name, built first if need be. That takes minutes the first time, and
/// a second where nothing has changed.
///
/// # Panics
/// When the build fails.
#[must_use]
pub fn binary(name: &str) -> &'static Path {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    static TRACED_BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    // On their own and without the suites' features: neither may change what the functions link.
    let of_tests = |name| ["--package", "end-to-end", "--no-default-features", "--bin", name];
    let built = if name == TRACED {
        TRACED_BUILT.get_or_init(|| build(&[&of_tests(TRACED)[..], &["--features", "otel"]].concat()))
    } else {
        BUILT.get_or_init(|| {
            let functions: Vec<&str> = functions().into_iter().flat_map(|function| ["--package", function]).collect();
            let mut built = build(&functions);
            built.extend(build(&of_tests(PANICKING)));
            built
        })
    };
    built.get(name).expect("the binary is one of those that are built")
}

fn build(what: &[&str]) -> HashMap<String, PathBuf> {
    // This program is `<target>/debug/deps/<test>`, wherever CARGO_TARGET_DIR puts `<target>`.
    let this = env::current_exe().expect("the test knows where it is");
    let target = this.ancestors().nth(3).expect("a test is three levels below the target folder");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--release", "--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(target)
        .args(what)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo can be run");
    assert!(output.status.success(), "the release build failed");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let executables = messages.filter_map(|message: Value| {
        let name = message["target"]["name"].as_str()?;
        Some((name.to_owned(), PathBuf::from(message["executable"].as_str()?)))
    });
    executables.collect()
}
