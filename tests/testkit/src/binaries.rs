//! The functions' programs.
//!
//! If `FUNCTIONS_DIR` names a folder as `sam build` leaves it, the programs there are used, and the functions
//! of the tests themselves are built in the release profile too. Otherwise all are built in the profile of
//! the tests, with the features of the whole workspace, for which `cargo test --workspace` has compiled
//! every crate.

use std::{
    collections::HashMap,
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// The variable with the folder of the built functions.
const FUNCTIONS_DIR: &str = "FUNCTIONS_DIR";
/// A function that panics on demand.
pub const PANICKING: &str = "panicking-function";
/// A function of the product that is built with spans.
pub const TRACED: &str = "traced-function";
/// A small test that does not depend on `shared`. If a test is among the targets, cargo unites the features of
/// dev-dependencies too, as in `cargo test`: crates that are compiled already are not compiled again with fewer
/// features. `--tests` would link all suites again.
const SMALL_TEST: &str = "churn";

/// The program of a function, which is an endpoint's name, [`PANICKING`] or [`TRACED`].
///
/// # Panics
/// Panics if the program cannot be built, or is missing in `FUNCTIONS_DIR`.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    static TRACED_BUILT: OnceLock<HashMap<String, PathBuf>> = OnceLock::new();
    let folder = env::var_os(FUNCTIONS_DIR).map(|folder| workspace().join(folder));
    let built = match (name, &folder) {
        (TRACED, _) => TRACED_BUILT.get_or_init(|| build(&[TRACED], &["--features", "end-to-end/otel"])),
        (PANICKING, Some(_)) => BUILT.get_or_init(|| build(&[PANICKING], &[])),
        (_, Some(folder)) => {
            let program = folder.join(logical_name(name)).join("bootstrap");
            assert!(program.is_file(), "{} is missing", program.display());
            return program;
        }
        (_, None) => BUILT.get_or_init(|| {
            let endpoints = functions::ENDPOINTS.iter().map(|endpoint| endpoint.name);
            build(&endpoints.chain([PANICKING]).collect::<Vec<_>>(), &[])
        }),
    };
    built.get(name).expect("cargo names the program that it built").clone()
}

/// The logical name of a function in the template: `GetClientFunction` for `get-client`.
fn logical_name(name: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capitalized).chain(["Function".to_owned()]).collect()
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Builds packages in the release profile with their own features, as `sam build` does. Gives their programs.
///
/// # Panics
/// Panics if they cannot be built.
#[must_use]
pub fn release(packages: &[&str]) -> HashMap<String, PathBuf> {
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    cargo(["build", "--release"].into_iter().chain(packages))
}

/// Builds programs of the workspace. That takes seconds if their dependencies are compiled.
fn build(names: &[&str], arguments: &[&str]) -> HashMap<String, PathBuf> {
    let target: &[&str] = if env::var_os(FUNCTIONS_DIR).is_some() { &["--release"] } else { &["--test", SMALL_TEST] };
    let names = names.iter().flat_map(|name| ["--bin", name]);
    let target = target.iter().copied();
    cargo(["build", "--workspace"].into_iter().chain(target).chain(names).chain(arguments.iter().copied()))
}

/// Runs cargo on the workspace. Gives the programs that it built.
fn cargo<'a>(arguments: impl Iterator<Item = &'a str>) -> HashMap<String, PathBuf> {
    // This program is `<target>/<profile>/bench` or `<target>/<profile>/deps/<test>`, wherever `<target>` is.
    let this = env::current_exe().expect("the program knows its own path");
    let profile = this.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).expect("a program is in a folder");
    let target = profile.parent().expect("a profile's folder is in the target folder");
    let mut command = Command::new(env!("CARGO"));
    command.args(arguments).args(["--message-format", "json-render-diagnostics", "--target-dir"]).arg(target);
    let output = command.current_dir(workspace()).stderr(Stdio::inherit()).output();
    let output = output.expect("cargo can be run");
    assert!(output.status.success(), "the build failed");
    let messages = output.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let programs = messages.filter_map(|message: Value| {
        let name = message["target"]["name"].as_str().filter(|_| message["profile"]["test"] == false)?;
        Some((name.to_owned(), PathBuf::from(message["executable"].as_str()?)))
    });
    programs.collect()
}
