//! The programs that are measured: the functions, an empty function as the floor, and the same get in Node.js and
//! Python.

use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use domain::{ApiKey, ClientId, OrgId};
use flate2::{Compression, write::DeflateEncoder};
use serde_json::json;
use shared::http::Endpoint;
use testkit::{Call, Function, Invocation};
use tokio::process::Command;

use super::Database;

/// The package of the floor.
const FLOOR: &str = "empty-function";

/// The functions to measure.
#[derive(clap::Args)]
pub(crate) struct Chosen {
    /// A function to measure, instead of all. Can be given more than once
    #[arg(
        long = "function",
        value_name = "NAME",
        value_parser = PossibleValuesParser::new(functions::ENDPOINTS.map(|endpoint| endpoint.name))
    )]
    names: Vec<String>,
}

impl Chosen {
    fn endpoints(&self) -> Vec<&'static Endpoint> {
        let is_chosen =
            |endpoint: &&Endpoint| self.names.is_empty() || self.names.iter().any(|name| name == endpoint.name);
        functions::ENDPOINTS.into_iter().filter(is_chosen).collect()
    }
}

/// A program, and how it is started.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    kind: Kind,
    program: PathBuf,
    /// The script, if the program is an interpreter.
    script: Option<PathBuf>,
    /// The bytes that are deployed.
    pub(crate) bytes: u64,
    /// The same, in a ZIP file.
    pub(crate) zipped: u64,
}

/// The part that a program plays.
#[derive(Clone, Copy)]
enum Kind {
    /// The least that a function can do.
    Floor,
    /// A function of the product.
    Function(&'static Endpoint),
    /// A get in another language.
    Peer,
}

impl Subject {
    /// The floor, the chosen functions, and those peers that are installed. The others are named on the standard error.
    pub(crate) fn with_peers(chosen: &Chosen) -> Result<Vec<Self>> {
        let floor = testkit::release(&[FLOOR]).remove(FLOOR).context("cargo names what it built")?;
        let mut subjects = vec![Self::of(FLOOR, Kind::Floor, floor, None)?];
        subjects.extend(Self::functions(chosen)?);
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let peers = [
            ("get in Node.js", found("node"), peers.join("node/dist/function.mjs")),
            ("get in Python", Some(peers.join("python/venv/bin/python")), peers.join("python/function.py")),
        ];
        for (name, interpreter, script) in peers {
            match interpreter.filter(|interpreter| interpreter.exists() && script.exists()) {
                Some(interpreter) => subjects.push(Self::of(name, Kind::Peer, interpreter, Some(script))?),
                None => eprintln!("{name}: not installed, see bench/peers/README.md"),
            }
        }
        Ok(subjects)
    }

    /// The chosen functions, as they are deployed: from `FUNCTIONS_DIR` if that is set, or else built now.
    pub(crate) fn functions(chosen: &Chosen) -> Result<Vec<Self>> {
        let endpoints = chosen.endpoints();
        let names: Vec<_> = endpoints.iter().map(|endpoint| endpoint.name).collect();
        let mut built = if env::var_os("FUNCTIONS_DIR").is_some() {
            names.iter().map(|name| ((*name).to_owned(), testkit::binary(name))).collect()
        } else {
            testkit::release(&names)
        };
        let mut functions = Vec::new();
        for endpoint in endpoints {
            let program = built.remove(endpoint.name).context("cargo names what it built")?;
            functions.push(Self::of(endpoint.name, Kind::Function(endpoint), program, None)?);
        }
        Ok(functions)
    }

    fn of(name: &'static str, kind: Kind, program: PathBuf, script: Option<PathBuf>) -> Result<Self> {
        let deployed = script.as_ref().unwrap_or(&program);
        // This library's best comes closest to the default of zlib, with which SAM makes its ZIP files.
        let mut zipped = DeflateEncoder::new(Vec::new(), Compression::best());
        io::copy(&mut File::open(deployed)?, &mut zipped)?;
        let zipped = zipped.finish()?.len() as u64;
        Ok(Self { name, kind, bytes: fs::metadata(deployed)?.len(), zipped, program, script })
    }

    /// Whether it is the least that a function can do.
    pub(crate) fn is_floor(&self) -> bool {
        matches!(self.kind, Kind::Floor)
    }

    /// The endpoint, if it is a function of the product.
    pub(crate) fn endpoint(&self) -> Option<&'static Endpoint> {
        match self.kind {
            Kind::Function(endpoint) => Some(endpoint),
            Kind::Floor | Kind::Peer => None,
        }
    }

    /// Starts it as the platform does.
    pub(crate) async fn start(&self, database: &Database) -> Result<Function> {
        self.start_by(Command::new(&self.program), database).await
    }

    /// Starts it by a program that gets its path as the last argument.
    pub(crate) async fn start_under(&self, mut program: Command, database: &Database) -> Result<Function> {
        program.arg(&self.program);
        self.start_by(program, database).await
    }

    async fn start_by(&self, mut command: Command, database: &Database) -> Result<Function> {
        command.args(&self.script);
        let (url, ca_file) = (database.url(), database.ca_file());
        let ca_file = ca_file.to_str().context("a path in UTF-8")?;
        let variables = [
            ("AWS_ENDPOINT_URL_DYNAMODB", url.as_str()),
            ("AWS_CA_BUNDLE", ca_file),
            ("NODE_EXTRA_CA_CERTS", ca_file),
            ("CLIENTS_TABLE", &database.lab.tables.clients),
            ("API_KEYS_TABLE", &database.lab.tables.api_keys),
        ];
        Function::run(command, &variables).await.with_context(|| format!("cannot start {}", self.name))
    }

    /// Invokes it with the request that it is measured with.
    ///
    /// # Errors
    /// Fails if its answer is no success.
    pub(crate) async fn answer(&self, function: &Function, key: &ApiKey, id: ClientId) -> Result<Invocation> {
        let answer = function.answer(&self.call(key, id)).await;
        anyhow::ensure!(answer.status < 300, "an answer with status {}: {}", answer.status, answer.body);
        Ok(answer)
    }

    /// The request that it is measured with: to its endpoint, or else a get. A deletion needs a client for each.
    fn call(&self, key: &ApiKey, id: ClientId) -> Call {
        let id = id.to_string();
        let call = match self.endpoint() {
            Some(endpoint) if endpoint.name == "create-client" => {
                Call::create(&json!({ "name": "Ann Example", "phone": "+43 1 234 56 78" }))
            }
            Some(endpoint) if endpoint.name == "update-client" => {
                Call::update(&id, &json!({ "phone": "+43 1 234 56 78" }))
            }
            Some(endpoint) if endpoint.name == "batch-clients" => {
                let client = json!({ "name": "Ann Example", "phone": "+43 1 234 56 78" });
                Call::batch(&vec![json!({ "operation": "create", "client": client }); 10])
            }
            Some(endpoint) => Call::to_endpoint(endpoint).id(&id),
            None => Call::get(&id),
        };
        call.key(key)
    }
}

/// The organization of the program with this number. Its identifier is short, because it is part of every item that a
/// list reads.
pub(crate) fn organization(number: usize) -> Result<OrgId> {
    Ok(format!("org{number}").parse()?)
}

/// A program on the search path.
fn found(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|program| program.is_file())
}
